"""Atom counts of an own image's columns by a library of scattering cross-sections."""

import csv
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from stembench.errors import InputError

#: Names that a library's columns may have, in lower case.
_COUNT_NAMES: Final = ("count", "atoms", "n_atoms", "n", "number of atoms")
_SCS_NAMES: Final = ("scs", "scs_a2", "cross_section", "scattering cross-section")


def read_library(path: Path) -> dict[int, float]:
    """SCS in Å² by number of atoms, from a table with the columns count and scs.

    Parameters
    ----------
    path : pathlib.Path
        Text with commas, semicolons, tabs or blanks between columns.

    Raises
    ------
    InputError
        If the file is missing, or not such a table.
    """
    if not path.is_file():
        raise InputError(f"there is no file {path}")
    try:
        table = pd.read_csv(path, sep=None, engine="python", comment="#")
    except (ValueError, OSError, csv.Error) as error:
        raise InputError(f"{path} cannot be read as a table: {error}") from error
    names = {str(name).strip().lower(): name for name in table.columns}
    count = next((names[name] for name in _COUNT_NAMES if name in names), None)
    scs = next((names[name] for name in _SCS_NAMES if name in names), None)
    if count is None or scs is None:
        raise InputError(
            f"{path} needs the columns count and scs (in Å²); it has"
            f" {', '.join(map(str, table.columns))}"
        )
    try:
        counts = table[count].to_numpy(dtype=np.float64)
        values = table[scs].to_numpy(dtype=np.float64)
    except ValueError as error:
        raise InputError(f"{path} holds something else than numbers: {error}") from error
    if not len(counts) or not (np.isfinite(counts).all() and np.isfinite(values).all()):
        raise InputError(f"{path} holds no rows, or rows without a number")
    if (counts != np.round(counts)).any() or (counts < 1).any():
        raise InputError(f"{path}: numbers of atoms are whole and 1 or more")
    if len(set(counts)) != len(counts):
        raise InputError(f"{path} holds a number of atoms twice")
    if counts.max() - counts.min() + 1 != len(counts):
        raise InputError(
            f"{path} lacks numbers of atoms between {counts.min():g} and {counts.max():g}; columns"
            " of these would be counted as others"
        )
    order = np.argsort(counts)
    if (values[order] <= 0).any() or (np.diff(values[order]) <= 0).any():
        raise InputError(f"{path}: SCS must be positive and rise with the number of atoms")
    return {int(n): float(v) for n, v in zip(counts, values, strict=True)}


def with_counts(table: pd.DataFrame, library: dict[int, float]) -> tuple[pd.DataFrame, int]:
    """Add the columns atoms and atoms_probability to the table of a fit.

    Parameters
    ----------
    table : pandas.DataFrame
        With scs and scs_err in Å².
    library : dict
        See `read_library`.

    Returns
    -------
    table : pandas.DataFrame
        A copy. Columns whose SCS lies beyond the library have no count.
    beyond : int
        How many these are.

    Notes
    -----
    Beyond is more than half a step above the last entry, or, unless the library begins with one
    atom, more than half a step below the first; the step is that of the two entries there.
    """
    from fitting import count_atoms

    scs = table["scs"].to_numpy(dtype=np.float64)
    values = np.array([library[n] for n in sorted(library)])
    steps = np.diff(values) if len(values) > 1 else values[:1]
    low = 0.5 * values[0] if min(library) == 1 else values[0] - 0.5 * steps[0]
    beyond = np.isfinite(scs) & ((scs > values[-1] + 0.5 * steps[-1]) | (scs < low))
    counted = count_atoms(scs, library, scs_err=table["scs_err"].to_numpy(dtype=np.float64))
    outcome = table.copy()
    outcome["atoms"] = np.where(beyond, np.nan, counted["count"].to_numpy())
    outcome["atoms_probability"] = np.where(beyond, np.nan, counted["probability"].to_numpy())
    return outcome, int(beyond.sum())
