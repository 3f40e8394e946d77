"""The joint minimiser: bounded Gauss-Newton steps over all columns, damped column by column.

All sums over pixels and all linear algebra run in compiled kernels; import this module inside
functions only, because it loads numba.
"""

from dataclasses import dataclass

import numpy as np

from fitting.engine.layout import Layout
from fitting.kernels import assembly, curvature, envelope, sums as kernels
from stembench.arrays import Floats, Integers

#: Steps below this (in widths, and relative to heights and widths) end the descent.
TOLERANCE = 1e-7
#: A column whose last step was larger than this has not converged.
CONVERGED = 1e-5
MAX_STEPS = 200
_FIRST_DAMPING = 1e-4
_MOST_DAMPING = 1e8
_MAX_ATTEMPTS = 40
_PATIENCE = 5  # attempts with the suspect columns braked before all are
_ROUNDING = 1e-13  # of a sum over pixels
# a valley so flat that steps no longer lower the cost is its own end
_FLAT = 1e-12
_MAX_STALLED = 3


@dataclass
class Columns:
    """Columns of one image in solver order, with the scratch space of the kernels.

    Attributes
    ----------
    image, weight : ndarray, shape (rows, columns)
        Image, 0 where masked; 1 where a pixel takes part, else 0 (not read where
        `weighting` is 0).
    x, y, width, height, background : ndarray
        Current values; `background` has three entries, the unused ones 0.
    weighting, dirty
        Masking mode of the kernels (see fitting.kernels.assembly).
    integrated : bool
        Whether pixels hold the mean over their area.
    floor : float
        0 for least squares, else the Poisson floor (see fitting.kernels.sums.compare).
    """

    image: Floats
    weight: Floats
    layout: Layout
    x: Floats
    y: Floats
    width: Floats
    height: Floats
    background: Floats
    factors: Floats
    start: Integers
    count: Integers
    weighting: int
    dirty: Integers
    integrated: bool
    floor: float

    def evaluate(self, support: float, out: Floats) -> None:
        """Write the expected image to `out`, windows reaching `support` widths."""
        self.set_windows(support)
        kernels.render(self.factors, self.start, self.count, self.height, self.background, out)

    def set_windows(self, support: float) -> None:
        """Evaluate the axis factors within `support` widths of each column."""
        rows, cols = self.image.shape
        kernels.set_factors(
            self.x,
            self.y,
            self.width,
            rows,
            cols,
            support,
            self.integrated,
            self.factors,
            self.start,
            self.count,
        )

    def derivatives(self, score: Floats) -> tuple[Floats, Floats]:
        """Σ_px score ∂f/∂θ for each parameter, and Σ_px score ∂²f (n, 4, 4) for each column."""
        layout = self.layout
        gradient = np.empty(layout.n_parameters)
        second = np.empty((len(self.x), 4, 4))
        curvature.derivatives(
            self.factors,
            self.start,
            self.count,
            self.height,
            layout.index,
            layout.first_background,
            layout.n_background,
            score,
            gradient,
            second,
        )
        return gradient, second

    def normal_matrix(self, weighting: int, weight: Floats) -> Floats:
        """Σ_px w (∂f/∂θ_i)(∂f/∂θ_j) in envelope storage."""
        layout = self.layout
        out = np.empty(layout.size)
        assembly.normal_matrix(
            self.factors,
            self.start,
            self.count,
            self.height,
            layout.index,
            layout.pair_at,
            layout.pairs,
            layout.first_background,
            layout.n_background,
            weighting,
            weight,
            self.dirty,
            layout.at,
            out,
        )
        return out

    def newton_matrix(self, matrix: Floats, second: Floats, held: Integers) -> Floats:
        """`matrix` with the second derivatives of the model where the cost is convex."""
        out = np.empty_like(matrix)
        layout = self.layout
        curvature.subtract_curvature(
            layout.index, layout.first_shared, held, second, layout.at, matrix, out
        )
        return out

    def unpack(self, theta: Floats) -> None:
        """Spread the parameter vector over the columns; what is not free keeps its value."""
        layout = self.layout
        if layout.index[0, 0] >= 0:
            self.x = theta[layout.index[:, 0]]
            self.y = theta[layout.index[:, 1]]
        self.height = theta[layout.index[:, 2]]
        if layout.index[0, 3] >= 0:
            self.width = theta[layout.index[:, 3]]
        self.background[: layout.n_background] = theta[layout.first_background :]


def linear_start(columns: Columns, *, support: float) -> float:
    """Set heights and background by linear least squares; returns the cost.

    The layout of `columns` must hold positions and widths.
    """
    layout = columns.layout
    columns.height = np.zeros(len(columns.x))
    columns.background[:] = 0.0
    columns.set_windows(support)
    right = np.empty(layout.n_parameters)
    kernels.project_heights(
        columns.factors, columns.start, columns.count, layout.n_background, columns.image, right
    )
    matrix = columns.normal_matrix(columns.weighting, columns.weight)
    held = (matrix[layout.at + np.arange(layout.n_parameters)] <= 0.0).astype(np.int64)
    ridge = np.full(layout.n_parameters, 1e-9)
    envelope.damped(matrix, layout.at, layout.first, held, ridge, matrix)
    if envelope.cholesky(matrix, layout.at, layout.first) >= 0:
        return np.inf
    right[held == 1] = 0.0
    projected = right.copy()
    envelope.solve(matrix, layout.at, layout.first, right)
    columns.unpack(right)
    # of all linear least squares: the residual is what the projection leaves over
    return 0.5 * (float(np.sum(columns.image**2)) - float(projected @ right))


@dataclass
class _Point:
    """An iterate: its parameters, cost, local costs, and images of score and of both curvatures.

    The images are reused by the iterate after the next: fresh pages cost more than sums.
    """

    theta: Floats
    cost: float
    images: tuple[Floats, Floats, Floats]
    local: Floats


def minimise(
    columns: Columns, theta: Floats, lower: Floats, upper: Floats, *, support: float
) -> tuple[Floats, float, int, Integers, Floats]:
    """Minimise from `theta` within bounds; `columns` ends at the minimum.

    Each column has its own damping, so that one column lost in noise does not slow the others.

    Returns
    -------
    theta : ndarray
        Parameters at the minimum.
    cost : float
    steps : int
    held : ndarray of int
        1 for parameters that a bound holds.
    moved : ndarray, shape (n,)
        Last step of each column in units of its width and height.
    """
    layout = columns.layout
    index = layout.index
    n = len(columns.x)
    # the widths of own parameters come before first_shared; shared ones are not damped
    own = (index >= 0) & (index < layout.first_shared)
    owner = np.broadcast_to(np.arange(n)[:, None], index.shape)[own]
    own_index = index[own]
    owner_of = np.zeros(layout.n_parameters, dtype=np.int64)
    owner_of[own_index] = owner
    lambdas = np.full(n, _FIRST_DAMPING)
    damping = np.zeros(layout.n_parameters)
    factor = np.empty(layout.size)
    anchors = (columns.x.copy(), columns.y.copy())
    half = max(1, round(1.5 * float(np.median(columns.width))))
    moved = np.full(n, np.inf)
    diagonal = layout.at + np.arange(layout.n_parameters)

    poisson = columns.floor > 0.0
    extra = columns.image.shape if poisson else (1, 1)
    parts = np.empty(extra)
    spare = [(np.empty_like(columns.image), np.empty(extra), np.empty(extra)) for _ in range(2)]

    def point(at: Floats, images: tuple[Floats, Floats, Floats]) -> _Point:
        columns.unpack(at)
        columns.set_windows(support)
        cost = kernels.compare(
            columns.factors,
            columns.start,
            columns.count,
            columns.height,
            columns.background,
            columns.image,
            columns.weighting != 0,
            columns.weight,
            columns.floor,
            *images,
            parts,
        )
        local = np.empty(n)
        kernels.local_costs(poisson, parts if poisson else images[0], *anchors, half, local)
        return _Point(at, float(cost), images, local)

    here = point(theta, spare.pop())
    scale = max(
        1e-2 * float(np.mean(np.abs(columns.height))),
        1e-6 * float(np.max(np.abs(columns.image))),
        np.finfo(np.float64).tiny,
    )
    outward = np.zeros(layout.n_parameters, dtype=np.bool_)
    steps = stalled = 0
    while steps < MAX_STEPS:
        steps += 1
        score, observed, information = here.images
        gradient, second = columns.derivatives(score)
        if columns.floor == 0.0:
            matrix = columns.normal_matrix(columns.weighting, columns.weight)
        else:
            matrix = columns.normal_matrix(1, observed)
        outward = ((here.theta <= lower) & (gradient <= 0)) | (
            (here.theta >= upper) & (gradient >= 0)
        )
        held = (outward | (matrix[diagonal] <= 0)).astype(np.int64)
        newton = columns.newton_matrix(matrix, second, held)
        width, height = columns.width, columns.height
        brake = 0.0  # on shared parameters
        for attempt in range(_MAX_ATTEMPTS):
            damping[layout.first_shared :] = brake
            damping[own_index] = lambdas[owner]
            envelope.damped(newton, layout.at, layout.first, held, damping, factor)
            bad = envelope.cholesky(factor, layout.at, layout.first)
            if bad >= 0:
                if newton is not matrix and bad < layout.first_shared and attempt < _PATIENCE:
                    # convex by itself, but not beside its neighbours
                    column = owner_of[bad]
                    lambdas[column] = min(10.0 * max(lambdas[column], 1e-2), _MOST_DAMPING)
                elif newton is not matrix:
                    if columns.floor > 0.0:
                        columns.set_windows(support)
                        matrix = columns.normal_matrix(1, information)
                    newton = matrix
                else:
                    lambdas = np.clip(10.0 * lambdas, _FIRST_DAMPING, _MOST_DAMPING)
                    brake = 10.0 * max(brake, _FIRST_DAMPING)
                continue
            step = np.where(held == 1, 0.0, gradient)
            envelope.solve(factor, layout.at, layout.first, step)
            _limit(step, index, width)
            there = np.clip(here.theta + step, lower, upper)
            moved = _movement(there - here.theta, index, width, np.maximum(np.abs(height), scale))
            small = bool(np.all((moved <= TOLERANCE) & (lambdas <= 1e-2)))
            trial = point(there, spare[0])
            if trial.cost <= here.cost * (1.0 + _ROUNDING) or small:
                break
            worse = trial.local > here.local
            if attempt >= _PATIENCE or not worse.any():
                worse[:] = True
                brake = 10.0 * max(brake, _FIRST_DAMPING)
            raised = np.clip(10.0 * lambdas, _FIRST_DAMPING, _MOST_DAMPING)
            lambdas = np.where(worse, raised, lambdas)
        else:
            columns.unpack(here.theta)
            moved = np.where(lambdas > 1e-2, np.inf, moved)
            break
        if trial.cost > here.cost * (1.0 + _ROUNDING):  # only rounding is left
            columns.unpack(here.theta)
            break
        lambdas = np.maximum(0.1 * lambdas, 1e-12)
        spare[0] = here.images
        level = here.cost - trial.cost <= _FLAT * here.cost and moved.max() <= 1e3 * TOLERANCE
        stalled = stalled + 1 if level else 0
        here = trial
        if small or stalled == _MAX_STALLED:
            break
    return here.theta, here.cost, steps, outward.astype(np.int64), moved


def _limit(step: Floats, index: Integers, width: Floats) -> None:
    """Cut steps that leave the region where the model is near linear: a width, 30 % of a width."""
    for place, most in ((0, 1.0), (1, 1.0), (3, 0.3)):
        if index[0, place] >= 0:
            numbers = index[:, place]
            step[numbers] = np.clip(step[numbers], -most * width, most * width)


def _movement(step: Floats, index: Integers, width: Floats, height: Floats) -> Floats:
    """Size of each column's step in units of its width and height."""
    moved = np.abs(step[index[:, 2]]) / height
    for place in (0, 1, 3):
        if index[0, place] >= 0:
            moved = np.maximum(moved, np.abs(step[index[:, place]]) / width)
    return moved
