"""Records of edited images, told from those of images as they are."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pandas as pd

from cases import Case
from stembench.errors import InputError

#: File of a run folder with the joint Cramér-Rao matrix of perfect crystals, by the distance of
#: their columns.
LAG_COVARIANCE: Final = "lag_covariance.parquet"


def edited_mask(records: pd.DataFrame, cases: Mapping[str, Case]) -> "pd.Series[bool]":
    """Tell the records of edited images from those of images as they are.

    Parameters
    ----------
    records : pandas.DataFrame
        Rows of `reports.records.schema.COLUMNS`.
    cases : mapping of str to Case
        Cases of the run.
    """
    edited = {
        (name, label)
        for name, case in cases.items()
        if (edits := case.structure.edits_on_host) is not None
        for label in case.labels
        if edits.edit_of(label) is not None
    }
    if not edited:
        return pd.Series(data=False, index=records.index)
    labels = pd.MultiIndex.from_frame(records[["case", "image"]])
    return pd.Series(labels.isin(edited), index=records.index)


def load_lag_covariance(folder: Path) -> pd.DataFrame | None:
    """Read the joint Cramér-Rao matrix of a run's perfect crystals; None if the run has none.

    Raises
    ------
    InputError
        If the file cannot be read.
    """
    path = folder / LAG_COVARIANCE
    if not path.is_file():
        return None
    try:
        return pd.read_parquet(path)
    except (OSError, ValueError) as error:  # pyarrow's errors are either of the two
        raise InputError(
            f"{path} cannot be read as Parquet ({error}): delete it and run again"
        ) from error
