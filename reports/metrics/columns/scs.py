"""Metrics of the scattering cross-section (SCS): bias, precision, errors, ratios to the bound."""

from collections.abc import Callable
from typing import Final

import numpy as np

from reports.metrics.cells import Cell
from reports.metrics.metric import Gate, Metric
from reports.statistics.moments import bias_products, mean_of_each
from stembench.arrays import Floats

_REFERENCE: Final = "the fit of the noise-free image"


def _if_bounded(arithmetic: Callable[[Cell], Floats]) -> Callable[[Cell], Floats | None]:
    """Leave the metric out of cells where no bound is stated."""

    def of(cell: Cell) -> Floats | None:
        return arithmetic(cell) if np.isfinite(cell.scs_bound_pct).all() else None

    return of


def _std(cell: Cell) -> Floats:
    return np.asarray(np.sqrt(cell.scs.variance()[0]))


def _rmse(cell: Cell) -> Floats:
    return np.asarray(np.sqrt(cell.scs.mean_square()[0]))


def _if_comparable(arithmetic: Callable[[Cell], Floats]) -> Callable[[Cell], Floats | None]:
    """Leave a ratio to the bound out where many fits ended at a limit, and where none is stated."""
    ratio = _if_bounded(arithmetic)

    def of(cell: Cell) -> Floats | None:
        return None if cell.limited else ratio(cell)

    return of


def _bound(cell: Cell) -> float:
    return float(np.sqrt(np.mean(cell.scs_bound_pct**2)))


METRICS: Final[tuple[Metric[Cell, Floats | None], ...]] = (
    Metric(
        "scs_bias_pct",
        "bias of SCS",
        unit="%",
        direction="zero",
        scale="linear",
        definition="mean over columns of each column's mean of SCS / SCS_ref - 1; SCS_ref is "
        f"{_REFERENCE}",
        of=lambda cell: cell.scs.bias()[0],
    ),
    Metric(
        "scs_bias_rms_pct",
        "rms bias of SCS",
        unit="%",
        direction="lower",
        scale="square",
        definition="as the rms bias of position, of the relative SCS",
        of=lambda cell: cell.scs.squared_bias()[0],
        gate=Gate(
            name="scs_bias",
            kind="bias",
            error="scs_rmse",
            quantity="SCS",
            margin=0.02,
            meaning="growth of the squared bias of SCS, likewise",
            per_realization=lambda cell: bias_products(cell.scs_error_pct),
        ),
    ),
    Metric(
        "scs_std_pct",
        "precision of SCS",
        unit="%",
        direction="lower",
        scale="log",
        definition="standard deviation of SCS / SCS_ref over realizations (divisor n - 1), pooled "
        "over columns",
        of=_std,
    ),
    Metric(
        "scs_rmse_pct",
        "RMSE of SCS",
        unit="%",
        direction="lower",
        scale="log",
        definition="root mean square of SCS / SCS_ref - 1",
        of=_rmse,
        gate=Gate(
            name="scs_rmse",
            kind="ratio",
            quantity="SCS",
            margin=0.01,
            meaning="relative change of the RMSE of SCS",
            per_realization=lambda cell: mean_of_each(cell.scs_error_pct**2),
            bound=_bound,
        ),
    ),
    Metric(
        "scs_bound_pct",
        "bound of SCS",
        unit="%",
        direction=None,
        scale="exact",
        definition="root mean square over columns of the Cramér-Rao bound of SCS / SCS_ref",
        of=_if_bounded(lambda cell: np.array([_bound(cell)])),
    ),
    Metric(
        "scs_std_over_bound",
        "precision of SCS / bound",
        unit="",
        direction="lower",
        scale="log",
        definition="precision of SCS divided by its bound",
        of=_if_comparable(lambda cell: _std(cell) / _bound(cell)),
    ),
    Metric(
        "scs_rmse_over_bound",
        "RMSE of SCS / bound",
        unit="",
        direction="lower",
        scale="log",
        definition="RMSE of SCS divided by the bound: counts bias as well as scatter",
        of=_if_comparable(lambda cell: _rmse(cell) / _bound(cell)),
    ),
    Metric(
        "scs_mpe_pct",
        "MPE of SCS",
        unit="%",
        direction="lower",
        scale="log",
        definition="mean absolute percentage error |SCS / SCS_ref - 1|",
        of=lambda cell: cell.scs_absolute.mean()[0],
    ),
    Metric(
        "scs_mpe_spread_pct",
        "spread of the SCS error",
        unit="%",
        direction="lower",
        scale="log",
        definition="standard deviation of |SCS / SCS_ref - 1| over all columns and realizations",
        of=lambda cell: cell.scs_absolute.spread()[0],
    ),
)
