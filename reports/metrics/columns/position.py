"""Metrics of position: bias, precision, errors, and their ratios to the Cramér-Rao bound."""

from collections.abc import Callable
from typing import Final

import numpy as np

from reports.metrics.cells import Cell
from reports.metrics.metric import Gate, Metric
from reports.statistics.moments import bias_products, mean_of_each
from stembench.arrays import Floats

_REFERENCE: Final = "the fit of the noise-free image"
_TRUE: Final = "the mean position of the column's atoms"
_PM_PER_ANGSTROM: Final = 100.0


def _if_free(arithmetic: Callable[[Cell], Floats]) -> Callable[[Cell], Floats | None]:
    """Leave the metric out of cells whose fits held the positions."""

    def of(cell: Cell) -> Floats | None:
        return None if cell.positions_held else arithmetic(cell)

    return of


def _if_bounded(arithmetic: Callable[[Cell], Floats]) -> Callable[[Cell], Floats | None]:
    """Leave the metric out of cells where no bound is stated or the positions were held."""

    def of(cell: Cell) -> Floats | None:
        bounded = np.isfinite(cell.bound_pm).all()
        return arithmetic(cell) if bounded and not cell.positions_held else None

    return of


def _if_comparable(arithmetic: Callable[[Cell], Floats]) -> Callable[[Cell], Floats | None]:
    """Leave a ratio to the bound out where many fits ended at a limit, and where none is stated."""
    ratio = _if_bounded(arithmetic)

    def of(cell: Cell) -> Floats | None:
        return None if cell.limited else ratio(cell)

    return of


def _std(cell: Cell) -> Floats:
    return np.asarray(np.sqrt(cell.position.variance().mean(axis=0)))


def _rmse(cell: Cell) -> Floats:
    return np.asarray(np.sqrt(cell.position.mean_square().mean(axis=0)))


def _bound(cell: Cell) -> float:
    return float(np.sqrt(np.mean(cell.bound_pm**2)))


def _squares(cell: Cell) -> Floats:
    x, y = cell.error_pm
    return (mean_of_each(x**2) + mean_of_each(y**2)) / 2


def _bias_products(cell: Cell) -> Floats:
    x, y = cell.error_pm
    return (bias_products(x) + bias_products(y)) / 2


METRICS: Final[tuple[Metric[Cell, Floats | None], ...]] = (
    Metric(
        "position_bias_x_pm",
        "bias of x",
        unit="pm",
        direction="zero",
        scale="linear",
        definition=f"mean over columns of each column's mean of x - x_ref; x_ref is {_REFERENCE}",
        of=_if_free(lambda cell: cell.position.bias()[0]),
    ),
    Metric(
        "position_bias_y_pm",
        "bias of y",
        unit="pm",
        direction="zero",
        scale="linear",
        definition=f"mean over columns of each column's mean of y - y_ref; y_ref is {_REFERENCE}",
        of=_if_free(lambda cell: cell.position.bias()[1]),
    ),
    Metric(
        "position_bias_rms_pm",
        "rms bias of position",
        unit="pm",
        direction="lower",
        scale="square",
        definition="root mean square over columns and both axes of each column's bias, less the "
        "share that scatter alone puts there (variance / number of realizations); 0 if that leaves "
        "less than nothing",
        of=_if_free(lambda cell: cell.position.squared_bias().mean(axis=0)),
        gate=Gate(
            name="position_bias",
            kind="bias",
            error="position_rmse",
            quantity="position",
            margin=0.02,
            meaning="growth of the squared bias of position as a share of the old mean square "
            "error: with 0.02 the RMSE grows by 1 % if the scatter stays",
            per_realization=_if_free(_bias_products),
        ),
    ),
    Metric(
        "position_std_x_pm",
        "precision of x",
        unit="pm",
        direction="lower",
        scale="log",
        definition="standard deviation of x over realizations (divisor n - 1), pooled over columns",
        of=_if_free(lambda cell: np.sqrt(cell.position.variance()[0])),
    ),
    Metric(
        "position_std_y_pm",
        "precision of y",
        unit="pm",
        direction="lower",
        scale="log",
        definition="standard deviation of y over realizations (divisor n - 1), pooled over columns",
        of=_if_free(lambda cell: np.sqrt(cell.position.variance()[1])),
    ),
    Metric(
        "position_std_pm",
        "precision of position",
        unit="pm",
        direction="lower",
        scale="log",
        definition="root mean square of the precisions of x and of y: per axis",
        of=_if_free(_std),
    ),
    Metric(
        "position_std_px",
        "precision of position",
        unit="px",
        direction="lower",
        scale="log",
        definition="the same in pixels",
        of=_if_free(lambda cell: _std(cell) / (_PM_PER_ANGSTROM * cell.sampling)),
    ),
    Metric(
        "position_rmse_pm",
        "RMSE of position",
        unit="pm",
        direction="lower",
        scale="log",
        definition=f"root mean square of x - x_ref and y - y_ref, per axis, against {_REFERENCE}",
        of=_if_free(_rmse),
        gate=Gate(
            name="position_rmse",
            kind="ratio",
            quantity="position",
            margin=0.01,
            meaning="relative change of the RMSE of position",
            per_realization=_if_free(_squares),
            bound=_bound,
        ),
    ),
    Metric(
        "position_bound_pm",
        "bound of position",
        unit="pm",
        direction=None,
        scale="exact",
        definition="root mean square over columns and both axes of the Cramér-Rao bound (unbiased "
        "estimators without prior knowledge)",
        of=_if_bounded(lambda cell: np.array([_bound(cell)])),
    ),
    Metric(
        "position_std_over_bound",
        "precision of position / bound",
        unit="",
        direction="lower",
        scale="log",
        definition="precision of position divided by its bound",
        of=_if_comparable(lambda cell: _std(cell) / _bound(cell)),
    ),
    Metric(
        "position_rmse_over_bound",
        "RMSE of position / bound",
        unit="",
        direction="lower",
        scale="log",
        definition="RMSE of position divided by the bound: counts bias as well as scatter",
        of=_if_comparable(lambda cell: _rmse(cell) / _bound(cell)),
    ),
    Metric(
        "position_mae_pm",
        "MAE of position",
        unit="pm",
        direction="lower",
        scale="log",
        definition=f"mean distance |r - r_ref| in the image plane; r_ref is {_REFERENCE}",
        of=_if_free(lambda cell: cell.distance.mean()[0]),
    ),
    Metric(
        "position_mae_spread_pm",
        "spread of the position error",
        unit="pm",
        direction="lower",
        scale="log",
        definition="standard deviation of |r - r_ref| over all columns and realizations",
        of=_if_free(lambda cell: cell.distance.spread()[0]),
    ),
    Metric(
        "position_bias_x_true_pm",
        "bias of x against the atoms",
        unit="pm",
        direction="zero",
        scale="linear",
        definition=f"as the bias of x, against {_TRUE}",
        of=_if_free(lambda cell: cell.position_true.bias()[0]),
    ),
    Metric(
        "position_bias_y_true_pm",
        "bias of y against the atoms",
        unit="pm",
        direction="zero",
        scale="linear",
        definition=f"as the bias of y, against {_TRUE}",
        of=_if_free(lambda cell: cell.position_true.bias()[1]),
    ),
    Metric(
        "position_rmse_true_pm",
        "RMSE of position against the atoms",
        unit="pm",
        direction="lower",
        scale="log",
        definition=f"as the RMSE of position, against {_TRUE}",
        of=_if_free(lambda cell: np.sqrt(cell.position_true.mean_square().mean(axis=0))),
    ),
    Metric(
        "position_mae_true_pm",
        "MAE of position against the atoms",
        unit="pm",
        direction="lower",
        scale="log",
        definition=f"as the MAE of position, against {_TRUE}",
        of=_if_free(lambda cell: cell.distance_true.mean()[0]),
    ),
)
