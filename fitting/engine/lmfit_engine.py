"""Reference engine: the same problem through lmfit.Parameters, dense and without shortcuts.

It shares with the joint engine the formulas of `fitting.model` and nothing else: no windows, no
sparse algebra, MINPACK's Levenberg-Marquardt, and bounds by lmfit's change of variables.
"""

from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from fitting.engine.problem import Minimum, Problem, width_bounds
from fitting.model import BACKGROUND_TERMS, ColumnModel
from stembench.arrays import Bools, Floats, Integers
from stembench.errors import InputError

#: Most memory of one fit in bytes: 2 GB, room for some 330 columns in 256 x 256 px.
MOST_MEMORY: Final = 2_000_000_000
#: Dense Jacobians that lie in memory at once, as measured (49 columns in 256 x 256 px).
_JACOBIANS: Final = 3.7
#: Seconds per pixel and squared parameter of a fit on a quiet core (AMD Zen 3): QR decompositions.
_SECONDS: Final = 9e-9
_TOLERANCE: Final = 1e-13


@dataclass(frozen=True)
class FitCost:
    """What one fit by lmfit is estimated to take.

    Attributes
    ----------
    seconds : float
        On one quiet core, good to a factor of two on another machine.
    memory : float
        Bytes.
    """

    seconds: float
    memory: float


def fit_cost(n_pixels: int, n_parameters: int) -> FitCost:
    """Estimate what one fit takes, from the size of its dense Jacobian.

    Parameters
    ----------
    n_pixels, n_parameters : int
        Pixels that take part, and free parameters.
    """
    jacobian = 8.0 * n_pixels * n_parameters
    return FitCost(_SECONDS * n_pixels * n_parameters**2, _JACOBIANS * jacobian)


def solve(problem: Problem) -> Minimum:
    """Minimise with lmfit.

    Parameters
    ----------
    problem : Problem
        As for `fitting.engine.joint.solve`.

    Returns
    -------
    Minimum

    Raises
    ------
    InputError
        If the fit would need more than `MOST_MEMORY`.

    Notes
    -----
    lmfit's own `stderr` is not used: residuals are unweighted, so that neither setting of
    `scale_covar` states the right error; it is off, and the covariance is computed from the
    Jacobian as in the joint engine's documentation.
    """
    import lmfit

    n_pixels = int(np.count_nonzero(problem.valid))
    cost = fit_cost(n_pixels, problem.n_parameters)
    if cost.memory > MOST_MEMORY:
        raise InputError(
            f"{problem.n_columns} columns in {n_pixels} pixels are too many for engine='lmfit', "
            f"which is dense and would take about {cost.memory / 1e9:.1f} GB, more than "
            f"{MOST_MEMORY / 1e9:.0f} GB: use engine='joint' or fewer columns"
        )
    everywhere = bool(problem.valid.all())

    def jacobian_of(model: ColumnModel) -> Floats:
        each = model.jacobian()
        # Copied only where pixels are left out: the array is the most of the memory.
        return each if everywhere else each[problem.valid.ravel()]

    start = _start(problem)
    names, parameters = _parameters(problem, start)

    def model_of(values: Floats) -> ColumnModel:
        return _unpack(problem, start, values)

    def residual(pars: Any) -> Floats:
        model = model_of(np.array([pars[name].value for name in names]))
        return _residual(problem, model.image()[problem.valid])

    def jacobian(pars: Any) -> Floats:
        model = model_of(np.array([pars[name].value for name in names]))
        each = jacobian_of(model)
        each *= _slope(problem, model.image()[problem.valid])[:, None]
        return each

    outcome = lmfit.minimize(
        residual,
        parameters,
        method="leastsq",
        Dfun=jacobian,
        scale_covar=False,
        ftol=_TOLERANCE,
        xtol=_TOLERANCE,
        gtol=_TOLERANCE,
        max_nfev=2000,
        calc_covar=False,
    )
    values = np.array([outcome.params[name].value for name in names])
    lower = np.array([outcome.params[name].min for name in names])
    upper = np.array([outcome.params[name].max for name in names])
    # lmfit's change of variables reaches a bound only in the limit
    room = 1e-6 * np.where(np.isfinite(upper - lower), upper - lower, 1.0)
    at_bound = (values <= lower + room) | (values >= upper - room)
    model = model_of(values)
    numbers = _parameter_numbers(problem)
    bound = np.append(at_bound, False)
    covariance, singular = _covariance(problem, model, at_bound, numbers)
    n = problem.n_columns
    done = bool(outcome.success)
    return Minimum(
        x=model.x,
        y=model.y,
        height=model.height,
        sigma=model.sigma,
        background=model.background,
        moved=np.full(n, 0.0 if done else np.inf),
        converged=np.full(n, done),
        position_at_bound=bound[numbers[:, :2]].max(axis=1),
        shape_at_bound=bound[numbers[:, 2:]].max(axis=1),
        covariance=covariance,
        singular=singular,
        cost=0.5 * float(np.sum(residual(outcome.params) ** 2)),
        steps=int(outcome.nfev),
        message="converged" if done else str(outcome.message),
    )


def _start(problem: Problem) -> ColumnModel:
    """Best of the trial widths, with least-squares heights and background."""
    best: tuple[float, ColumnModel] | None = None
    n = problem.n_columns
    for widths in problem.trial_widths:
        model = ColumnModel(
            x=problem.positions[:, 0],
            y=problem.positions[:, 1],
            height=np.zeros(n),
            sigma=widths,
            shape=(problem.image.shape[0], problem.image.shape[1]),
            background=(0.0,) * BACKGROUND_TERMS[problem.background],
            width="fixed",
            positions_free=False,
            pixel=problem.pixel,
        )
        root = _root_weight(problem)
        design = root[:, None] * model.jacobian()[problem.valid.ravel()]
        data = root * problem.image[problem.valid]
        solution = np.asarray(np.linalg.lstsq(design, data, rcond=None)[0], dtype=np.float64)
        cost = float(np.sum((data - design @ solution) ** 2))
        if best is None or cost < best[0]:
            best = (
                cost,
                replace(model, height=solution[:n], background=tuple(map(float, solution[n:]))),
            )
    if best is None:
        raise ValueError("a problem needs at least one trial width")
    low, high = width_bounds(problem, best[1].sigma)
    sigma = best[1].sigma if problem.width == "fixed" else np.clip(best[1].sigma, low, high)
    return replace(
        best[1],
        sigma=sigma,
        height=np.clip(best[1].height, *problem.height_bounds),
        width=problem.width,
        positions_free=problem.positions_free,
        species=problem.group,
    )


def _parameters(problem: Problem, start: ColumnModel) -> tuple[list[str], Any]:
    """Names in the order of ColumnModel.jacobian, and lmfit's parameters with their bounds."""
    import lmfit

    parameters = lmfit.Parameters()
    n = problem.n_columns
    if problem.positions_free:
        for axis, values in (("x", start.x), ("y", start.y)):
            for k in range(n):
                drift = problem.drift[k]
                parameters.add(
                    f"{axis}{k}", value=values[k], min=values[k] - drift, max=values[k] + drift
                )
    low, high = problem.height_bounds
    for k in range(n):
        parameters.add(f"height{k}", value=start.height[k], min=low, max=high)
    if problem.width != "fixed":
        group = start.group
        narrow, wide = width_bounds(problem, start.sigma)
        for g in range(int(group.max()) + 1):
            k = int(np.argmax(group == g))
            parameters.add(f"sigma{g}", value=start.sigma[k], min=narrow[k], max=wide[k])
    for t, value in enumerate(start.background):
        parameters.add(f"background{t}", value=value)
    return list(parameters), parameters


def _unpack(problem: Problem, start: ColumnModel, values: Floats) -> ColumnModel:
    n = problem.n_columns
    at = 0
    changes: dict[str, Any] = {}
    if problem.positions_free:
        changes["x"], changes["y"] = values[:n], values[n : 2 * n]
        at = 2 * n
    changes["height"] = values[at : at + n]
    at += n
    if problem.width != "fixed":
        group = start.group
        count = int(group.max()) + 1
        changes["sigma"] = values[at : at + count][group]
        at += count
    changes["background"] = tuple(map(float, values[at:]))
    return replace(start, **changes)


def _parameter_numbers(problem: Problem) -> Integers:
    """Parameter number of x, y, height and width of each column, -1 where held."""
    n = problem.n_columns
    numbers = np.full((n, 4), -1, dtype=np.int64)
    at = 0
    if problem.positions_free:
        numbers[:, 0] = np.arange(n)
        numbers[:, 1] = n + np.arange(n)
        at = 2 * n
    numbers[:, 2] = at + np.arange(n)
    if problem.width != "fixed":
        numbers[:, 3] = at + n + problem.group
    return numbers


def _root_weight(problem: Problem) -> Floats:
    """Root of the weight of each valid pixel."""
    if problem.precision is None:
        return np.ones(int(np.count_nonzero(problem.valid)))
    return np.asarray(np.sqrt(problem.precision[problem.valid]), dtype=np.float64)


def _residual(problem: Problem, expected: Floats) -> Floats:
    """Residuals whose sum of squares is twice the cost."""
    data = problem.image[problem.valid]
    if problem.floor == 0.0:
        return _root_weight(problem) * (data - expected)
    safe, below, slope, bend = _poisson_terms(problem, expected)
    part = safe - data + slope * below + 0.5 * bend * below**2
    part += data * np.log(np.where(data > 0, data, safe) / safe)
    sign = np.where(data > safe, 1.0, -1.0)
    return np.asarray(sign * np.sqrt(2.0 * np.maximum(part, 0.0)))


def _poisson_terms(problem: Problem, expected: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """Expected value cut at the floor, what lies below it, and slope and curvature there."""
    data = problem.image[problem.valid]
    safe = np.maximum(expected, problem.floor)
    below = expected - safe
    bend = np.where(below == 0.0, 0.0, (data + problem.floor) / problem.floor**2)
    return safe, below, 1.0 - data / safe, bend


def _slope(problem: Problem, expected: Floats) -> Floats:
    """Derivative of each residual by its expected value."""
    if problem.floor == 0.0:
        return -_root_weight(problem)
    residual = _residual(problem, expected)
    safe, below, slope, bend = _poisson_terms(problem, expected)
    near = np.abs(residual) < 1e-7 * np.sqrt(safe)
    there = (slope + bend * below) / np.where(near, 1.0, residual)
    return np.where(near, -1.0 / np.sqrt(safe), there)


def _covariance(
    problem: Problem, model: ColumnModel, held: Bools, numbers: Integers
) -> tuple[Floats, Bools]:
    """Covariance blocks (n, 4, 4) and which columns are singular; see the joint engine."""
    jacobian = model.jacobian()[problem.valid.ravel()][:, ~held]
    expected = model.image()[problem.valid]
    if problem.floor > 0:
        weight = problem.electrons / np.maximum(expected, problem.floor)
    else:
        weight = _root_weight(problem) ** 2
    normal = jacobian.T @ (jacobian * weight[:, None])
    blind = np.zeros(len(held) + 1, dtype=np.bool_)
    blind[np.flatnonzero(~held)[np.diag(normal) <= 0.0]] = True
    singular = np.asarray(blind[numbers].max(axis=1), dtype=np.bool_)
    held = held | blind[:-1]
    jacobian = model.jacobian()[problem.valid.ravel()][:, ~held]
    normal = jacobian.T @ (jacobian * weight[:, None])
    scale = np.sqrt(np.diag(normal))
    full = np.full((len(held) + 1, len(held) + 1), np.nan)
    inverse = np.full(normal.shape, np.nan)
    if np.linalg.cond(normal / np.outer(scale, scale)) < 1e13:
        inverse = np.linalg.inv(normal / np.outer(scale, scale)) / np.outer(scale, scale)
    else:
        singular[:] = True
    of_pixels = None if problem.variance is None else problem.variance[problem.valid]
    if problem.electrons > 0:
        electrons = np.maximum(expected, 0.0) * problem.electrons + problem.detector_sigma**2
        of_pixels = electrons / problem.electrons**2
    if problem.floor == 0 and of_pixels is not None:
        variance = weight**2 * of_pixels
        inverse = inverse @ (jacobian.T @ (jacobian * variance[:, None])) @ inverse
    elif problem.floor == 0:
        rss = float(np.sum(weight * (problem.image[problem.valid] - expected) ** 2))
        inverse = inverse * rss / max(1, len(expected) - len(held))
    free = np.flatnonzero(~held)
    full[np.ix_(free, free)] = inverse
    return full[numbers[:, :, None], numbers[:, None, :]], singular
