"""Columns of the leaderboard, made from what the metrics of the gate declare."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from reports.metrics.defects import VACANCY_FIDELITY
from reports.metrics.table import GATE_METRICS, GATES
from reports.statistics.paired import Effect, bias_effect, mean_effect, ratio_effect
from reports.summaries.per_realization import CellStatistics
from stembench.arrays import Floats

_UNKNOWN: Final = Effect(math.nan, math.nan, 0.0, 0)


@dataclass(frozen=True)
class BoardCell:
    """What a column of the leaderboard is computed from, in one case, image and dose.

    Attributes
    ----------
    statistics : CellStatistics
    bounds : mapping of str to float
        Cramér-Rao bound by the name of the metric in the gate; NaN where none is stated.
    vacancies : ndarray or None
        Fidelity of the cell's vacancies per realization, where it has any.
    """

    statistics: CellStatistics
    bounds: Mapping[str, float]
    vacancies: Floats | None


@dataclass(frozen=True)
class BoardColumn:
    """A column of the leaderboard.

    Attributes
    ----------
    name : str
        Name in ``leaderboard.csv``; its interval is in ``name_low`` and ``name_high``.
    heading : str
        Heading for readers, with the unit.
    factor : float
        What readers see 1 as.
    of : callable
        Effect of one cell, the logarithm of the value if `log`; None leaves the cell out of the
        mean, an unknown effect leaves the column empty.
    log : bool
        Whether the mean over cells is geometric.
    replaces : str
        Column that readers need not see beside this one; '' for none.
    share : bool
        Whether it is a share, whose interval ends at 0 and 1 as in the summary.
    """

    name: str
    heading: str
    factor: float
    of: Callable[[BoardCell], Effect | None]
    log: bool = False
    replaces: str = ""
    share: bool = False


def board_columns() -> tuple[BoardColumn, ...]:
    """Columns of the leaderboard, as the metrics of the gate declare them, and vacancies."""
    columns = [
        column
        for name in GATE_METRICS
        if GATE_METRICS[name].subject != "response"
        for column in _columns_of(name)
    ]
    vacancies = BoardColumn(
        VACANCY_FIDELITY.name, VACANCY_FIDELITY.heading, VACANCY_FIDELITY.factor, _vacancies
    )
    return (*columns, vacancies)


def _columns_of(name: str) -> list[BoardColumn]:
    """Columns of one metric of the gate."""
    metric, gate = GATE_METRICS[name], GATES[name]
    stem = gate.quantity.lower()
    if gate.kind in ("difference", "target"):
        share = metric.scale == "fraction"
        return [BoardColumn(metric.name, metric.heading, metric.factor, _mean(name), share=share)]
    if gate.kind == "bias":
        heading = f"bias² of {gate.quantity} / MSE (%)"
        return [BoardColumn(f"{stem}_bias_share", heading, 100.0, _bias(name))]
    columns = [BoardColumn(metric.name, metric.heading, metric.factor, _rmse(name), log=True)]
    if gate.bound is not None:
        columns.append(
            BoardColumn(
                f"{stem}_over_bound",
                f"{metric.label} / bound",
                1.0,
                _over_bound(name),
                log=True,
                replaces=metric.name,
            )
        )
    return columns


def _rmse(name: str) -> Callable[[BoardCell], Effect]:
    """Log of a root mean square error."""
    return lambda cell: _log_ratio(cell.statistics, name, unit=1.0)


def _over_bound(name: str) -> Callable[[BoardCell], Effect]:
    """Log of a root mean square error over its bound."""

    def of(cell: BoardCell) -> Effect:
        if cell.statistics.limited:
            return _UNKNOWN
        return _log_ratio(cell.statistics, name, unit=cell.bounds[name])

    return of


def _log_ratio(cell: CellStatistics, name: str, *, unit: float) -> Effect:
    if name not in cell.by_metric or not unit > 0:
        return _UNKNOWN
    squares = cell.by_metric[name]
    squares = squares[np.isfinite(squares)]
    return ratio_effect(np.full_like(squares, unit**2), squares)


def _bias(name: str) -> Callable[[BoardCell], Effect]:
    """Squared bias over mean square error."""

    def of(cell: BoardCell) -> Effect:
        values = cell.statistics.by_metric
        if name not in values:
            return _UNKNOWN
        products = values[name]
        products = products[np.isfinite(products)]
        if not products.size:
            return _UNKNOWN
        mean_square = float(np.nanmean(values[GATES[name].error]))
        return bias_effect(np.zeros_like(products), products, mean_square=mean_square)

    return of


def _mean(name: str) -> Callable[[BoardCell], Effect]:
    """Mean share of columns."""

    def of(cell: BoardCell) -> Effect:
        values = cell.statistics.by_metric
        return mean_effect(values[name]) if name in values else _UNKNOWN

    return of


def _vacancies(cell: BoardCell) -> Effect | None:
    """Mean fidelity of vacancies."""
    return None if cell.vacancies is None else mean_effect(cell.vacancies)
