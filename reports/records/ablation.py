"""Records of an ablation: the record schema, and the rung of the noise ladder each row met.

They lie in a run folder's ``ablation``, apart from its ``records``: one image and dose is run once
more per rung, so that rows of two rungs share the identity that records are told apart by.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import pandas as pd

from reports.records.run_folder import Run, read_frames
from reports.records.schema import conform
from stembench.errors import InputError

#: The column that records of an ablation have beyond the record schema.
RUNG: Final = "noise"


@dataclass(frozen=True)
class AblationRecords:
    """The records of a run's ablation.

    Attributes
    ----------
    rungs : tuple of str
        Labels of the rungs that have records, from counting alone to the whole chain.
    records : pandas.DataFrame
        Rows of `reports.records.schema.COLUMNS` and `RUNG`.
    """

    rungs: tuple[str, ...]
    records: pd.DataFrame

    def at(self, rung: str) -> pd.DataFrame:
        """Rows of one rung in the record schema."""
        return conform(self.records[self.records[RUNG] == rung].drop(columns=RUNG))


def with_rung(records: pd.DataFrame, rung: str) -> pd.DataFrame:
    """Return conforming records with their rung beside them."""
    return records.assign(**{RUNG: rung})


def load_ablation(run: Run) -> AblationRecords | None:
    """Read the ablation of a run.

    Parameters
    ----------
    run : Run

    Returns
    -------
    AblationRecords or None
        None if the run has no ablation, or no record of it yet.

    Raises
    ------
    InputError
        If a file cannot be read, or what it holds is not of the ablation that ``run.json``
        declares.
    """
    declared = run.info.ablation
    folder = run.folder / "ablation"
    frames = read_frames(folder)
    if declared is None or not frames:
        return None
    rows = pd.concat(frames, ignore_index=True)
    rungs = list(declared.rungs)
    _check(rows, rungs, folder=str(folder))
    present = set(rows[RUNG])
    return AblationRecords(tuple(rung for rung in rungs if rung in present), rows)


def _check(rows: pd.DataFrame, rungs: Sequence[str], *, folder: str) -> None:
    """Refuse rows of unknown rungs, of another schema, or there twice."""
    if RUNG not in rows or not set(rows[RUNG]) <= set(rungs):
        raise InputError(
            f"the records in {folder} are not of the run's ablation ({', '.join(rungs)}): delete"
            " that folder and run again"
        )
    try:
        for _, own in rows.groupby(RUNG):
            conform(own.drop(columns=RUNG))
    except ValueError as error:
        raise InputError(f"the records in {folder} are not of one run: {error}") from error
