"""Response of a scan fit, measured on the image itself: shifts put in and found again."""

from dataclasses import replace
from typing import Final

import numpy as np

from fitting.scan.posterior.descent import Peak, descend
from fitting.scan.posterior.scene import Unknowns
from fitting.scan.preparation.setting import Setting
from fitting.scan.preparation.surroundings import median_spacing
from stembench.arrays import Floats, Integers

#: Displacement of a column that is put into the image [Å].
SHIFT: Final = 0.15
#: Most columns that are displaced at once, and the least distance between them in spacings.
SITES: Final = 8
APART: Final = 3.0
_DIRECTIONS: Final = np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [0.0, -1.0]])


def measured_response(setting: Setting, peak: Peak, *, sampling: float) -> tuple[float, ...]:
    """Share of an isolated displacement that the fit passes on, with its standard error.

    The light of a few columns, at the lines that were found, is moved in the data; the fit goes on
    from its result. Noise is the same before and after. Empty where fewer than four columns lie far
    enough from each other and from the edge.

    Parameters
    ----------
    setting, peak
        Of the fit.
    sampling : float
        Å/px.
    """
    sites = isolated(setting)
    sites = sites[: len(sites) // 4 * 4]
    if len(sites) < 4:
        return ()
    shift = np.tile(_DIRECTIONS, (len(sites) // 4, 1)) * SHIFT / sampling
    moved = peak.at.columns.copy()
    moved[sites, :2] += shift
    there = Unknowns(moved, peak.at.lines, peak.at.shared)
    scene = replace(
        setting.scene,
        counts=setting.scene.counts + setting.scene.expected(there) - peak.expected,
    )
    again = descend(scene, setting.priors, peak.at)
    found = (again.at.columns - peak.at.columns)[sites, :2]
    share = (found * shift).sum(axis=1) / (shift**2).sum(axis=1)
    return float(share.mean()), float(share.std(ddof=1) / np.sqrt(len(share)))


def isolated(setting: Setting) -> Integers:
    """Columns that are measured, away from the edge and from one another, the middle ones first."""
    rows, cols = setting.scene.counts.shape[1:]
    places: Floats = setting.start.columns[: len(setting.modelled), :2]
    spacing = median_spacing(places)
    inner = np.minimum(places, np.array([cols - 1, rows - 1]) - places).min(axis=1) > spacing
    middle = np.hypot(*(places - np.array([cols - 1, rows - 1]) / 2).T)
    chosen: list[int] = []
    for k in np.argsort(middle, kind="stable"):
        if not inner[k] or len(chosen) == SITES:
            continue
        if all(np.hypot(*(places[k] - places[j])) >= APART * spacing for j in chosen):
            chosen.append(int(k))
    return np.array(chosen, dtype=np.int64)
