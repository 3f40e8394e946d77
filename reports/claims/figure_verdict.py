"""Verdict on a claim that a figure's own numbers give, for claims that no run decides."""

from dataclasses import dataclass

from reports.claims.rules import Number, Outcome


@dataclass(frozen=True, kw_only=True)
class FigureVerdict:
    """What a counterpart of one of the paper's figures says about a claim.

    Attributes
    ----------
    claim : int
        Number of the claim.
    figure : str
        Number of the figure, or the name of a table: '1', 'altered-images'.
    name : str
        What its files are called.
    outcome : str
        As the rule gives it.
    deciding : Number or None
        The number that decides; None where the figure does not keep it.
    numbers : str
        All numbers with their intervals.
    n_numbers : int
    conditions : str
        Verdict of each condition of a rule that has several; '' for one.
    rule : str
        In words.
    drawn_by : str
        Program that drew the figure, with its commit.
    """

    claim: int
    figure: str
    name: str
    outcome: Outcome
    deciding: Number | None = None
    numbers: str = ""
    n_numbers: int = 0
    conditions: str = ""
    rule: str = ""
    drawn_by: str = ""

    @property
    def decided_by(self) -> str:
        """Which figure decides, and what drew it."""
        by = f" ({self.drawn_by})" if self.drawn_by else ""
        return f"{figure_title(self.figure)}{by}"


def figure_title(number: str) -> str:
    """Name a figure for readers: 'figure 1', 'table altered-images'."""
    return f"{'figure' if number.lstrip('s').isdigit() else 'table'} {number}"
