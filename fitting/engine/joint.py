"""The joint engine: the least-squares or Poisson minimum over all columns of an image at once.

Gauss-Newton on sparse normal equations. The kernels are compiled (numba) and run without the
interpreter lock; each image is solved by one thread from start to end, so that no result depends
on how many images or threads there are.
"""

from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from fitting.engine.layout import Neighbours, arrange, neighbours
from fitting.engine.problem import Minimum, Problem, width_bounds
from fitting.model import BACKGROUND_TERMS
from stembench.arrays import Floats, Integers

if TYPE_CHECKING:
    from fitting.engine.descent import Columns

#: Half size of a column's window in widths; outside lies 2e-10 of its SCS.
SUPPORT: Final = 6.5
#: Same for the search of the start width.
START_SUPPORT: Final = 4.0
#: Same for variance sums, where the square of the Gaussian leaves 1e-10 outside.
VARIANCE_SUPPORT: Final = 5.0
#: Columns farther apart than this many widths are not coupled in the normal matrix. The gradient
#: is exact, so that this changes the path to the minimum, not the minimum.
COUPLING: Final = 6.5
#: Same where each column's width is its own and may grow.
WIDE_COUPLING: Final = 8.0
#: Same for the Poisson likelihood, whose weight 1/f lifts the tails where there is no background.
POISSON_COUPLING: Final = 9.0


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
    from fitting.engine import descent

    state = _started(problem)
    layout = state.layout
    theta, lower, upper = _vectors(problem, state)
    theta, cost, steps, held, moved = descent.minimise(state, theta, lower, upper, support=SUPPORT)
    covariance, singular = _covariance(problem, state, held, cost)
    back = np.empty_like(layout.order)
    back[layout.order] = np.arange(len(back))
    own = layout.index[back]
    at_bound = np.zeros(layout.n_parameters + 1, dtype=np.bool_)  # last entry stands for "not free"
    at_bound[:-1] = (theta <= lower) | (theta >= upper)
    converged = moved[back] <= descent.CONVERGED
    return Minimum(
        x=state.x[back],
        y=state.y[back],
        height=state.height[back],
        sigma=state.width[back],
        background=tuple(float(b) for b in state.background[: layout.n_background]),
        moved=moved[back],
        converged=converged,
        position_at_bound=at_bound[own[:, :2]].max(axis=1),
        shape_at_bound=at_bound[own[:, 2:]].max(axis=1),
        covariance=covariance[back],
        singular=singular[back],
        cost=cost,
        steps=steps,
        message="converged" if converged.all() else f"{(~converged).sum()} columns still moved",
    )


def _reach(problem: Problem, widths: Floats, *, linear: bool) -> float:
    """Distance in px up to which columns of these widths are coupled."""
    coupling = WIDE_COUPLING if problem.width == "column" and not linear else COUPLING
    if problem.floor > 0.0 and not linear:
        coupling = POISSON_COUPLING
    return coupling * float(widths.max())


def _place(
    problem: Problem,
    pixels: tuple[Floats, Floats],
    widths: Floats,
    near: Neighbours,
    *,
    linear: bool,
) -> "Columns":
    """Columns at their starts in solver order, coupled for the given widths.

    `pixels` are the image, 0 where masked, and the weight of each pixel; `near` holds all pairs
    within `_reach`.
    """
    widest = float(widths.max())
    order = near.order
    pair_at, pairs = near.within(_reach(problem, widths, linear=linear))
    layout = arrange(
        order,
        pair_at,
        pairs,
        positions_free=problem.positions_free and not linear,
        width="fixed" if linear else problem.width,
        group=problem.group[order],
        n_background=BACKGROUND_TERMS[problem.background],
    )
    n = problem.n_columns
    if not linear and problem.width != "fixed":
        widest = width_bounds(problem, widths)[1].max()
    rows, cols = problem.image.shape
    longest = min(max(rows, cols), int(2 * SUPPORT * widest) + 2)
    x, y = problem.positions[order].T
    weighting, dirty = _masking(problem.valid, x, y, reach=SUPPORT * widest)
    from fitting.engine.descent import Columns

    return Columns(
        image=pixels[0],
        weight=pixels[1],
        integrated=problem.pixel == "integrated",
        floor=problem.floor,
        layout=layout,
        x=x.copy(),
        y=y.copy(),
        width=widths[order],
        height=np.zeros(n),
        background=np.zeros(3),
        factors=np.empty((n, 2, 6, longest)),
        start=np.empty((n, 2), dtype=np.int64),
        count=np.empty((n, 2), dtype=np.int64),
        weighting=weighting,
        dirty=dirty,
    )


def _started(problem: Problem) -> "Columns":
    """Best of the trial widths, with its least-squares heights and background."""
    from fitting.engine import descent

    # without a mask no kernel reads the weights, and the image may stand in for them
    pixels = (problem.image, problem.image)
    if not problem.valid.all():
        pixels = (problem.image, problem.valid.astype(np.float64))
    tried: dict[int, tuple[float, Floats, Floats]] = {}
    # the search for pairs and their order cost as much as a small fit: made once, for the widest
    trials = problem.trial_widths
    near = neighbours(problem.positions, reach=_reach(problem, trials, linear=False))

    def cost(k: int) -> float:
        if not 0 <= k < len(trials):
            return np.inf
        if k not in tried:
            widths = trials[k]
            state = _place(problem, pixels, widths, near, linear=True)
            value = descent.linear_start(state, support=START_SUPPORT)
            heights = np.empty_like(state.height)
            heights[state.layout.order] = state.height
            tried[k] = value, heights, state.background
        return tried[k][0]

    # widths are in order: walk downhill from the middle
    best = len(trials) // 2
    while True:
        lower = min((best, best - 1, best + 1), key=cost)
        if lower == best:
            break
        best = lower
    widths = trials[best]
    state = _place(problem, pixels, widths, near, linear=False)
    state.height = np.clip(tried[best][1][state.layout.order], *problem.height_bounds)
    state.background = tried[best][2]
    return state


def _vectors(problem: Problem, state: "Columns") -> tuple[Floats, Floats, Floats]:
    """Start vector and its bounds."""
    layout = state.layout
    theta = np.zeros(layout.n_parameters)
    lower = np.full(layout.n_parameters, -np.inf)
    upper = np.full(layout.n_parameters, np.inf)
    drift = problem.drift[layout.order]
    if problem.positions_free:
        for axis, values in enumerate((state.x, state.y)):
            place = layout.index[:, axis]
            theta[place] = values
            lower[place] = values - drift
            upper[place] = values + drift
    place = layout.index[:, 2]
    theta[place] = state.height
    lower[place], upper[place] = problem.height_bounds
    if problem.width != "fixed":
        place = layout.index[:, 3]
        low, high = width_bounds(problem, state.width)
        state.width = np.clip(state.width, low, high)
        theta[place], lower[place], upper[place] = state.width, low, high
    theta[layout.first_background :] = state.background[: layout.n_background]
    return theta, lower, upper


def _masking(
    valid: NDArray[np.bool_], x: Floats, y: Floats, *, reach: float
) -> tuple[int, Integers]:
    """Weighting mode of the kernels and which columns have masked pixels in their window."""
    dirty = np.zeros(len(x), dtype=np.int64)
    if valid.all():
        return 0, dirty
    rows, cols = valid.shape
    total = np.zeros((rows + 1, cols + 1), dtype=np.int64)
    total[1:, 1:] = np.cumsum(np.cumsum(~valid, axis=0), axis=1)
    drift = 1 + reach / 2  # a window moves with its column
    left, right = (np.clip(x + s * (reach + drift), 0, cols).astype(int) for s in (-1, 1))
    top, bottom = (np.clip(y + s * (reach + drift), 0, rows).astype(int) for s in (-1, 1))
    masked = total[bottom, right] - total[top, right] - total[bottom, left] + total[top, left]
    dirty[:] = masked > 0
    return 2, dirty


def _covariance(
    problem: Problem, state: "Columns", held: Integers, cost: float
) -> tuple[Floats, NDArray[np.bool_]]:
    """Covariance (n, 4, 4) of x, y, height, width in solver order, and singular columns.

    Known dose and least squares: the sandwich H⁻¹VH⁻¹ with the Poisson variance of the fitted
    model; Poisson likelihood: the inverse Fisher information; else H⁻¹ times the residual
    variance.
    """
    from fitting.kernels import covariance as spread, envelope

    layout = state.layout
    expected = np.empty_like(state.image)
    state.evaluate(SUPPORT, expected)
    scale = 1.0
    variance: Floats | None = None
    if problem.floor > 0:
        curvature = problem.valid * problem.electrons / np.maximum(expected, problem.floor)
        information = state.normal_matrix(1, curvature)
    else:
        information = state.normal_matrix(state.weighting, state.weight)
        if problem.electrons > 0:
            electrons = np.maximum(expected, 0.0) * problem.electrons + problem.detector_sigma**2
            state.set_windows(VARIANCE_SUPPORT)
            variance = state.normal_matrix(1, problem.valid * electrons / problem.electrons**2)
        else:
            scale = 2.0 * cost / max(1, int(np.count_nonzero(problem.valid)) - layout.n_parameters)

    # a parameter that no pixel depends on has no error, and its column says so
    blind = information[layout.at + np.arange(layout.n_parameters)] <= 0.0
    held = np.where(blind, 1, held).astype(np.int64)
    numbers = np.append(blind, False)[layout.index]
    singular = np.asarray(numbers.max(axis=1), dtype=np.bool_)
    none = np.zeros(layout.n_parameters)
    factor = np.empty(layout.size)
    while True:
        envelope.damped(information, layout.at, layout.first, held, none, factor)
        bad = envelope.cholesky(factor, layout.at, layout.first)
        if bad < 0:
            break
        held[bad] = 1
        singular |= (layout.index == bad).any(axis=1)
    blocks = np.empty((problem.n_columns, 4, 4))
    spread.column_blocks(
        factor, layout.at, layout.first, held,
        factor if variance is None else variance, variance is not None,
        layout.index, layout.first_shared, blocks,
    )  # fmt: skip
    return blocks * scale, singular
