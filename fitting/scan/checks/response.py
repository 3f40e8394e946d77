"""Response of a scan fit to an isolated displacement, measured on the image itself."""

from dataclasses import replace
from typing import Final

import numpy as np

from fitting.scan.posterior.fisher_scoring import Peak, descend
from fitting.scan.preparation.setting import Setting
from fitting.scan.preparation.surroundings import median_spacing
from stembench.arrays import Floats, Integers

#: Length of the displacements [Å].
SHIFT: Final = 0.15
#: Sites lie at least this many spacings from one another, and from the edge the second number.
APART: Final = 3.0
FROM_EDGE: Final = 1.5
#: Patterns of sites, each in the four directions: a site is moved along each of them.
DIRECTIONS: Final = np.array([[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, -1.0]])
#: A descent ends where a step promises less [nats]: the displacements are small against noise.
_TOLERANCE: Final = 1e-5
_STEPS: Final = 20


def measure_response(setting: Setting, peak: Peak, *, sampling: float) -> tuple[float, ...]:
    """Share of an isolated displacement that a fit passes on, and its standard error.

    Light of single columns is moved in the data, at the lines that the fit found: what the model
    expects of the displaced column is added and what it expected before taken away. The fit is then
    repeated from its peak. The displacements of one pattern sum to zero or their mean is taken
    off, since a shift of all columns cannot be told.

    Parameters
    ----------
    setting : Setting
    peak : Peak
    sampling : float
        Pixel size [Å/px].

    Returns
    -------
    tuple of float
        Mean over sites and directions, and its standard error; empty where fewer than two columns
        lie far enough from the edge.
    """
    scene, n = setting.scene, len(setting.modelled)
    sites = isolated_sites(peak.at.columns[:n, :2], scene.counts.shape[1:])
    if len(sites) < 2:
        return ()
    refit = {"tolerance": _TOLERANCE, "still": 0.0, "steps": _STEPS}
    before = descend(scene, setting.priors, peak.at, **refit)  # type: ignore[arg-type]
    size = SHIFT / sampling
    passed = []
    for turn in range(len(DIRECTIONS)):
        moves = DIRECTIONS[(np.arange(len(sites)) + turn) % len(DIRECTIONS)]
        columns = before.at.columns.copy()
        columns[sites, :2] += size * moves
        light = scene.expected(replace(before.at, columns=columns)) - before.expected
        moved = replace(scene, counts=scene.counts + light)
        after = descend(moved, setting.priors, before.at, **refit)  # type: ignore[arg-type]
        found = (after.at.columns - before.at.columns)[:n, :2]
        # What all columns share is no displacement of one of them.
        put = np.zeros_like(found)
        put[sites] = size * moves
        found = found - found.mean(axis=0) + put.mean(axis=0)
        passed.append((found[sites] * moves).sum(axis=1) / size)
    # Directions at one site share its surroundings: sites are what is independent.
    each = np.mean(passed, axis=0)
    return float(each.mean()), float(each.std(ddof=1) / np.sqrt(len(each)))


def isolated_sites(places: Floats, shape: tuple[int, ...]) -> Integers:
    """Columns far from one another and from the edge, those in the middle first."""
    rows, cols = shape
    spacing = median_spacing(places)
    edge = np.minimum(places, np.array([cols - 1, rows - 1]) - places).min(axis=1)
    chosen: list[int] = []
    for k in np.argsort(-edge, kind="stable"):
        if edge[k] < FROM_EDGE * spacing:
            break
        apart = np.hypot(*(places[chosen] - places[k]).T) if chosen else np.array([np.inf])
        if apart.min() >= APART * spacing:
            chosen.append(int(k))
    return np.array(chosen, dtype=np.int64)
