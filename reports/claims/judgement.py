"""Claims judged by the numbers of a run, and the tidy tables of that."""

import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import pandas as pd

from reports.claims.claim import Claim
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
    verdict : str
    """

    claim: Claim
    numbers: tuple[Number, ...]
    verdict: Outcome

    @property
    def by_condition(self) -> str:
        """Verdict of each condition of a rule that has several; '' for one, or without numbers."""
        conditions = self.claim.rule.conditions
        if len(conditions) < 2 or not self.numbers:
            return ""
        return "; ".join(f"{c.name}: {c.judge(self.numbers)}" for c in conditions)

    @property
    def missing(self) -> str:
        """What the run does not hold; '' if every condition has a number."""
        conditions = self.claim.rule.conditions
        whole = all(condition.own(self.numbers) for condition in conditions)
        return "" if whole else self.claim.needs


def judge_claims(tables: RunTables, *, claims: Sequence[Claim] = CLAIMS) -> list[JudgedClaim]:
    """Judge every claim by what a run holds.

    Parameters
    ----------
    tables : RunTables
    claims : sequence of Claim

    Returns
    -------
    list of JudgedClaim
        In the order of `claims`, those without data too.
    """
    judged = []
    for claim in claims:
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
        (what the run does not hold), figure, run (the identity).
    """
    rows = []
    for one in judged:
        claim, number = one.claim, one.claim.rule.deciding(one.numbers)
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
                "n_numbers": len(one.numbers),
                "condition": claim.condition,
                "conditions": one.by_condition,
                "rule": claim.rule.text if claim.condition else "",
                "missing": one.missing,
                "figure": shown_figure(claim, figures) if one.numbers else "",
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


def shown_figure(claim: Claim, figures: Collection[str]) -> str:
    """Name the figure that shows a claim's numbers; '' if the report does not have it."""
    return claim.figure if claim.figure in figures else ""
