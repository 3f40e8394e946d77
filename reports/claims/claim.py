"""A claim of the paper: what it says, where, and what decides it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from reports.claims.rules import NO_RECORD, Number, Rule
from reports.claims.run_tables import RunTables

Evidence = Callable[[RunTables], Sequence[Number]]


def no_record(tables: RunTables) -> Sequence[Number]:
    """Evidence for a claim that no record of a run decides."""
    del tables
    return ()


@dataclass(frozen=True, kw_only=True)
class Claim:
    """One claim of the paper (doi:10.1038/s41524-023-01188-0).

    Attributes
    ----------
    number : int
        1 to 40, as in docs/claims.md.
    text : str
        What is claimed.
    place : str
        Where in the paper.
    needs : str
        What a run must hold for it to be decided; printed where it is missing.
    evidence : callable
        Numbers of a run that speak for or against it; none if the run does not hold them.
    rule : Rule
        What the intervals decide.
    condition : str
        Under which condition the verdict holds, whichever it is.
    every_dose : str
        Case of which the claim speaks at all doses; '' for none. While one of them is missing it
        can be refuted, but not confirmed.
    figure : str
        Figure of the report that shows the numbers, without the ending; '' if there is none.
    decided_by : str
        Counterpart of a figure or table of the paper whose own numbers decide, by its number, where
        no record of a run does (`stembench figures`); '' for a claim that a run decides.
    """

    number: int
    text: str
    place: str
    needs: str
    evidence: Evidence = no_record
    rule: Rule = NO_RECORD
    condition: str = ""
    every_dose: str = ""
    figure: str = ""
    decided_by: str = ""

    def __post_init__(self) -> None:
        if self.decided_by and self.evidence is not no_record:
            raise ValueError(f"claim {self.number} is decided by a figure or by a run, not by both")
