"""Bounds beside the records': what kinds there are, what each takes as known, and their file.

A run folder holds them in ``bounds.parquet``; one that was written before there were any has none,
and its report goes without.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pandas as pd

from reports.records.run_files import Origin, read_table, write_table
from stembench.errors import InputError

#: File of a run folder with the Cramér-Rao bounds of its cells.
BOUNDS_FILE: Final = "bounds.parquet"

#: name -> (dtype, unit, meaning)
BOUND_COLUMNS: Final[dict[str, tuple[str, str, str]]] = {
    "case": ("str", "", "name of the case"),
    "image": ("str", "", "label of the image within the case"),
    "dose": ("float64", "e/Å²", "mean electron dose"),
    "column": ("int32", "", "number of the atomic column, as in the records"),
    "kind": ("str", "", "name in BOUND_KINDS"),
    "x": ("float64", "px", "least standard deviation of x"),
    "y": ("float64", "px", "least standard deviation of y"),
    "distance": ("float64", "px", "mean length of a Gaussian error of position at the bound"),
    "scs": ("float64", "Å²", "least standard deviation of the scattering cross-section"),
}
#: Identity of a row; no two rows of a run share it.
BOUND_KEYS: Final = ("case", "image", "dose", "column", "kind")


@dataclass(frozen=True)
class BoundKind:
    """One set of assumptions under which a bound is stated.

    Attributes
    ----------
    name : str
        In the file and in CSV files.
    label : str
        Name for readers, in legends and tables.
    known : str
        What is taken as known, in one sentence; everything else is estimated from the image.
    drawn_with : tuple of str
        Metrics in whose panels it is drawn as a line, the first image of a case against dose or
        thickness; the table has it in any case.
    """

    name: str
    label: str
    known: str
    drawn_with: tuple[str, ...] = ()


#: The bound in the records' own columns x_crb, y_crb and scs_crb, which is not in the file.
RECORDED: Final = BoundKind(
    "recorded",
    "Cramér-Rao bound",
    "That columns are Gaussians with the widths and the background of the fit (under the figure), "
    "and the noise; their positions, heights and free widths are unknown.",
)
CONSTANT_BACKGROUND: Final = BoundKind(
    "constant-background",
    "bound with background",
    "That columns are Gaussians which share one width; a constant background is unknown too.",
    drawn_with=("scs_std_pct",),
)
COLUMN_WIDTHS: Final = BoundKind(
    "column-widths",
    "bound with a width per column",
    "That columns are Gaussians on no background; each column's width is unknown.",
)

_LINES: Final = (
    "That columns are Gaussians on no background and share one width, and how the displacements of "
    "scan lines scatter and correlate; the displacements themselves, positions, heights and the "
    "width are unknown, the lattice too. The trailing response of the fast scan is left out."
)
_AVERAGED: Final = " The mean over displacements, to first order in the errors."
_STRICT: Final = " Of the mean information over displacements: strict, but out of reach."
_UNSHIFTED: Final = " The rigid shift, the mean error of an image's measured columns, is taken off."
HYBRID: Final = BoundKind(
    "hybrid",
    "hybrid bound",
    _LINES + _AVERAGED,
    drawn_with=("position_mae_pm",),
)
HYBRID_UNSHIFTED: Final = BoundKind(
    "hybrid-unshifted",
    "hybrid bound without rigid shift",
    _LINES + _UNSHIFTED + _AVERAGED,
    drawn_with=("position_mae_unshifted_pm",),
)
STRICT: Final = BoundKind("hybrid-strict", "strict hybrid bound", _LINES + _STRICT)
STRICT_UNSHIFTED: Final = BoundKind(
    "hybrid-strict-unshifted",
    "strict hybrid bound without rigid shift",
    _LINES + _UNSHIFTED + _STRICT,
)

#: Kinds in the order of the table. A new kind adds its line here.
_DECLARED: Final = (
    RECORDED,
    CONSTANT_BACKGROUND,
    COLUMN_WIDTHS,
    HYBRID,
    HYBRID_UNSHIFTED,
    STRICT,
    STRICT_UNSHIFTED,
)

BOUND_KINDS: Final[dict[str, BoundKind]] = {kind.name: kind for kind in _DECLARED}


def conform_bounds(frame: pd.DataFrame) -> pd.DataFrame:
    """Return `frame` with exactly the columns, order and dtypes of `BOUND_COLUMNS`.

    Raises
    ------
    ValueError
        If a column is missing, a kind is not declared, or two rows share their identity.
    """
    missing = [name for name in BOUND_COLUMNS if name not in frame]
    if missing:
        raise ValueError(f"bounds lack {', '.join(missing)}")
    dtypes = {name: dtype for name, (dtype, _, _) in BOUND_COLUMNS.items()}
    out = frame[list(BOUND_COLUMNS)].astype(dtypes).reset_index(drop=True)
    unknown = sorted(set(out["kind"].unique()) - set(BOUND_KINDS))
    if unknown:
        raise ValueError(f"bounds of unknown kind {', '.join(unknown)}")
    if out.duplicated(list(BOUND_KEYS)).any():
        raise ValueError(f"bounds repeat a row: two share the same {', '.join(BOUND_KEYS)}")
    return out


def read_bounds(folder: Path, *, origin: Origin) -> pd.DataFrame | None:
    """Read the bounds of the run `origin` in a folder.

    Returns
    -------
    pandas.DataFrame or None
        Rows of `BOUND_COLUMNS`; None if the folder holds no file of bounds.

    Raises
    ------
    DamagedFileError
        If the file is not as it was written.
    InputError
        If it cannot be read, is of another run or holds something else.
    """
    path = folder / BOUNDS_FILE
    if not path.exists():
        return None
    rows = read_table(path, origin=origin, block=BOUNDS_FILE).rows
    try:
        return conform_bounds(rows)
    except ValueError as error:
        raise InputError(
            f"{path} cannot be read as bounds ({error}): delete it and run again"
        ) from error


def write_bounds_file(folder: Path, rows: pd.DataFrame, *, origin: Origin) -> None:
    """Write the bounds of the run `origin`, whole or not at all."""
    write_table(folder / BOUNDS_FILE, rows, origin=origin, block=BOUNDS_FILE)
