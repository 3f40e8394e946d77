"""Metrics of counted specimens: errors by one atom, of the total, of the shape, and by true count.

Averages over all columns hide biases of opposite sign: thin columns drawn weaker and thick ones
stronger than they are leave no mean bias of the SCS.

The metrics of this file take a `CountCell` and return the statistic from all realizations followed
by those with one left out, or None where it has no meaning.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

import numpy as np
import pandas as pd

from cases import Case
from reports.metrics.cells import CELL, CELL_COLUMNS
from reports.metrics.metric import Metric
from reports.records.run_folder import Run
from reports.statistics.intervals import LEVEL, estimate
from reports.statistics.moments import (
    Moments,
    mean_with_left_out,
    ratio_with_left_out,
    share_with_left_out,
)
from stembench.arrays import Floats, Integers

_CELL = list(CELL_COLUMNS)
_GRIDDED = ("count_fit", "count_true", "scs", "scs_ref")


@dataclass(frozen=True, kw_only=True)
class CountCell:
    """The counted columns of one case, image, dose and restorer.

    Attributes
    ----------
    count_true : ndarray of int, shape (n_columns,)
        True numbers of atoms.
    count_fit : ndarray, shape (n_realizations, n_columns)
        Counted numbers of atoms, NaN where a column could not be counted.
    scs_error_pct : ndarray, shape (n_realizations, n_columns)
        SCS / SCS_ref - 1 in percent, NaN where the fit failed.
    spacing : float
        Distance in Å of the atoms of a column along the beam.
    n_wrong, n_wrong_by_offset, n_right_by_offset : ndarray, shape (n_images,)
        Wrong counts of each image, those of them that would be right without the offset of library
        and ground truth, and right ones that would be wrong; empty where the run does not tell.
    """

    count_true: Integers
    count_fit: Floats
    scs_error_pct: Floats
    spacing: float
    n_wrong: Floats
    n_wrong_by_offset: Floats
    n_right_by_offset: Floats

    @property
    def deviation(self) -> Floats:
        """Counted less true number of atoms; a column without a count holds none."""
        return np.where(np.isfinite(self.count_fit), self.count_fit, 0.0) - self.count_true

    def of_count(self, count: int) -> "CountCell":
        """Return the columns of one true count."""
        kept = self.count_true == count
        return replace(
            self,
            count_true=self.count_true[kept],
            count_fit=self.count_fit[:, kept],
            scs_error_pct=self.scs_error_pct[:, kept],
        )


def _within_one(cell: CountCell) -> Floats:
    # A column without a count is wrong, though one atom be all it holds.
    return share_with_left_out(np.abs(cell.count_fit - cell.count_true) <= 1)


def _total(cell: CountCell) -> Floats:
    """Relative error (percent) of the total number of atoms in each image."""
    return np.asarray(100 * cell.deviation.sum(axis=1) / cell.count_true.sum())


def _total_rmse(cell: CountCell) -> Floats:
    return np.asarray(np.sqrt(mean_with_left_out(_total(cell) ** 2)))


def _shape(cell: CountCell) -> Floats:
    lengths = cell.deviation * cell.spacing
    return np.asarray(np.sqrt(mean_with_left_out((lengths**2).mean(axis=1))))


def _offset_share(cell: CountCell) -> Floats | None:
    if not cell.n_wrong.sum() > 0:
        return None
    return ratio_with_left_out(cell.n_wrong_by_offset, cell.n_wrong)


def _offset_net(cell: CountCell) -> Floats | None:
    if not cell.n_wrong.sum() > 0:
        return None
    return ratio_with_left_out(cell.n_wrong_by_offset - cell.n_right_by_offset, cell.n_wrong)


#: Metrics of all columns together.
_OF_ALL: Final[tuple[Metric[CountCell, Floats | None], ...]] = (
    Metric(
        "count_within_one",
        "counted within ±1 atom",
        unit="fraction",
        direction="higher",
        scale="fraction",
        subject="counts",
        definition="share of the measured columns whose atom count is at most one off; a column "
        "without a count counts as wrong",
        of=_within_one,
    ),
    Metric(
        "atoms_total_bias_pct",
        "bias of the total number of atoms",
        unit="%",
        direction="zero",
        scale="linear",
        subject="counts",
        definition="mean over images of the counted over the true number of atoms of all measured "
        "columns, less 1; a column without a count holds none",
        of=lambda cell: mean_with_left_out(_total(cell)),
    ),
    Metric(
        "atoms_total_rmse_pct",
        "RMSE of the total number of atoms",
        unit="%",
        direction="lower",
        scale="log",
        subject="counts",
        definition="root mean square over images of the same",
        of=_total_rmse,
    ),
    Metric(
        "shape_error_A",
        "shape error",
        unit="Å",
        direction="lower",
        scale="log",
        subject="counts",
        definition="error of the three-dimensional shape: root mean square over columns and images "
        "of the count's error times the distance of the atoms along the beam, which is the error "
        "of the column's length. Blind to signs: neither whether atoms are missing or invented "
        "enters, nor at which of the two surfaces",
        of=_shape,
    ),
    Metric(
        "count_offset_share",
        "wrong counts due to offsets",
        unit="fraction",
        direction=None,
        scale="fraction",
        subject="counts",
        definition="share of the wrong counts that would be right if the noise-free SCS of each "
        "column were the library's value of its true count: offsets of library and ground truth, "
        "which are not the restorer's",
        of=_offset_share,
    ),
    Metric(
        "count_offset_net",
        "fewer wrong counts without offsets",
        unit="fraction",
        direction=None,
        scale="linear",
        subject="counts",
        definition="the same less the right counts that would be wrong, over the wrong counts: by "
        "which share of them their number would fall",
        of=_offset_net,
    ),
)
#: Metrics of the columns of one true count.
_BY_COUNT: Final[tuple[Metric[CountCell, Floats | None], ...]] = (
    Metric(
        "scs_bias_by_count_pct",
        "bias of SCS by true count",
        unit="%",
        direction="zero",
        scale="linear",
        subject="counts",
        definition="as the bias of SCS, over the columns of one true count",
        of=lambda cell: Moments(cell.scs_error_pct[np.newaxis]).bias()[0],
    ),
    Metric(
        "count_bias",
        "bias of the count by true count",
        unit="atoms",
        direction="zero",
        scale="linear",
        subject="counts",
        definition="mean of the counted less the true number of atoms, over the columns of one "
        "true count",
        of=lambda cell: mean_with_left_out(cell.deviation.mean(axis=1)),
    ),
)
METRICS: Final = (*_OF_ALL, *_BY_COUNT)


def load_offsets(run: Run) -> pd.DataFrame:
    """Read what the offsets of library and ground truth cost, one row per image; empty if untold.

    Columns: case, image, thickness, dose, restorer, realization, n_columns, n_wrong,
    n_wrong_by_offset, n_right_by_offset.
    """
    frames = run.tables("count_offsets")
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=_CELL)


def counts_of(run: Run) -> pd.DataFrame:
    """Errors of the counts of a run, summarised; for `Run.once`."""
    cases = {name: run.case(name) for name in run.info.cases}
    return summarise_counts(run.records, cases, offsets=load_offsets(run))


def shares_right_of(run: Run) -> pd.DataFrame:
    """How often each column of the counted cases of a run is counted right; for `Run.once`.

    Returns
    -------
    pandas.DataFrame
        One row per case, image, restorer and measured column, at the lowest dose of the image:
        dose, x, y (true position, px), right (share of the realizations in percent; failed fits
        are wrong).
    """
    rows = run.records[run.records["measured"]]
    counted = rows.groupby("case")["count_fit"].transform(lambda values: values.notna().any())
    rows = rows[counted.to_numpy(dtype=bool)]
    rows = rows[rows["dose"] == rows.groupby(["case", "image"])["dose"].transform("min")]
    fitted = rows[["x_fit", "y_fit", "scs"]].notna().all(axis=1)
    right = fitted & (rows["count_fit"] == rows["count_true"])
    return (
        rows.assign(right=100.0 * right)
        .groupby(["case", "image", "dose", "restorer", "column"], sort=True)
        .agg(x=("x_true", "first"), y=("y_true", "first"), right=("right", "mean"))
        .reset_index()
    )


def summarise_counts(
    records: pd.DataFrame,
    cases: Mapping[str, Case],
    *,
    offsets: pd.DataFrame,
    level: float = LEVEL,
) -> pd.DataFrame:
    """Errors of counts, with intervals over realizations.

    Parameters
    ----------
    records : pandas.DataFrame
        Rows of `reports.records.schema.COLUMNS`.
    cases : mapping of str to Case
        Of the run; those that are not counted are ignored.
    offsets : pandas.DataFrame
        `load_offsets`.
    level : float
        Two-sided confidence.

    Returns
    -------
    pandas.DataFrame
        Tidy: case, image, thickness, dose, restorer, metric (a name in `METRICS`), count_true (0
        for all columns together), value, low, high, method, n_realizations, n_columns.
    """
    rows: list[dict[str, Any]] = []
    measured = records[records["measured"]]
    for name, case in cases.items():
        own = measured[measured["case"] == name]
        if not own["count_fit"].notna().any():
            continue
        spacing = case.structure.spacing_along_beam()
        for _, group in own.groupby(list(CELL), sort=True):
            first = {key: group[key].iloc[0] for key in _CELL}
            cell = _count_cell(group, spacing, offsets=_of_cell(offsets, first))
            parts = [(0, cell, _OF_ALL)]
            parts += [(int(n), cell.of_count(n), _BY_COUNT) for n in np.unique(cell.count_true)]
            for count, part, metrics in parts:
                for metric in metrics:
                    with_left_out = metric.of(part)
                    if with_left_out is None:
                        continue
                    found = estimate(metric.replicates(with_left_out), level=level)
                    rows.append(
                        {
                            **first,
                            "metric": metric.name,
                            "count_true": count,
                            **asdict(found),
                            "n_realizations": len(part.count_fit),
                            "n_columns": part.count_true.size,
                        }
                    )
    names = ["metric", "count_true", "value", "low", "high", "method"]
    return pd.DataFrame(rows, columns=[*_CELL, *names, "n_realizations", "n_columns"])


def _count_cell(group: pd.DataFrame, spacing: float, *, offsets: pd.DataFrame) -> CountCell:
    """Arrays of the records of one cell."""
    group = group.sort_values(["realization", "column"])
    shape = (group["realization"].nunique(), -1)
    grid = {name: group[name].to_numpy(dtype=np.float64).reshape(shape) for name in _GRIDDED}
    failed = group[["x_fit", "y_fit", "scs"]].isna().any(axis=1).to_numpy().reshape(shape)
    scs_ref = np.where(grid["count_true"] > 0, grid["scs_ref"], np.nan)
    told = [
        offsets[name].to_numpy(dtype=np.float64) if len(offsets) else np.empty(0)
        for name in ("n_wrong", "n_wrong_by_offset", "n_right_by_offset")
    ]
    return CountCell(
        count_true=grid["count_true"][0].astype(np.int64),
        count_fit=np.where(failed, np.nan, grid["count_fit"]),
        scs_error_pct=(np.where(failed, np.nan, grid["scs"]) / scs_ref - 1) * 100,
        spacing=spacing,
        n_wrong=told[0],
        n_wrong_by_offset=told[1],
        n_right_by_offset=told[2],
    )


def _of_cell(rows: pd.DataFrame, cell: Mapping[str, Any]) -> pd.DataFrame:
    """Rows of one cell."""
    for name, value in cell.items():
        rows = rows[rows[name] == value]
    return rows
