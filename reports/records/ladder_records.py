"""Records of ladders: the record schema, and the rung of the ladder that each row met.

They lie in folders of a run named after the kind of ladder, apart from its ``records``: one image
and dose is run once more per rung, so that rows of two rungs share the identity that records are
told apart by.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import pandas as pd

from reports.records.ladder import Kind, Ladder, Rung
from reports.records.run_folder import Run, read_blocks
from reports.records.schema import conform
from stembench.errors import InputError

#: The column that records of a ladder have beyond the record schema.
RUNG: Final = "noise"


@dataclass(frozen=True)
class LadderRecords:
    """The records of one ladder of a run.

    Attributes
    ----------
    ladder : Ladder
        As the run declares it.
    rungs : tuple of Rung
        Those that have records, in order.
    records : pandas.DataFrame
        Rows of `reports.records.schema.COLUMNS` and `RUNG`.
    """

    ladder: Ladder
    rungs: tuple[Rung, ...]
    records: pd.DataFrame

    def at(self, label: str) -> pd.DataFrame:
        """Rows of one rung in the record schema."""
        return conform(self.records[self.records[RUNG] == label].drop(columns=RUNG))


def with_rung(records: pd.DataFrame, label: str) -> pd.DataFrame:
    """Return conforming records with the label of their rung beside them."""
    return records.assign(**{RUNG: label})


def load_ladders(run: Run, kind: Kind) -> list[LadderRecords]:
    """Read the ladders of one kind of a run.

    Parameters
    ----------
    run : Run
    kind : {'ablation', 'axes'}

    Returns
    -------
    list of LadderRecords
        In the order in which the run declares them; without those that have no record yet.

    Raises
    ------
    InputError
        If a file cannot be read, or what it holds is not of a ladder that ``run.json`` declares.
    """
    declared = [ladder for ladder in run.info.ladders if ladder.kind == kind]
    folder = run.folder / kind
    frames = [table.rows for table in read_blocks(run.folder, run.info, kind=kind).values()]
    if not declared or not frames:
        return []
    rows = pd.concat(frames, ignore_index=True)
    _check(rows, declared, kind=kind, folder=str(folder))
    found = [(ladder, _of(ladder, rows)) for ladder in declared]
    there = [(ladder, set(own[RUNG].unique()), own) for ladder, own in found if len(own)]
    return [
        LadderRecords(ladder, tuple(rung for rung in ladder.rungs if rung.label in labels), own)
        for ladder, labels, own in there
    ]


def _of(ladder: Ladder, rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of one ladder."""
    own = (
        (rows["case"] == ladder.case)
        & (rows["image"] == ladder.image)
        & (rows["dose"] == ladder.dose)
        & rows[RUNG].isin(ladder.labels)
    )
    return rows[own]


def _check(rows: pd.DataFrame, declared: Sequence[Ladder], *, kind: str, folder: str) -> None:
    """Refuse rows of no ladder of the run, of another schema, or there twice."""
    if RUNG not in rows or sum(len(_of(ladder, rows)) for ladder in declared) != len(rows):
        labels = ", ".join(dict.fromkeys(label for one in declared for label in one.labels))
        raise InputError(
            f"the records in {folder} are not of the run's {kind} ({labels}): delete that folder"
            " and run again"
        )
    try:
        for _, own in rows.groupby(RUNG):
            conform(own.drop(columns=RUNG))
    except ValueError as error:
        raise InputError(f"the records in {folder} are not of one run: {error}") from error
