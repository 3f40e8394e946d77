"""Heights and width of single Gaussians where lines and places are those of a scan fit.

A scattering cross-section is that of the Gaussian which the other fits use, by the same unweighted
least squares: the height of a profile of two Gaussians is another quantity, and libraries of
cross-sections are made with one.
"""

from dataclasses import replace
from itertools import pairwise
from typing import Final

import numpy as np

from fitting.model import WidthMode
from fitting.scan.posterior.scene import Scene, Unknowns
from stembench.arrays import Bools, Floats, Integers

#: Logit of a wide part that is not there.
NO_WIDE_PART = -40.0
#: Gain [nats] that a step must promise; longest step of the logarithm of a width; most steps.
TOLERANCE: Final = 1e-2
LONGEST: Final = 0.3
STEPS: Final = 40


def single_gaussians(
    scene: Scene,
    at: Unknowns,
    *,
    loose: Floats,
    width: WidthMode,
    start_width: float,
    background: bool,
) -> Unknowns:
    """Fit heights, widths and background by least squares, all else held.

    Parameters
    ----------
    scene : Scene
    at : Unknowns
        Of the scan fit.
    loose : ndarray, shape (n,)
        Precision of each height about that of the scan fit: for columns beyond the frame, whose
        light alone counts.
    width : {'shared', 'column', 'fixed'}
    start_width : float
        Start of the width, or its value where it is fixed [px].
    background : bool
        Whether a constant is fitted.
    """
    columns = at.columns.copy()
    columns[:, 3] = 0.0
    shared = at.shared.copy()
    shared[:4] = np.log(start_width), 0.0, NO_WIDE_PART, at.shared[3] if background else 0.0
    start = Unknowns(columns, at.lines, shared)
    # In units of the noise, so that the tolerance is one of standard errors.
    variance = float(np.mean(scene.expected(at)[scene.used > 0])) + scene.floor
    flat = replace(scene, variance=max(variance, 1e-12))
    free = np.array([width == "shared", background])
    return _least_squares(flat, start, loose=loose, own_width=width == "column", free=free)


def _least_squares(
    scene: Scene, start: Unknowns, *, loose: Floats, own_width: bool, free: Bools
) -> Unknowns:
    """Gauss-Newton steps from `start` until one promises nothing, shortened where it gains none.

    `free` tells whether the common width and the background are.
    """
    at, expected = start, scene.expected(start)
    cost, shrink = scene.cost(expected), 1.0
    rank = np.argsort(np.argsort(at.columns[:, 1], kind="stable"), kind="stable")
    reach = _reach(scene, rank)
    step: tuple[Floats, Floats, float] | None = None
    for _ in range(STEPS):
        if step is None:
            step = _step(
                scene, at, expected, start, rank=rank, reach=reach, loose=loose,
                own_width=own_width, free=free,
            )  # fmt: skip
        columns, shared, slope = step
        if slope * shrink < 2 * TOLERANCE:
            break
        largest = max(np.abs(columns[:, 3]).max(), abs(shared[0]))
        part = shrink * min(1.0, LONGEST / max(largest, 1e-12))
        trial = at.moved(part * columns, np.zeros_like(at.lines), part * shared)
        there = scene.expected(trial)
        more = (loose * (trial.columns[:, 2] - start.columns[:, 2]) ** 2).sum() / 2
        then = scene.cost(there) + float(more)
        if np.isfinite(then) and then < cost:
            at, expected, cost, step, shrink = trial, there, then, None, 1.0
        else:
            shrink /= 4
    return at


def _step(
    scene: Scene,
    at: Unknowns,
    expected: Floats,
    start: Unknowns,
    *,
    rank: Integers,
    reach: int,
    loose: Floats,
    own_width: bool,
    free: Bools,
) -> tuple[Floats, Floats, float]:
    """Step of columns (n, 4) and of what is shared, and twice what it promises [nats]."""
    from scipy.linalg import cho_solve_banded, cholesky_banded

    from fitting.kernels import column_heights, displaced_lines

    n, per = len(at.columns), 2 if own_width else 1
    # Columns in the order of their lines, so that those which share none lie far apart.
    windows = scene.information
    band, border = np.zeros((per * n, per * (reach + 1))), np.zeros((per * n, 2))
    corner = np.zeros((2, 2))
    column_heights.height_information(
        at.columns, at.lines, at.shared[: displaced_lines.SHARED], windows.along, windows.first,
        windows.near, scene.weight(expected), per * rank, band, border, corner,
    )  # fmt: skip
    band[per * rank, 0] += loose
    of_columns, _, of_shared = scene.gradient(at, expected)
    of_columns[:, 2] -= loose * (at.columns[:, 2] - start.columns[:, 2])
    right = np.empty(per * n)
    right[per * rank] = of_columns[:, 2]
    if own_width:
        right[per * rank + 1] = of_columns[:, 3]
    factor = cholesky_banded(band.T, lower=True)
    border, both = border[:, free], of_shared[[0, 3]][free]
    own = cho_solve_banded((factor, True), np.column_stack([right, border]))
    rest = corner[np.ix_(free, free)] - border.T @ own[:, 1:]
    common = np.linalg.solve(rest, both - border.T @ own[:, 0])
    moves = own[:, 0] - own[:, 1:] @ common
    columns, shared = np.zeros_like(at.columns), np.zeros_like(at.shared)
    columns[:, 2] = moves[per * rank]
    if own_width:
        columns[:, 3] = moves[per * rank + 1]
    shared[np.array([0, 3])[free]] = common
    return columns, shared, float(right @ moves + both @ common)


def _reach(scene: Scene, rank: Integers) -> int:
    """Most that the ranks of two columns which share a line differ."""
    windows, reach = scene.information, 0
    for low, high in pairwise(windows.first):
        near = rank[windows.near[low:high]]
        if len(near):
            reach = max(reach, int(near.max() - near.min()))
    return reach
