"""What the gate keeps of a cell: one number per realization and metric, and which fits failed.

The realization is the unit of every comparison, since the columns of one image share its
distortions. A few numbers per realization are therefore all that a later comparison needs, and a
baseline of a whole run packs into a small file.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final, Literal

import numpy as np
import pandas as pd

from reports.metrics.cells import Cell, cells
from stembench.arrays import Floats

#: How two versions are compared: 'ratio' of root mean squares, 'difference' of shares (higher is
#: better), 'bias': growth of the squared bias as a share of the mean square error.
Kind = Literal["ratio", "difference", "bias"]
#: Identity of a cell within one restorer: (case, image, dose).
CellKey = tuple[str, str, float]


@dataclass(frozen=True)
class GateMetric:
    """A metric of the gate.

    Attributes
    ----------
    name : str
        Name in margins, baselines and outputs.
    label : str
        Name for readers.
    kind : {'ratio', 'difference', 'bias'}
        See `Kind`.
    error : str
        For 'bias' the metric whose mean square the bias is a part of; else empty.
    """

    name: str
    label: str
    kind: Kind
    error: str = ""


_ALL: Final = (
    GateMetric("position_rmse", "RMSE of position", "ratio"),
    GateMetric("position_bias", "bias of position", "bias", "position_rmse"),
    GateMetric("scs_rmse", "RMSE of SCS", "ratio"),
    GateMetric("scs_bias", "bias of SCS", "bias", "scs_rmse"),
    GateMetric("count_accuracy", "columns counted right", "difference"),
    GateMetric("defect_error", "error at defects", "ratio"),
)
#: name -> GateMetric, in the order in which tables show them.
GATE_METRICS: Final = MappingProxyType({metric.name: metric for metric in _ALL})


@dataclass(frozen=True)
class CellStatistics:
    """One case, image and dose of one restorer, reduced to realizations.

    Attributes
    ----------
    case, image : str
    thickness : int
        Unit cells.
    dose : float
        e/Å².
    realizations : tuple of int
        Numbers of the realizations, ascending.
    columns : tuple of int
        Numbers of the measured columns, ascending.
    failed : frozenset of tuple of int
        (realization, column) of each failed fit.
    by_metric : mapping of str to ndarray, shape (n_realizations,)
        Per gate metric: the mean square over fitted columns ('ratio'), the share of columns
        ('difference'), or the mean product of each error with the mean of the same column's
        errors in all other realizations ('bias'), whose mean over realizations estimates the
        squared bias without bias. NaN where nothing was fitted.
    """

    case: str
    image: str
    thickness: int
    dose: float
    realizations: tuple[int, ...]
    columns: tuple[int, ...]
    failed: frozenset[tuple[int, int]]
    by_metric: Mapping[str, Floats]

    @property
    def key(self) -> CellKey:
        """(case, image, dose)."""
        return self.case, self.image, self.dose

    def at(self, metric: str, realizations: tuple[int, ...]) -> Floats:
        """Values of a metric at some of the realizations, in their order."""
        where = {number: index for index, number in enumerate(self.realizations)}
        return self.by_metric[metric][[where[number] for number in realizations]]


def realization_statistics(
    records: pd.DataFrame, *, sites: pd.DataFrame | None = None
) -> dict[str, dict[CellKey, CellStatistics]]:
    """Reduce records to statistics per realization.

    Parameters
    ----------
    records : pandas.DataFrame
        Rows of `reports.records.schema.COLUMNS`.
    sites : pandas.DataFrame, optional
        Deviations of sites with defects or adatoms (`reports.metrics.defects.site_deviations`).

    Returns
    -------
    dict
        By restorer and (case, image, dose).

    Raises
    ------
    InputError
        If rows of a column are missing from a realization.
    """
    defects = {} if sites is None else _defect_errors(sites)
    found: dict[str, dict[CellKey, CellStatistics]] = {}
    for cell in cells(records):
        made = cell_statistics_of(cell)
        if cell.key in defects:
            errors = defects[cell.key].reindex(cell.realizations).to_numpy(dtype=np.float64)
            made = replace(made, by_metric={**made.by_metric, "defect_error": errors})
        found.setdefault(cell.restorer, {})[made.key] = made
    return found


def cell_statistics_of(cell: Cell) -> CellStatistics:
    """Reduce one cell."""
    x, y = cell.error_pm
    relative = cell.scs_error_pct
    values = {"scs_rmse": _mean(relative**2), "scs_bias": _bias_products(relative)}
    if not cell.positions_held:
        values["position_rmse"] = (_mean(x**2) + _mean(y**2)) / 2  # per axis, as in the summary
        values["position_bias"] = (_bias_products(x) + _bias_products(y)) / 2
    if cell.counted_right is not None:
        values["count_accuracy"] = cell.counted_right.mean(axis=1)
    rows, columns = np.nonzero(cell.failed)
    return CellStatistics(
        case=cell.case,
        image=cell.image,
        thickness=cell.thickness,
        dose=cell.dose,
        realizations=tuple(int(number) for number in cell.realizations),
        columns=tuple(int(number) for number in cell.columns),
        failed=frozenset(
            (int(cell.realizations[r]), int(cell.columns[c]))
            for r, c in zip(rows, columns, strict=True)
        ),
        by_metric=values,
    )


def _mean(values: Floats) -> Floats:
    """Mean over the fitted columns of each realization; NaN where none was fitted."""
    fitted = np.isfinite(values)
    count = fitted.sum(axis=1)
    total = np.where(fitted, values, 0.0).sum(axis=1)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _bias_products(errors: Floats) -> Floats:
    """Mean over columns of error times the mean of the column's errors in other realizations."""
    fitted = np.isfinite(errors)
    filled = np.where(fitted, errors, 0.0)
    others = fitted.sum(axis=0) - fitted
    rest = (filled.sum(axis=0) - filled) / np.maximum(others, 1)
    return _mean(np.where(fitted & (others > 0), errors * rest, np.nan))


def _defect_errors(sites: pd.DataFrame) -> dict[tuple[str, str, float, str], pd.Series]:
    """Squared error of the defects' deviations over the true ones squared, by cell.

    Each a series over realizations, of sums over the defects whose fit succeeded: weighed like
    this, a vacancy counts for more than an atom too many, whose own fidelity is mostly noise.
    """
    defects = sites[(sites["kind"] != "perfect") & sites["deviation"].notna()]
    names = ["case", "image", "dose", "restorer", "realization"]
    squares = defects[names].assign(
        error=(defects["deviation"] - defects["true_deviation"]).astype(np.float64) ** 2,
        truth=defects["true_deviation"].astype(np.float64) ** 2,
    )
    sums = squares.groupby(names).sum().reset_index()
    sums["share"] = sums["error"] / sums["truth"]
    found = {}
    for _, own in sums.groupby(names[:-1]):
        first = own.iloc[0]
        key = (str(first["case"]), str(first["image"]), float(first["dose"]))
        found[(*key, str(first["restorer"]))] = own.set_index("realization")["share"]
    return found
