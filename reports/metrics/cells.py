"""Cells of records: the columns of one case, image, dose and restorer as arrays."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from reports.records.fit_flags import AT_LIMIT, NOT_RESOLVED
from reports.statistics.moments import Moments
from stembench.arrays import Bools, Floats
from stembench.errors import InputError

#: What tells cells apart.
CELL: Final = ("case", "image", "dose", "restorer")
#: What a row of every tidy table says of its cell; the thickness follows from case and image.
CELL_COLUMNS: Final = ("case", "image", "thickness", "dose", "restorer")
#: Largest share of fits with a parameter at its limit with which a ratio to a bound is given: the
#: bound is that of an estimator whose parameters are free.
MOST_AT_LIMIT: Final = 0.05
_PM_PER_ANGSTROM = 100.0
_GRIDDED = (
    "x_fit",
    "y_fit",
    "scs",
    "x_ref",
    "y_ref",
    "scs_ref",
    "x_err",
    "y_err",
    "scs_err",
    "x_true",
    "y_true",
    "x_crb",
    "y_crb",
    "scs_crb",
    "count_fit",
    "count_ref",
    "count_true",
)
#: What cells are made of: the other columns need not be sorted.
_READ: Final = (*CELL_COLUMNS, "realization", "column", "sampling", "flags", *_GRIDDED)


@dataclass(frozen=True)
class Cell:
    """The measured columns of one case, image, dose and restorer.

    Arrays of shape (n_realizations, n_columns) unless said otherwise; errors are NaN where the
    fit failed.

    Attributes
    ----------
    case, image, restorer : str
        Names.
    thickness : int
        Unit cells.
    dose : float
        e/Å².
    sampling : float
        Å/px.
    realizations : ndarray of int, shape (n_realizations,)
        Numbers of the realizations, ascending.
    columns : ndarray of int, shape (n_columns,)
        Numbers of the columns, ascending.
    error_pm : ndarray, shape (2, n_realizations, n_columns)
        x and y less the reference, in pm.
    error_true_pm : ndarray, shape (2, n_realizations, n_columns)
        x and y less the mean position of the atoms, in pm.
    scs_error_pct : ndarray
        SCS / SCS_ref - 1 in percent; NaN too for a site without atoms.
    stated_pm : ndarray, shape (2, n_realizations, n_columns)
        Standard errors of x and y that the fits state, in pm; NaN where they state none.
    scs_stated_pct : ndarray
        Standard error of SCS / SCS_ref that the fits state, in percent; NaN likewise.
    bound_pm : ndarray, shape (2, n_columns)
        Cramér-Rao bound of x and y in pm; NaN where none is stated.
    scs_bound_pct : ndarray, shape (n_columns,)
        Cramér-Rao bound of SCS / SCS_ref in percent; NaN where none is stated.
    counted_right : ndarray of bool or None
        Whether the atom count is exact; None if the case is not counted.
    counted_right_clean : ndarray of bool, shape (n_columns,), or None
        Whether the atom count of the noise-free image is exact.
    failed, flagged, at_limit : ndarray of bool
        Whether the fit failed; whether it carries any flag; whether a parameter ended at its limit.
    unresolved : ndarray of bool, shape (n_realizations,)
        Images that were not fitted because too little of the columns' contrast was left.
    """

    case: str
    image: str
    restorer: str
    thickness: int
    dose: float
    sampling: float
    realizations: NDArray[np.int64]
    columns: NDArray[np.int64]
    error_pm: Floats
    error_true_pm: Floats
    scs_error_pct: Floats
    stated_pm: Floats
    scs_stated_pct: Floats
    bound_pm: Floats
    scs_bound_pct: Floats
    counted_right: Bools | None
    counted_right_clean: Bools | None
    failed: Bools
    flagged: Bools
    at_limit: Bools
    unresolved: Bools

    @property
    def limited(self) -> bool:
        """Whether so many fits ended at a limit that no ratio to a bound is given."""
        return bool(self.at_limit.mean() > MOST_AT_LIMIT)

    @property
    def key(self) -> tuple[str, str, float, str]:
        """The cell's (case, image, dose, restorer)."""
        return self.case, self.image, self.dose, self.restorer

    @property
    def cell_columns(self) -> dict[str, str | int | float]:
        """What a row of a tidy table says of the cell, by `CELL_COLUMNS`."""
        return {name: getattr(self, name) for name in CELL_COLUMNS}

    @cached_property
    def position(self) -> Moments:
        """Moments of x and y less the reference."""
        return Moments(self.error_pm)

    @cached_property
    def position_true(self) -> Moments:
        """Moments of x and y less the mean position of the atoms."""
        return Moments(self.error_true_pm)

    @cached_property
    def distance(self) -> Moments:
        """Moments of the distance from the reference in the image plane."""
        return Moments(np.hypot(*self.error_pm)[np.newaxis])

    @cached_property
    def distance_true(self) -> Moments:
        """Moments of the distance from the mean position of the atoms in the image plane."""
        return Moments(np.hypot(*self.error_true_pm)[np.newaxis])

    @cached_property
    def error_unshifted_pm(self) -> Floats:
        """Errors of x and y less their mean over the image's fitted columns."""
        fitted = np.isfinite(self.error_pm)
        total = np.where(fitted, self.error_pm, 0.0).sum(axis=2, keepdims=True)
        unshifted: Floats = self.error_pm - total / np.maximum(fitted.sum(axis=2, keepdims=True), 1)
        return unshifted

    @cached_property
    def scs(self) -> Moments:
        """Moments of SCS / SCS_ref - 1."""
        return Moments(self.scs_error_pct[np.newaxis])

    @cached_property
    def scs_absolute(self) -> Moments:
        """Moments of |SCS / SCS_ref - 1|."""
        return Moments(np.abs(self.scs_error_pct)[np.newaxis])

    @cached_property
    def positions_held(self) -> bool:
        """Whether the fits held the positions: all errors are exactly zero."""
        fitted = np.isfinite(self.error_pm)
        return bool(fitted.any() and not self.error_pm[fitted].any())

    def at(self, realizations: NDArray[np.int64]) -> "Cell":
        """Return the cell with these of its realizations alone, in ascending order."""
        keep = np.isin(self.realizations, realizations)
        return replace(
            self,
            realizations=self.realizations[keep],
            error_pm=self.error_pm[:, keep],
            error_true_pm=self.error_true_pm[:, keep],
            scs_error_pct=self.scs_error_pct[keep],
            stated_pm=self.stated_pm[:, keep],
            scs_stated_pct=self.scs_stated_pct[keep],
            counted_right=None if self.counted_right is None else self.counted_right[keep],
            failed=self.failed[keep],
            flagged=self.flagged[keep],
            at_limit=self.at_limit[keep],
            unresolved=self.unresolved[keep],
        )


def cells(records: pd.DataFrame) -> list[Cell]:
    """Cut records into cells of measured columns.

    Parameters
    ----------
    records : pandas.DataFrame
        Rows of `reports.records.schema.COLUMNS`.

    Returns
    -------
    list of Cell
        Sorted by case, thickness, image, dose and restorer. Cells without a measured column have
        no figures of merit and are left out.

    Raises
    ------
    InputError
        If a realization lacks the row of a column that another realization of its cell has: a
        column must not vanish silently.
    """
    measured = records.loc[records["measured"].to_numpy(dtype=bool), list(_READ)]
    counted = {
        str(case) for case, rows in measured.groupby("case") if rows["count_fit"].notna().any()
    }
    cut = [_cell(rows, counted=counted) for _, rows in measured.groupby(list(CELL), sort=False)]
    return sorted(cut, key=lambda c: (c.case, c.thickness, c.image, c.dose, c.restorer))


def _cell(rows: pd.DataFrame, *, counted: set[str]) -> Cell:
    """Build one cell from its rows."""
    rows = rows.sort_values(["realization", "column"])
    first = rows.iloc[0]
    realizations = np.unique(rows["realization"].to_numpy()).astype(np.int64)
    columns = np.unique(rows["column"].to_numpy()).astype(np.int64)
    shape = (realizations.size, columns.size)
    if len(rows) != shape[0] * shape[1]:
        raise InputError(
            f"the records of {first['case']} {first['image']}, {first['dose']:g} e/Å², "
            f"{first['restorer']} hold {len(rows)} rows instead of {shape[0]} realizations x "
            f"{shape[1]} columns: rows were lost, run the benchmark again into a new folder"
        )
    grid = {name: rows[name].to_numpy(dtype=np.float64).reshape(shape) for name in _GRIDDED}
    sampling = float(first["sampling"])
    pm = sampling * _PM_PER_ANGSTROM
    failed = ~(np.isfinite(grid["x_fit"]) & np.isfinite(grid["y_fit"]) & np.isfinite(grid["scs"]))
    fitted = {name: np.where(failed, np.nan, grid[name]) for name in ("x_fit", "y_fit", "scs")}
    x, y = fitted["x_fit"], fitted["y_fit"]
    # An empty site has no SCS that an error could be relative to.
    scs_ref = np.where(grid["count_true"] > 0, grid["scs_ref"], np.nan)
    right = clean = None
    if str(first["case"]) in counted:
        # NaN equals nothing, so a column without a count is wrong.
        right = ~failed & (grid["count_fit"] == grid["count_true"])
        clean = grid["count_ref"][0] == grid["count_true"][0]
    bits = rows["flags"].to_numpy().reshape(shape)
    return Cell(
        case=str(first["case"]),
        image=str(first["image"]),
        restorer=str(first["restorer"]),
        thickness=int(first["thickness"]),
        dose=float(first["dose"]),
        sampling=sampling,
        realizations=realizations,
        columns=columns,
        error_pm=np.stack([x - grid["x_ref"], y - grid["y_ref"]]) * pm,
        error_true_pm=np.stack([x - grid["x_true"], y - grid["y_true"]]) * pm,
        scs_error_pct=(fitted["scs"] / scs_ref - 1) * 100,
        stated_pm=np.stack([grid["x_err"], grid["y_err"]]) * pm,
        scs_stated_pct=grid["scs_err"] / scs_ref * 100,
        bound_pm=np.stack([_rms_rows(grid["x_crb"]), _rms_rows(grid["y_crb"])]) * pm,
        scs_bound_pct=_rms_rows(grid["scs_crb"] / scs_ref) * 100,
        counted_right=right,
        counted_right_clean=clean,
        failed=failed,
        flagged=bits != 0,
        at_limit=(bits & AT_LIMIT) != 0,
        unresolved=((bits & NOT_RESOLVED) != 0).all(axis=1),
    )


def _rms_rows(values: Floats) -> Floats:
    """Root mean square over realizations of the stated values, NaN for a column with none."""
    stated = np.isfinite(values)
    count = stated.sum(axis=0)
    total = np.sum(np.where(stated, values, 0.0) ** 2, axis=0)
    return np.where(count > 0, np.sqrt(total / np.maximum(count, 1)), np.nan)
