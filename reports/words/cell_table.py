"""The metrics of a run as one wide table: a row per case, image, dose and restorer."""

from typing import Final

import pandas as pd

from reports.metrics.kept.resolution import contrast_of, unresolved_cells, without_unresolved
from reports.metrics.table import METRICS
from reports.records.run_folder import Run
from reports.summaries.summary import summary_of

_KEYS: Final = ["case", "image", "thickness", "dose", "restorer"]
_NUMBERS: Final = ["n_realizations", "n_columns", "n_fits", "n_failed", "n_flagged"]
#: Names that say their unit.
_WITH_UNITS: Final = {"thickness": "thickness_atoms", "dose": "dose_e_per_A2"}


def cell_table(run: Run) -> pd.DataFrame:
    """Tabulate every metric of every cell with its 95 % interval.

    Parameters
    ----------
    run : Run

    Returns
    -------
    pandas.DataFrame
        case, image, thickness_atoms, dose_e_per_A2, restorer, resolved (whether the columns are
        resolved there: if not, what is read from columns is NaN), n_realizations, n_columns,
        n_fits, n_failed, n_flagged; then each metric of columns by its name, which ends with its
        unit, followed by ``_low`` and ``_high``. Shares are fractions. Nothing is rounded; what has
        no meaning in a cell is NaN, and a metric of no cell has no column.
    """
    unresolved = unresolved_cells(run.once(contrast_of), run.restorers)
    every = run.once(summary_of)
    told = without_unresolved(every, unresolved)
    cells = every[[*_KEYS, *_NUMBERS]].drop_duplicates(_KEYS).reset_index(drop=True)
    names = ("case", "image", "dose", "restorer")
    keys = zip(*(cells[name] for name in names), strict=True)
    cells.insert(len(_KEYS), "resolved", [key not in unresolved for key in keys])
    parts = [cells.set_index(_KEYS)]
    present = set(told["metric"].astype(str))
    for metric in (name for name in METRICS if name in present):
        values = told[told["metric"].astype(str) == metric].set_index(_KEYS)
        ends = {"value": metric, "low": f"{metric}_low", "high": f"{metric}_high"}
        parts.append(values[list(ends)].rename(columns=ends))
    return pd.concat(parts, axis=1).reset_index().rename(columns=_WITH_UNITS)
