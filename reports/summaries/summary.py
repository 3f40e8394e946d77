"""The summary of records: every metric of every cell with its 95 % interval and its n."""

from dataclasses import asdict
from typing import Final

import numpy as np
import pandas as pd

from reports.metrics.cells import CELL_COLUMNS, Cell, cells
from reports.metrics.table import metrics_of
from reports.names import TABLED_FITS, variant_name
from reports.records.run_folder import Run
from reports.statistics.intervals import LEVEL, Replicates, estimate, paired_comparison
from stembench.arrays import Integers

#: Identity of a summary row.
SUMMARY_KEYS: Final = (*CELL_COLUMNS, "metric")
_INTERVAL: Final = ("value", "low", "high", "method", "n_realizations", "n_columns")
_SUMMARY_COLUMNS: Final = (*SUMMARY_KEYS, *_INTERVAL, "n_fits", "n_failed", "n_flagged")
#: Part of a cell: its key, and which realizations.
_Part = tuple[tuple[str, str, float, str], bytes]
_COMPARISON_COLUMNS: Final = (*CELL_COLUMNS, "baseline", "metric", *_INTERVAL)


def statistics(cell: Cell) -> dict[str, Replicates]:
    """All metrics of a cell's columns with their jackknife replicates.

    Parameters
    ----------
    cell : Cell
        Measured columns of one case, image, dose and restorer.

    Returns
    -------
    dict of str to Replicates
        In the order of `reports.metrics.table.METRICS`, without the metrics that have no meaning
        here: ratios to a bound where none is stated, counts in a case that is not counted,
        positions where the fit held them. A metric that has a meaning but cannot be computed (no
        fit succeeded, one realization) is NaN.
    """
    values = {metric: metric.of(cell) for metric in metrics_of("columns")}
    return {
        metric.name: metric.replicates(with_left_out)
        for metric, with_left_out in values.items()
        if with_left_out is not None
    }


def summarise(records: pd.DataFrame, *, level: float = LEVEL) -> pd.DataFrame:
    """Reduce records to metrics with intervals over realizations.

    Parameters
    ----------
    records : pandas.DataFrame
        Rows of `reports.records.schema.COLUMNS`.
    level : float
        Two-sided confidence of the intervals.

    Returns
    -------
    pandas.DataFrame
        Tidy, one row per cell and metric: case, image, thickness, dose (e/Å²), restorer, metric
        (a name in `reports.metrics.table.METRICS`), value, low, high (NaN where no interval can be
        stated), method ('t', 'log-t', 'square-t', 'wilson' or 'none'), n_realizations, n_columns
        (measured columns per image), n_fits (rows that entered: columns x realizations less the
        failed ones), n_failed, n_flagged. Nothing is rounded.

    Raises
    ------
    InputError
        If rows of a column are missing from a realization.
    """
    rows = []
    for cell in cells(records):
        for name, replicates in statistics(cell).items():
            rows.append(
                {
                    **cell.cell_columns,
                    "metric": name,
                    **asdict(estimate(replicates, level=level)),
                    "n_realizations": cell.realizations.size,
                    "n_columns": cell.columns.size,
                    "n_fits": int(np.sum(~cell.failed)),
                    "n_failed": int(np.sum(cell.failed)),
                    "n_flagged": int(np.sum(cell.flagged)),
                }
            )
    return pd.DataFrame(rows, columns=list(_SUMMARY_COLUMNS))


def summary_of(run: Run) -> pd.DataFrame:
    """Summary of the records of a run, of all its cells; for `Run.once`."""
    return summarise(run.records)


def comparisons_of(run: Run) -> pd.DataFrame:
    """Paired comparisons of the restorers of a run with raw; for `Run.once`."""
    return paired_comparisons(run.records)


def paired_comparisons(
    records: pd.DataFrame, *, baseline: str = "raw", level: float = LEVEL
) -> pd.DataFrame:
    """Compare each restorer with the baseline over the realizations that both have.

    All restorers meet the same noise, so the comparison is paired: its intervals are far narrower
    than the distance of two intervals of `summarise`. A fit that stands in tables alone is held
    against the baseline fitted alike.

    Parameters
    ----------
    records : pandas.DataFrame
        Rows of `reports.records.schema.COLUMNS`.
    baseline : str
        The restorer that the others are compared with.
    level : float
        Two-sided confidence of the intervals.

    Returns
    -------
    pandas.DataFrame
        Tidy, one row per cell other than the baseline's and metric: as `summarise`, with value the
        ratio restorer / baseline for metrics on the log scale and the difference
        restorer - baseline otherwise. Empty if the baseline is not in the records.

    Raises
    ------
    InputError
        If rows of a column are missing from a realization.
    """
    by_key = {cell.key: cell for cell in cells(records)}

    def held_against(cell: Cell) -> Cell | None:
        for fit in sorted(TABLED_FITS):  # the same fit of both, or it would be compared as well
            alike = variant_name(baseline, fit)
            if cell.restorer.endswith(variant_name("", fit)) and cell.restorer != alike:
                return by_key.get((cell.case, cell.image, cell.dose, alike))
        if cell.restorer == baseline:
            return None
        return by_key.get((cell.case, cell.image, cell.dose, baseline))

    pairs = [(cell, old) for cell in by_key.values() if (old := held_against(cell)) is not None]
    known: dict[_Part, dict[str, Replicates]] = {}
    rows = [
        row for new, old in pairs for row in comparison_rows(new, old, level=level, known=known)
    ]
    return pd.DataFrame(rows, columns=list(_COMPARISON_COLUMNS))


def _at(
    cell: Cell, realizations: Integers, known: dict[_Part, dict[str, Replicates]]
) -> dict[str, Replicates]:
    """Statistics of some realizations of a cell: the baseline's are needed for each restorer."""
    part = cell.key, realizations.tobytes()
    if part not in known:
        known[part] = statistics(cell.at(realizations))
    return known[part]


def comparison_rows(
    new: Cell,
    old: Cell,
    *,
    level: float = LEVEL,
    known: dict[_Part, dict[str, Replicates]] | None = None,
) -> list[dict[str, object]]:
    """Paired comparison of two cells that met the same noise, one row per metric both have.

    Parameters
    ----------
    new, old : Cell
        Cells of one case, image and dose: two restorers, or one restorer in two runs of the same
        seed.
    level : float
        Two-sided confidence of the intervals.
    known : dict, optional
        Statistics that several comparisons of the same cells share; is filled.

    Returns
    -------
    list of dict
        Rows as described in `paired_comparisons`; none if the two share no realization.
    """
    common = np.intersect1d(new.realizations, old.realizations)
    if common.size == 0:
        return []
    ours, theirs = (_at(cell, common, {} if known is None else known) for cell in (new, old))
    return [
        {
            **new.cell_columns,
            "baseline": old.restorer,
            "metric": name,
            **asdict(paired_comparison(ours[name], theirs[name], level=level)),
            "n_realizations": common.size,
            "n_columns": new.columns.size,
        }
        for name in ours
        if name in theirs and ours[name].scale not in ("exact", "square")
    ]
