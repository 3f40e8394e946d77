"""Records of edited images, told from those of images as they are."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pandas as pd

from cases import Case
from reports.records.run_files import Origin, read_table

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


def load_lag_covariance(folder: Path, *, origin: Origin) -> pd.DataFrame | None:
    """Read the joint Cramér-Rao matrix of the perfect crystals of the run `origin`, if any.

    Raises
    ------
    InputError
        If the file cannot be read, is not as it was written, or is of another run.
    """
    path = folder / LAG_COVARIANCE
    if not path.exists():
        return None
    return read_table(path, origin=origin, block=LAG_COVARIANCE).rows
