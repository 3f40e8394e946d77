"""Claims judged by the numbers of a run, and the tidy tables of that."""

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import pandas as pd

from reports.claims.claim import Claim
from reports.claims.figure_verdict import FigureVerdict, figure_title
from reports.claims.registry import CLAIMS
from reports.claims.rules import Number, Outcome
from reports.claims.run_tables import RunTables

_COLUMNS: Final = (
    "claim",
    "text",
    "place",
    "verdict",
    "value",
    "low",
    "high",
    "unit",
    "at",
    "n_numbers",
    "condition",
    "conditions",
    "rule",
    "missing",
    "figure",
    "decided_by",
    "run",
)
_NUMBER_COLUMNS: Final = (
    "claim",
    "condition",
    "at",
    "value",
    "low",
    "high",
    "unit",
    "condition_verdict",
    "verdict",
)


@dataclass(frozen=True)
class JudgedClaim:
    """A claim with the numbers of a run and the verdict that its rule gives.

    Attributes
    ----------
    claim : Claim
    numbers : tuple of Number
        Of the run.
    verdict : str
    by_figure : FigureVerdict or None
        What decides in place of the run.
    """

    claim: Claim
    numbers: tuple[Number, ...]
    verdict: Outcome
    by_figure: FigureVerdict | None = None

    @property
    def told(self) -> bool:
        """Whether there is a number that speaks for or against the claim."""
        return bool(self.numbers) or self.by_figure is not None

    @property
    def decided_by(self) -> str:
        """What the numbers are of: 'run', or a figure with the program that drew it."""
        if self.by_figure is not None:
            return self.by_figure.decided_by
        return "run" if self.numbers else ""

    @property
    def deciding(self) -> Number | None:
        """The number that decides."""
        if self.by_figure is not None:
            return self.by_figure.deciding
        return self.claim.rule.deciding(self.numbers)

    @property
    def rule(self) -> str:
        """The rule in words; '' where there is no number."""
        if self.by_figure is not None:
            return self.by_figure.rule
        return self.claim.rule.text if self.claim.condition else ""

    @property
    def by_condition(self) -> str:
        """Verdict of each condition of a rule that has several; '' for one, or without numbers."""
        if self.by_figure is not None:
            return self.by_figure.conditions
        conditions = self.claim.rule.conditions
        if len(conditions) < 2 or not self.numbers:
            return ""
        return "; ".join(f"{c.name}: {c.judge(self.numbers)}" for c in conditions)

    @property
    def missing(self) -> str:
        """What the run does not hold; '' if every condition has a number."""
        if self.by_figure is not None:
            return ""
        if self.claim.decided_by:
            number = self.claim.decided_by
            return (
                f"{figure_title(number)}, which stembench figures {number} -o FOLDER/figures draws "
                f"beside the run in FOLDER; it needs {self.claim.needs}"
            )
        conditions = self.claim.rule.conditions
        whole = all(condition.own(self.numbers) for condition in conditions)
        return "" if whole else self.claim.needs


def judge_claims(
    tables: RunTables,
    *,
    claims: Sequence[Claim] = CLAIMS,
    figures: Mapping[tuple[int, str], FigureVerdict] | None = None,
) -> list[JudgedClaim]:
    """Judge every claim by what a run holds, or by the figure that decides it.

    Parameters
    ----------
    tables : RunTables
    claims : sequence of Claim
    figures : mapping of (int, str) to FigureVerdict, optional
        What figures say, by claim and figure. A claim takes the verdict of the figure that it
        names, and of no other.

    Returns
    -------
    list of JudgedClaim
        In the order of `claims`, those without data too.
    """
    judged = []
    for claim in claims:
        shown = (figures or {}).get((claim.number, claim.decided_by))
        if shown is not None:
            judged.append(JudgedClaim(claim, (), shown.outcome, shown))
            continue
        numbers = tuple(n for n in claim.evidence(tables) if not math.isnan(n.value))
        verdict = claim.rule.judge(numbers)
        if verdict in ("confirmed", "partly") and tables.missing_doses(claim.every_dose):
            verdict = "undecided"
        judged.append(JudgedClaim(claim, numbers, verdict))
    return judged


def claim_rows(
    judged: Iterable[JudgedClaim], *, figures: Collection[str], identity: str = ""
) -> pd.DataFrame:
    """Tidy table, one row per claim.

    Parameters
    ----------
    judged : iterable of JudgedClaim
    figures : collection of str
        Names of the figures that the report has.
    identity : str
        Of the run that is judged (`reports.records.run_files.Origin`).

    Returns
    -------
    pandas.DataFrame
        claim, text, place, verdict; value, low, high, unit, at of the number that decides;
        n_numbers, condition, conditions (the verdict of each condition of the rule), rule, missing
        (what the run does not hold), figure, decided_by ('run', or a figure and what drew it), run
        (the identity).
    """
    rows = []
    for one in judged:
        claim, number = one.claim, one.deciding
        ends = (math.nan,) * 3 if number is None else (number.value, number.low, number.high)
        rows.append(
            {
                "claim": claim.number,
                "text": claim.text,
                "place": claim.place,
                "verdict": one.verdict,
                **dict(zip(("value", "low", "high"), ends, strict=True)),
                "unit": number.unit if number else "",
                "at": number.at if number else "",
                "n_numbers": one.by_figure.n_numbers if one.by_figure else len(one.numbers),
                "condition": claim.condition,
                "conditions": one.by_condition,
                "rule": one.rule,
                "missing": one.missing,
                "figure": shown_figure(one, figures),
                "decided_by": one.decided_by,
                "run": identity,
            }
        )
    return pd.DataFrame(rows, columns=list(_COLUMNS))


def number_rows(judged: Iterable[JudgedClaim]) -> pd.DataFrame:
    """Tidy table, one row per number of every claim that has one."""
    rows = [
        {
            "claim": one.claim.number,
            "condition": number.condition,
            "at": number.at,
            "value": number.value,
            "low": number.low,
            "high": number.high,
            "unit": number.unit,
            "condition_verdict": condition.judge(one.numbers),
            "verdict": one.verdict,
        }
        for one in judged
        for condition in one.claim.rule.conditions
        for number in one.numbers
        if number.condition == condition.name
    ]
    return pd.DataFrame(rows, columns=list(_NUMBER_COLUMNS))


def shown_figure(one: JudgedClaim, figures: Collection[str]) -> str:
    """Name the figure that shows a claim's numbers; '' if there is none."""
    if one.by_figure is not None:
        return one.by_figure.name
    return one.claim.figure if one.numbers and one.claim.figure in figures else ""
