"""Bounded Newton and Gauss-Newton descent over all columns, damped column by column.

All sums over pixels and all linear algebra run in compiled kernels.
"""

from dataclasses import dataclass

import numpy as np

from fitting.engine.columns import Columns
from fitting.engine.factor import Factor
from fitting.engine.layout import Layout
from fitting.engine.lost_descents import Turns, Vain
from fitting.kernels import sums
from fitting.kernels.assembly import EVERY_PIXEL, WEIGHTED
from stembench.arrays import Bools, Floats, Integers

#: Steps below this (in widths, and relative to heights and widths) end the descent.
TOLERANCE = 1e-7
#: A column whose last step was larger than this has not converged.
CONVERGED = 1e-5
MAX_STEPS = 200
_FIRST_DAMPING = 1e-4
_MOST_DAMPING = 1e8
_LITTLE_DAMPING = 1e-2  # up to here a small step means convergence, not a brake
_MAX_ATTEMPTS = 40
_PATIENCE = 5  # attempts with the suspect columns braked before all are
_ROUNDING = 1e-13  # of a sum over pixels
# a valley so flat that steps no longer lower the cost is its own end
_FLAT = 1e-12
_MAX_STALLED = 3

#: Images of an iterate: the score, and the observed and the expected curvature of each pixel's
#: cost, all by the expected value of the pixel (see fitting.kernels.sums.compare).
_Images = tuple[Floats, Floats, Floats]


def linear_start(columns: Columns, *, support: float) -> float:
    """Set heights and background by linear least squares; returns the cost.

    The layout of `columns` must hold positions and widths.
    """
    layout = columns.layout
    columns.height = np.zeros(len(columns.x))
    columns.background[:] = 0.0
    columns.set_windows(support)
    right = np.empty(layout.n_parameters)
    data = columns.image
    if columns.weighting == WEIGHTED:
        data = columns.weight * columns.image
    sums.project_heights(
        columns.factors, columns.start, columns.count, layout.n_background, data, right
    )
    matrix = columns.normal_matrix()
    held = (matrix[layout.diagonal] <= 0.0).astype(np.int64)
    ridge = np.full(layout.n_parameters, 1e-9)
    factor = Factor(layout)
    if factor.of(matrix, held, ridge) >= 0:
        return np.inf
    right[held == 1] = 0.0
    projected = right.copy()
    factor.solve(right)
    columns.unpack(right)
    # of all linear least squares: the residual is what the projection leaves over
    return 0.5 * (float(np.sum(data * columns.image)) - float(projected @ right))


@dataclass(frozen=True)
class Descent:
    """End of a descent.

    Attributes
    ----------
    theta : ndarray, shape (n_parameters,)
        Parameters at the minimum.
    cost : float
        Half the residual sum of squares, or half the Poisson deviance [beam fraction].
    steps : int
        Steps taken.
    held : ndarray of int, shape (n_parameters,)
        1 for parameters that a bound holds.
    moved : ndarray, shape (n,)
        Last step of each column in units of its width and height; infinite if none was made.
    unsettled : bool
        Whether the descent was left because a shared width went to and fro, or crawled.
    given_up : bool
        Whether it was ended because its steps led nowhere (`fitting.engine.lost_descents.Vain`).
    """

    theta: Floats
    cost: float
    steps: int
    held: Integers
    moved: Floats
    unsettled: bool = False
    given_up: bool = False


def minimise(
    columns: Columns,
    theta: Floats,
    *,
    lower: Floats,
    upper: Floats,
    support: float,
    patient: bool = True,
    most_steps: int = MAX_STEPS,
) -> Descent:
    """Minimise from `theta` within bounds; `columns` ends at the minimum.

    Each column has its own damping, so that one column lost in noise does not slow the others.

    Parameters
    ----------
    columns : Columns
        Columns at their starts; changed.
    theta, lower, upper : ndarray, shape (n_parameters,)
        Start and its bounds.
    support : float
        Half size of a column's window in widths.
    patient : bool
        Whether to go on where a shared width goes to and fro, or crawls.
    most_steps : int
        Steps after which it ends, converged or not.
    """
    cost_of = _Cost(columns, support)
    damping = _Damping(columns.layout)
    factor = Factor(columns.layout)
    here, spare = cost_of(theta, cost_of.blank()), cost_of.blank()
    scale = max(
        1e-2 * float(np.mean(np.abs(columns.height))),
        1e-6 * float(np.max(np.abs(columns.image))),
        np.finfo(np.float64).tiny,
    )
    moved = np.full(len(columns.x), np.inf)
    outward = np.zeros(len(theta), dtype=np.bool_)
    turns = Turns(columns.layout, theta)
    vain = Vain(columns.layout, lower, upper)
    unsettled = given_up = False
    steps = stalled = 0
    while steps < most_steps:
        steps += 1
        quadratic = _Quadratic(columns, here, factor, lower=lower, upper=upper, support=support)
        outward = quadratic.outward
        damping.release_shared()
        height = np.maximum(np.abs(columns.height), scale)
        width = columns.width
        for attempt in range(_MAX_ATTEMPTS):
            step = quadratic.step(damping, may_brake=attempt < _PATIENCE)
            if step is None:
                continue
            _limit(step, columns.layout.index, width)
            there = np.clip(here.theta + step, lower, upper)
            moved = _movement(there - here.theta, columns.layout.index, width, height)
            small = bool(np.all((moved <= TOLERANCE) & damping.is_little))
            trial = cost_of(there, spare)
            if trial.cost <= here.cost * (1.0 + _ROUNDING) or small:
                break
            damping.raise_where(trial.local > here.local, patient=attempt < _PATIENCE)
        else:
            columns.unpack(here.theta)
            moved = np.where(damping.is_little, moved, np.inf)
            break
        if trial.cost > here.cost * (1.0 + _ROUNDING):  # only rounding is left
            columns.unpack(here.theta)
            break
        damping.lower()
        spare = here.images
        level = here.cost - trial.cost <= _FLAT * here.cost and moved.max() <= 1e3 * TOLERANCE
        stalled = stalled + 1 if level else 0
        unsettled = not patient and turns.too_many(there - here.theta, here.theta)
        gain = (here.cost - trial.cost) / max(here.cost, np.finfo(np.float64).tiny)
        given_up = vain.too_many(there, gain=gain, moved=moved, convex=quadratic.is_convex)
        here = trial
        if small or stalled == _MAX_STALLED or unsettled or given_up:
            break
    held = outward.astype(np.int64)
    return Descent(here.theta, here.cost, steps, held, moved, unsettled, given_up)


@dataclass(frozen=True)
class _Point:
    """Iterate of a descent.

    Attributes
    ----------
    theta : ndarray, shape (n_parameters,)
    cost : float
    images : tuple of ndarray
        Score and curvatures; reused by the iterate after the next.
    local : ndarray, shape (n,)
        Cost in a box around the start of each column.
    """

    theta: Floats
    cost: float
    images: _Images
    local: Floats


class _Cost:
    """Cost of the columns as a function of the parameter vector.

    Images are given to a call and not allocated by it: fresh pages cost more than sums.
    """

    def __init__(self, columns: Columns, support: float) -> None:
        self._columns = columns
        self._support = support
        self._anchors = columns.x.copy(), columns.y.copy()
        self._half = max(1, round(1.5 * float(np.median(columns.width))))
        self._poisson = columns.floor > 0.0
        # least squares writes neither curvatures nor the cost of each pixel
        self._shape = columns.image.shape if self._poisson else (1, 1)
        self._parts = np.empty(self._shape)

    def blank(self) -> _Images:
        """Allocate the images of an iterate."""
        image = self._columns.image
        return np.empty_like(image), np.empty(self._shape), np.empty(self._shape)

    def __call__(self, theta: Floats, images: _Images) -> _Point:
        """Evaluate the cost at `theta`, where the columns then are; overwrites `images`."""
        columns = self._columns
        columns.unpack(theta)
        columns.set_windows(self._support)
        cost = sums.compare(
            columns.factors,
            columns.start,
            columns.count,
            columns.height,
            columns.background,
            columns.image,
            columns.weighting != EVERY_PIXEL,
            columns.weight,
            columns.floor,
            *images,
            self._parts,
        )
        local = np.empty(len(columns.x))
        # of weighted pixels the weighted residual: where it grows, columns are damped, no more
        costs = self._parts if self._poisson else images[0]
        sums.local_costs(self._poisson, costs, *self._anchors, self._half, local)
        return _Point(theta, float(cost), images, local)


class _Damping:
    """Damping of each column's own parameters, and a brake on those that columns share."""

    def __init__(self, layout: Layout) -> None:
        index = layout.index
        n = len(index)
        # the widths of single columns come before first_shared; shared ones are not damped
        single = (index >= 0) & (index < layout.first_shared)
        self._numbers = index[single]
        self._columns = np.broadcast_to(np.arange(n)[:, None], index.shape)[single]
        self._column_of = np.zeros(layout.n_parameters, dtype=np.int64)
        self._column_of[self._numbers] = self._columns
        self._first_shared = layout.first_shared
        self._of_columns = np.full(n, _FIRST_DAMPING)
        self._brake = 0.0
        self._vector = np.zeros(layout.n_parameters)

    @property
    def is_little(self) -> Bools:
        """Whether each column is hardly damped, so that a small step means convergence."""
        return self._of_columns <= _LITTLE_DAMPING

    def vector(self) -> Floats:
        """Damping of each parameter, as a part of its diagonal element."""
        self._vector[self._first_shared :] = self._brake
        self._vector[self._numbers] = self._of_columns[self._columns]
        return self._vector

    def release_shared(self) -> None:
        """Take the brake off the shared parameters."""
        self._brake = 0.0

    def lower(self) -> None:
        """Damp every column less, after a step that lowered the cost."""
        self._of_columns = np.maximum(0.1 * self._of_columns, 1e-12)

    def raise_owner(self, parameter: int) -> None:
        """Damp the column that owns a parameter more."""
        column = self._column_of[parameter]
        raised = 10.0 * max(self._of_columns[column], _LITTLE_DAMPING)
        self._of_columns[column] = min(raised, _MOST_DAMPING)

    def raise_all(self) -> None:
        """Damp every column more, and brake the shared parameters."""
        self._of_columns = np.clip(10.0 * self._of_columns, _FIRST_DAMPING, _MOST_DAMPING)
        self._brake = 10.0 * max(self._brake, _FIRST_DAMPING)

    def raise_where(self, worse: Bools, *, patient: bool) -> None:
        """Damp columns whose surroundings got worse; all, if there are none or if not `patient`."""
        if not patient or not worse.any():
            self.raise_all()
            return
        raised = np.clip(10.0 * self._of_columns, _FIRST_DAMPING, _MOST_DAMPING)
        self._of_columns = np.where(worse, raised, self._of_columns)


class _Quadratic:
    """Quadratic model of the cost about an iterate, at which the columns are.

    Its matrix is the normal matrix with the model's second derivatives where the cost is convex;
    where that turns out not to be positive, the normal matrix alone.

    Attributes
    ----------
    outward : ndarray of bool, shape (n_parameters,)
        Parameters at a bound beyond which the cost falls.
    """

    def __init__(
        self,
        columns: Columns,
        here: _Point,
        factor: Factor,
        *,
        lower: Floats,
        upper: Floats,
        support: float,
    ) -> None:
        layout = columns.layout
        score, observed, self._expected = here.images
        self._columns, self._support = columns, support
        self._gradient, second = columns.derivatives(score)
        self._poisson = columns.floor > 0.0
        self._normal = columns.normal_matrix(observed if self._poisson else None)
        self.outward = ((here.theta <= lower) & (self._gradient <= 0)) | (
            (here.theta >= upper) & (self._gradient >= 0)
        )
        blind = self._normal[layout.diagonal] <= 0
        self._held = (self.outward | blind).astype(np.int64)
        self._matrix = columns.newton_matrix(self._normal, second, self._held)
        self._is_normal = False
        self._factor = factor

    @property
    def is_convex(self) -> bool:
        """Whether the second derivatives are still in use."""
        return not self._is_normal

    def step(self, damping: _Damping, *, may_brake: bool) -> Floats | None:
        """Step to the minimum of the damped model.

        None if its matrix is not positive. Then the suspect column is damped more if `may_brake`;
        else the second derivatives are dropped; without them, all columns are damped more.
        """
        bad = self._factor.of(self._matrix, self._held, damping.vector())
        if bad < 0:
            step = np.where(self._held == 1, 0.0, self._gradient)
            self._factor.solve(step)
            return step
        if self._is_normal:
            damping.raise_all()
        elif bad < self._columns.layout.first_shared and may_brake:
            damping.raise_owner(bad)  # convex by itself, but not beside its neighbours
        else:
            self._drop_second_derivatives()
        return None

    def _drop_second_derivatives(self) -> None:
        if self._poisson:
            self._columns.set_windows(self._support)
            self._normal = self._columns.normal_matrix(self._expected)
        self._matrix, self._is_normal = self._normal, True


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
