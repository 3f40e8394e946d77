"""Joint engine: the least-squares or Poisson minimum over all columns of an image at once.

Gauss-Newton on sparse normal equations. The kernels are compiled (numba) and run without the
interpreter lock; each image is solved by one thread from start to end, so that no result depends
on how many images or threads there are.
"""

from typing import Final

import numpy as np

from fitting.engine import descent
from fitting.engine.columns import SUPPORT, Columns
from fitting.engine.information import column_covariance
from fitting.engine.layout import Neighbours, arrange, neighbours
from fitting.engine.problem import Minimum, Problem, width_bounds
from fitting.model import BACKGROUND_TERMS
from stembench.arrays import Bools, Floats, Integers

#: Half size of a column's window in widths in the search of the start width.
START_SUPPORT: Final = 4.0
#: Same for variance sums, where the square of the Gaussian leaves 1e-10 outside.
VARIANCE_SUPPORT: Final = 5.0
#: Columns farther apart than this many widths are not coupled in the normal matrix. The gradient
#: is exact, so that this changes the path to the minimum, not the minimum.
COUPLING: Final = 6.5
#: Same where each column's width is its own and may grow.
WIDE_COUPLING: Final = 8.0
#: Same for the Poisson likelihood and for weighted least squares, whose weight 1/f lifts the tails
#: where there is no background.
POISSON_COUPLING: Final = 9.0
#: How often columns are coupled anew where a shared width does not settle.
_MOST_ARRANGEMENTS: Final = 2


def solve(problem: Problem) -> Minimum:
    """Minimise over all columns of one image.

    Parameters
    ----------
    problem : Problem
        Image, starts, model choice and bounds; at least one column.

    Returns
    -------
    Minimum
    """
    columns = _started(problem)
    first_width = columns.width[_by_caller(columns)]
    steps = 0
    for again in range(_MOST_ARRANGEMENTS + 1):
        if again:
            columns = _coupled_anew(problem, columns)
        theta, lower, upper = _vectors(problem, columns, first_width)
        end = descent.minimise(
            columns,
            theta,
            lower=lower,
            upper=upper,
            support=SUPPORT,
            patient=again == _MOST_ARRANGEMENTS,
            most_steps=problem.most_steps or descent.MAX_STEPS,
        )
        steps += end.steps
        if not end.unsettled:
            break
    layout = columns.layout
    covariance, singular = _covariance(problem, columns, end)
    by_caller = _by_caller(columns)
    numbers = layout.index[by_caller]
    at_bound = np.zeros(layout.n_parameters + 1, dtype=np.bool_)  # last entry stands for "not free"
    at_bound[:-1] = (end.theta <= lower) | (end.theta >= upper)
    moved = end.moved[by_caller]
    converged = moved <= descent.CONVERGED
    return Minimum(
        x=columns.x[by_caller],
        y=columns.y[by_caller],
        height=columns.height[by_caller],
        sigma=columns.width[by_caller],
        background=tuple(float(b) for b in columns.background[: layout.n_background]),
        moved=moved,
        converged=converged,
        position_at_bound=at_bound[numbers[:, :2]].max(axis=1),
        shape_at_bound=at_bound[numbers[:, 2:]].max(axis=1),
        covariance=covariance,
        singular=singular,
        cost=end.cost,
        steps=steps,
        message=_ending(end, int((~converged).sum())),
        given_up=end.given_up,
    )


def _ending(end: descent.Descent, moving: int) -> str:
    """One sentence on how a descent ended with so many columns that still moved."""
    if end.given_up:
        return (
            f"given up after {end.steps} steps, which gained next to nothing: the image holds no "
            "columns where they were looked for"
        )
    return f"{moving} columns still moved" if moving else "converged"


def _reach(problem: Problem, widths: Floats, *, linear: bool) -> float:
    """Distance in px up to which columns of these widths are coupled."""
    coupling = WIDE_COUPLING if problem.width == "column" and not linear else COUPLING
    if (problem.floor > 0.0 or problem.precision is not None) and not linear:
        coupling = POISSON_COUPLING
    return coupling * float(widths.max())


def _place(
    problem: Problem,
    widths: Floats,
    *,
    pixels: tuple[Floats, Floats],
    near: Neighbours,
    linear: bool,
) -> Columns:
    """Columns at their starts in solver order, coupled for the given widths.

    `pixels` are the image, 0 where masked, and the weight of each pixel; `near` holds all pairs
    within `_reach`. Where `linear`, positions and widths are held.
    """
    layout = arrange(
        near,
        reach=_reach(problem, widths, linear=linear),
        positions_free=problem.positions_free and not linear,
        width="fixed" if linear else problem.width,
        group=problem.group,
        n_background=BACKGROUND_TERMS[problem.background],
    )
    widest = float(widths.max())
    if not linear and problem.width != "fixed":
        widest = float(width_bounds(problem, widths)[1].max())
    return Columns.placed(
        layout,
        image=pixels[0],
        weight=pixels[1],
        x=problem.positions[:, 0],
        y=problem.positions[:, 1],
        width=widths,
        height=np.zeros(problem.n_columns),
        background=np.zeros(3),
        widest=widest,
        pixel=problem.pixel,
        floor=problem.floor,
        valid=problem.valid,
        weighted=problem.precision is not None,
    )


def _started(problem: Problem) -> Columns:
    """Columns at the best of the trial widths, with least-squares heights and background."""
    # without a mask no kernel reads the weights, and the image may stand in for them
    weight = problem.weight
    pixels = (problem.image, problem.image if weight is None else weight)
    tried: dict[int, tuple[float, Floats, Floats]] = {}
    # the search for pairs and their order cost as much as a small fit: made once, for the widest
    trials = problem.trial_widths
    near = neighbours(problem.positions, reach=_reach(problem, trials, linear=False))

    def cost(k: int) -> float:
        if not 0 <= k < len(trials):
            return np.inf
        if k not in tried:
            columns = _place(problem, trials[k], pixels=pixels, near=near, linear=True)
            value = descent.linear_start(columns, support=START_SUPPORT)
            heights = np.empty_like(columns.height)
            heights[columns.layout.order] = columns.height
            tried[k] = value, heights, columns.background
        return tried[k][0]

    # widths are in order: walk downhill from the middle
    best = len(trials) // 2
    while True:
        lower = min((best, best - 1, best + 1), key=cost)
        if lower == best:
            break
        best = lower
    _, heights, background = tried[best]
    columns = _place(problem, trials[best], pixels=pixels, near=near, linear=False)
    columns.height = np.clip(heights[columns.layout.order], *problem.height_bounds)
    columns.background = background
    return columns


def _by_caller(columns: Columns) -> Integers:
    """Solver place of each column of the caller."""
    order = columns.layout.order
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    return place


def _coupled_anew(problem: Problem, columns: Columns) -> Columns:
    """Columns as they are, coupled as far as their present widths ask for.

    Columns that have grown since the start overlap farther than they are coupled. What the normal
    matrix then lacks is small for each pair, but not for all columns' width against the background:
    steps overshoot and the width goes to and fro.
    """
    place = _by_caller(columns)
    widths = columns.width[place]
    pixels = columns.image, columns.weight
    near = neighbours(problem.positions, reach=_reach(problem, widths, linear=False))
    out = _place(problem, widths, pixels=pixels, near=near, linear=False)
    order = out.layout.order
    out.x, out.y = columns.x[place][order], columns.y[place][order]
    out.height, out.background = columns.height[place][order], columns.background.copy()
    return out


def _vectors(
    problem: Problem, columns: Columns, first_width: Floats
) -> tuple[Floats, Floats, Floats]:
    """Vector of the columns' values and its bounds; clips the columns' widths to theirs.

    `first_width` holds the start widths in the caller's order.
    """
    layout = columns.layout
    theta = np.zeros(layout.n_parameters)
    lower = np.full(layout.n_parameters, -np.inf)
    upper = np.full(layout.n_parameters, np.inf)
    drift = problem.drift[layout.order]
    if problem.positions_free:
        for axis, values in enumerate((columns.x, columns.y)):
            place = layout.index[:, axis]
            start = problem.positions[layout.order, axis]
            theta[place] = values
            lower[place] = start - drift
            upper[place] = start + drift
    place = layout.index[:, 2]
    theta[place] = columns.height
    lower[place], upper[place] = problem.height_bounds
    if problem.width != "fixed":
        place = layout.index[:, 3]
        low, high = (each[layout.order] for each in width_bounds(problem, first_width))
        columns.width = np.clip(columns.width, low, high)
        theta[place], lower[place], upper[place] = columns.width, low, high
    theta[layout.first_background :] = columns.background[: layout.n_background]
    return theta, lower, upper


def _covariance(problem: Problem, columns: Columns, end: descent.Descent) -> tuple[Floats, Bools]:
    """Covariance (n, 4, 4) of x, y, height, width and singular columns, in the caller's order.

    Known dose and least squares: the sandwich H⁻¹VH⁻¹ with the Poisson variance of the fitted
    model, or with a known variance of pixels; Poisson likelihood: the inverse Fisher information;
    else H⁻¹ times the residual variance.
    """
    expected = np.empty_like(columns.image)
    columns.evaluate(SUPPORT, expected)
    if problem.floor > 0:
        curvature = problem.valid * problem.electrons / np.maximum(expected, problem.floor)
        information = columns.normal_matrix(curvature)
        return column_covariance(columns, information, held=end.held)
    information = columns.normal_matrix()
    of_pixels = problem.variance
    if problem.electrons > 0:
        electrons = np.maximum(expected, 0.0) * problem.electrons + problem.detector_sigma**2
        of_pixels = electrons / problem.electrons**2
    if of_pixels is not None:
        columns.set_windows(VARIANCE_SUPPORT)
        of_scores = np.where(problem.valid, of_pixels, 0.0)
        if problem.precision is not None:
            of_scores = of_scores * problem.precision**2
        variance = columns.normal_matrix(of_scores)
        return column_covariance(columns, information, held=end.held, variance=variance)
    covariance, singular = column_covariance(columns, information, held=end.held)
    freedom = int(np.count_nonzero(problem.valid)) - columns.layout.n_parameters
    return covariance * (2.0 * end.cost / max(1, freedom)), singular
