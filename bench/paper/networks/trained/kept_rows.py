"""Results of experiments as tables that grow by one training at a time."""

from pathlib import Path

import pandas as pd

from stembench.atomic_files import replacing
from stembench.errors import InputError


def read_rows(path: Path, /) -> pd.DataFrame:
    """Read the rows of an experiment; a table without rows if there are none yet.

    Raises
    ------
    InputError
        If the file is no such table.
    """
    if not path.exists():
        return pd.DataFrame({"name": pd.Series(dtype=str), "seed": pd.Series(dtype=int)})
    try:
        rows = pd.read_csv(path)
    except (OSError, ValueError) as error:
        raise InputError(
            f"{path} is no table of an experiment; restore it from the repository, or remove it "
            "to have it made again"
        ) from error
    if not {"name", "seed"} <= set(rows.columns):
        raise InputError(
            f"{path} lacks the columns name and seed; restore it from the repository, or remove "
            "it to have it made again"
        )
    return rows


def has_rows(path: Path, /, *, name: str, seed: int) -> bool:
    """Whether a table holds what came of one training."""
    rows = read_rows(path)
    return bool(((rows["name"] == name) & (rows["seed"] == seed)).any())


def add_rows(path: Path, rows: pd.DataFrame, /) -> None:
    """Add rows at the end of a table, whole or not at all."""
    found = read_rows(path)
    joined = rows if found.empty else pd.concat([found, rows], ignore_index=True)
    with replacing(path) as temporary:
        joined.to_csv(temporary, index=False, lineterminator="\n")
