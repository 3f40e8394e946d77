"""The floor of contrast below which the columns of a restored image are not resolved."""

from typing import Final

import pandas as pd

from reports.metrics.cells import CELL
from reports.names import Restorers
from reports.records.run_folder import Run

#: Least share of the columns' contrast with which an image is fitted. Of Gaussian blurs of the
#: particle at 5000 e/Å² a search from the image alone finds 96 % of the columns where 11 % of the
#: contrast is left, 20 % where 8 % is left, and hardly any below (docs/kept.md).
CONTRAST_FLOOR: Final = 0.1
#: Largest share of the images of a cell that may lie below it. These are not fitted, so that a
#: restorer that erases what it restores badly would otherwise be judged by its better images.
MOST_BELOW: Final = 0.05
#: What is said of a restorer below it.
NOT_RESOLVED: Final = "columns not resolved"
#: Beginnings of the names of metrics that are not reported there.
_OF_COLUMNS: Final = ("position_", "count_", "scs_")
#: Of these the ones that say nothing of the restorer.
_OF_CASE: Final = ("count_accuracy_clean", "position_bound_pm", "scs_bound_pct")

CellName = tuple[str, str, float, str]


def contrast_of(run: Run) -> pd.DataFrame:
    """Contrast that the images of each cell kept; for `Run.once`.

    Returns
    -------
    pandas.DataFrame
        `contrast_by_cell` of the run's images.
    """
    return contrast_by_cell(run.intensity)


def contrast_by_cell(intensity: pd.DataFrame) -> pd.DataFrame:
    """Reduce the contrast that images kept to cells.

    Parameters
    ----------
    intensity : pandas.DataFrame
        `reports.records.run_folder.Run.intensity`.

    Returns
    -------
    pandas.DataFrame
        case, image, dose, restorer; mean and least contrast kept, and the share of images below
        `CONTRAST_FLOOR`. Empty if nothing was measured.
    """
    if intensity.empty:
        return pd.DataFrame(columns=[*CELL, "mean", "least", "below"])
    kept = intensity.assign(below=intensity["contrast_kept"] < CONTRAST_FLOOR)
    cells = kept.groupby(list(CELL)).agg(
        mean=("contrast_kept", "mean"), least=("contrast_kept", "min"), below=("below", "mean")
    )
    return cells.reset_index()


def unresolved_cells(contrast: pd.DataFrame, restorers: Restorers) -> frozenset[CellName]:
    """Find the cells whose images kept less than the floor of contrast.

    They did so in the mean, or more than `MOST_BELOW` of them did.

    Parameters
    ----------
    contrast : pandas.DataFrame
        `contrast_of` the run.
    restorers : Restorers
        Of the run. Raw images and references are never among the cells: nothing made them.

    Returns
    -------
    frozenset of tuple
        (case, image, dose, restorer), further fits of the same images included.
    """
    below = contrast[(contrast["mean"] < CONTRAST_FLOOR) | (contrast["below"] > MOST_BELOW)]
    return frozenset(
        (str(case), str(image), float(dose), name)
        for case, image, dose, restorer in zip(*(below[name] for name in CELL), strict=True)
        for name, info in restorers.by_name.items()
        if str(restorer) in (name, info.of)
        and not (restorers.is_raw(name) or restorers.is_reference(name))
    )


def without_unresolved(rows: pd.DataFrame, unresolved: frozenset[CellName]) -> pd.DataFrame:
    """Drop positions, counts and SCS of cells whose columns are not resolved.

    Parameters
    ----------
    rows : pandas.DataFrame
        A summary or paired comparisons.
    unresolved : frozenset of tuple
        `unresolved_cells`.
    """
    if not unresolved or rows.empty:
        return rows
    names = rows["metric"].astype(str)
    of_columns = names.str.startswith(_OF_COLUMNS) & ~names.isin(_OF_CASE)
    return rows[~(of_columns & _hidden(rows, unresolved))]


def resolved_alone(rows: pd.DataFrame, unresolved: frozenset[CellName]) -> pd.DataFrame:
    """Drop every row of cells whose columns are not resolved.

    Parameters
    ----------
    rows : pandas.DataFrame
        Of case, image, dose and restorer, and of nothing but what is read from columns or from
        their lattice.
    unresolved : frozenset of tuple
        `unresolved_cells`.
    """
    return rows[~_hidden(rows, unresolved)] if unresolved and len(rows) else rows


def _hidden(rows: pd.DataFrame, unresolved: frozenset[CellName]) -> "pd.Series[bool]":
    keys = zip(*(rows[name] for name in CELL), strict=True)
    return pd.Series([key in unresolved for key in keys], index=rows.index)
