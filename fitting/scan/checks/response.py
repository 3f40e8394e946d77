"""Response of a scan fit to an isolated displacement, measured on the image itself."""

from dataclasses import replace
from typing import Final

import numpy as np

from fitting.scan.posterior.fisher_scoring import Peak
from fitting.scan.posterior.held_curvature import held_factor, settle
from fitting.scan.posterior.scene import Scene, Unknowns
from fitting.scan.preparation.setting import Setting
from fitting.scan.preparation.surroundings import median_spacing
from stembench.arrays import Bools, Floats, Integers

#: Length of the displacements [Å].
SHIFT: Final = 0.15
#: Sites lie at least this many spacings from one another, and from the edge the second number.
APART: Final = 3.0
FROM_EDGE: Final = 1.5
#: Each site of a pattern is moved along each of them in turn.
DIRECTIONS: Final = np.array([[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, -1.0]])
#: Patterns are added up to this many, or until there are enough sites.
PATTERNS: Final = 4
ENOUGH: Final = 8
#: A descent ends where a step promises less [nats]: the displacements are small against noise.
_TOLERANCE: Final = 1e-5
_STEPS: Final = 20


def measure_response(setting: Setting, peak: Peak, *, sampling: float) -> tuple[float, ...]:
    """Share of an isolated displacement that a fit passes on, and its standard error.

    Light of single columns is moved in the data, at the lines that the fit found: what the model
    expects of the displaced column is added and what it expected before taken away. The fit is then
    repeated from its peak. The displacements of one pattern sum to zero or their mean is taken
    off, since a shift of all columns cannot be told.

    With a lattice prior, sites are columns that it draws: those without a pair of opposite
    neighbours pass all on, and their share in a mean would hide what happens to the others. Even a
    hard prior passes something on, since slow deformations cost it little and a single displacement
    holds a part of each.

    Noise stays where it is while light moves: at low counts one image may tell a share off by more
    than the scatter over its sites says.

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
        lie far enough from the edge, and are drawn.
    """
    scene, n = setting.scene, len(setting.modelled)
    places = peak.at.columns[:n, :2]
    pulled = pulled_columns(setting)[:n]
    patterns: list[Integers] = []
    while len(patterns) < PATTERNS and sum(map(len, patterns)) < ENOUGH:
        sites = isolated_sites(places, scene.counts.shape[1:], without=patterns, among=pulled)
        if not len(sites):
            break
        patterns.append(sites)
    if sum(map(len, patterns)) < 2:
        return ()
    factor = held_factor(scene, setting.priors, peak)

    def refit(moved: Scene, start: Unknowns) -> Unknowns:
        return settle(
            moved, setting.priors, start, factor=factor, tolerance=_TOLERANCE, otherwise=_STEPS
        )

    before = refit(scene, peak.at)
    expected = scene.expected(before)
    size = SHIFT / sampling
    each: list[float] = []
    for sites in patterns:
        passed = []
        for turn in range(len(DIRECTIONS)):
            moves = DIRECTIONS[(np.arange(len(sites)) + turn) % len(DIRECTIONS)]
            columns = before.columns.copy()
            columns[sites, :2] += size * moves
            # From there only the priors pull: what light does not explain has not changed.
            displaced = replace(before, columns=columns)
            light = scene.expected(displaced) - expected
            after = refit(replace(scene, counts=scene.counts + light), displaced)
            found = (after.columns - before.columns)[:n, :2]
            # What all columns share is no displacement of one of them.
            put = np.zeros_like(found)
            put[sites] = size * moves
            found = found - found.mean(axis=0) + put.mean(axis=0)
            passed.append((found[sites] * moves).sum(axis=1) / size)
        each += list(np.mean(passed, axis=0))
    # Directions at one site share its surroundings: sites are what is independent.
    return float(np.mean(each)), float(np.std(each, ddof=1) / np.sqrt(len(each)))


def pulled_columns(setting: Setting) -> Bools:
    """Columns that the lattice prior draws to the middle of their neighbours; all without one."""
    number = len(setting.priors.columns)
    if setting.priors.pull is None:
        return np.ones(number, dtype=bool)
    entries = setting.priors.pull.tocoo()
    out = np.zeros(number, dtype=bool)
    # The column itself stands in its row with the only positive entry.
    out[entries.col[entries.data > 0]] = True
    return out


def isolated_sites(
    places: Floats, shape: tuple[int, ...], *, without: list[Integers], among: Bools
) -> Integers:
    """Columns far from one another and from the edge, those in the middle first."""
    rows, cols = shape
    spacing = median_spacing(places)
    edge = np.minimum(places, np.array([cols - 1, rows - 1]) - places).min(axis=1)
    chosen: list[int] = []
    taken = {int(k) for pattern in without for k in pattern}
    for k in np.argsort(-edge, kind="stable"):
        if edge[k] < FROM_EDGE * spacing:
            break
        if int(k) in taken or not among[k]:
            continue
        apart = np.hypot(*(places[chosen] - places[k]).T) if chosen else np.array([np.inf])
        if apart.min() >= APART * spacing:
            chosen.append(int(k))
    return np.array(chosen, dtype=np.int64)
