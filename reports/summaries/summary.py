"""The summary of records: every metric of every cell with its 95 % interval and its n."""

from dataclasses import asdict

import numpy as np
import pandas as pd

from reports.metrics.cells import Cell, cells
from reports.metrics.columns import statistics
from reports.statistics.intervals import LEVEL, contrast, estimate

#: Identity of a summary row.
SUMMARY_KEYS = ("case", "image", "thickness", "dose", "restorer", "metric")


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
                    "case": cell.case,
                    "image": cell.image,
                    "thickness": cell.thickness,
                    "dose": cell.dose,
                    "restorer": cell.restorer,
                    "metric": name,
                    **asdict(estimate(replicates, level=level)),
                    "n_realizations": cell.realizations.size,
                    "n_columns": cell.columns.size,
                    "n_fits": int(np.sum(~cell.failed)),
                    "n_failed": int(np.sum(cell.failed)),
                    "n_flagged": int(np.sum(cell.flagged)),
                }
            )
    return pd.DataFrame(rows, columns=_SUMMARY_COLUMNS)


_SUMMARY_COLUMNS = [
    *SUMMARY_KEYS, "value", "low", "high", "method",
    "n_realizations", "n_columns", "n_fits", "n_failed", "n_flagged",
]  # fmt: skip
_CONTRAST_COLUMNS = [
    "case", "image", "thickness", "dose", "restorer", "baseline", "metric",
    "value", "low", "high", "method", "n_realizations", "n_columns",
]  # fmt: skip


def contrasts(
    records: pd.DataFrame, *, baseline: str = "raw", level: float = LEVEL
) -> pd.DataFrame:
    """Compare each restorer with the baseline over the realizations that both have.

    All restorers meet the same noise, so the comparison is paired: far narrower than the distance
    of two intervals of `summarise`.

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
    made = {cell.key: cell for cell in cells(records)}
    pairs = [
        (cell, made[(cell.case, cell.image, cell.dose, baseline)])
        for cell in made.values()
        if cell.restorer != baseline and (cell.case, cell.image, cell.dose, baseline) in made
    ]
    rows = [row for new, old in pairs for row in contrast_rows(new, old, level=level)]
    return pd.DataFrame(rows, columns=_CONTRAST_COLUMNS)


def contrast_rows(new: Cell, old: Cell, *, level: float = LEVEL) -> list[dict[str, object]]:
    """Paired comparison of two cells that met the same noise, one row per metric both have.

    Parameters
    ----------
    new, old : Cell
        Cells of one case, image and dose: two restorers, or one restorer in two runs of the same
        seed.
    level : float
        Two-sided confidence of the intervals.

    Returns
    -------
    list of dict
        Rows as described in `contrasts`; none if the two share no realization.
    """
    common = np.intersect1d(new.realizations, old.realizations)
    if common.size == 0:
        return []
    ours, theirs = statistics(new.at(common)), statistics(old.at(common))
    return [
        {
            "case": new.case,
            "image": new.image,
            "thickness": new.thickness,
            "dose": new.dose,
            "restorer": new.restorer,
            "baseline": old.restorer,
            "metric": name,
            **asdict(contrast(ours[name], theirs[name], level=level)),
            "n_realizations": common.size,
            "n_columns": new.columns.size,
        }
        for name in ours
        if name in theirs and ours[name].scale not in ("exact", "square")
    ]
