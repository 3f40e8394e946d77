"""The table of claims for readers: on the page, in report.md and in claims.md."""

from collections import Counter
from collections.abc import Collection, Sequence
from typing import Final, get_args

from reports.claims.figure_verdict import figure_title
from reports.claims.judgement import JudgedClaim, shown_figure
from reports.claims.rules import Condition, Number, Outcome
from reports.words.tables import Table, escape, markdown_grid

TITLE: Final = "Claims of the paper"
_PAPER: Final = (
    "I. Lobato, T. Friedrich and S. Van Aert, npj Comput. Mater. 10, 10 (2024), "
    "doi:10.1038/s41524-023-01188-0"
)


_FIGURES: Final = (
    "; figures and tables are those that `stembench figures` has put beside it, each with the "
    "commit that drew it in claims.csv"
)


def claim_table(judged: Sequence[JudgedClaim], *, figures: Collection[str]) -> Table:
    """Table of every claim, with data or without.

    Parameters
    ----------
    judged : sequence of JudgedClaim
    figures : collection of str
        Names of the figures that the report has.

    Returns
    -------
    Table
        Number, claim, place, our number with its interval, verdict, condition, figure.
    """
    count = Counter(one.verdict for one in judged)
    tally = ", ".join(f"{count[name]} {name}" for name in get_args(Outcome))
    return Table(
        title=TITLE,
        note=f"{len(judged)} claims of the paper ({_PAPER}) by {_deciders(judged)}: {tally}. The "
        "verdict follows from the whole 95 % interval of each number by the rule that stands with "
        "it; intervals hold one by one. No data: this run does not hold what is needed"
        f"{_FIGURES if any(one.by_figure for one in judged) else ''}.",
        header=(
            "no.",
            "claim",
            "place",
            "our number (95 % interval)",
            "verdict",
            "condition",
            "figure",
        ),
        rows=tuple(_row(one, figures) for one in judged),
        n_labels=7,
    )


def claims_markdown(table: Table, *, lead: str) -> str:
    """Write the table as a document of its own.

    Parameters
    ----------
    table : Table
        `claim_table`.
    lead : str
        What run it is of.
    """
    return f"# {table.title}\n\n{escape(lead)}\n\n{claims_text(table)}"


def claims_text(table: Table) -> str:
    """Write note and grid of the table in Markdown, for below a heading."""
    grid = markdown_grid(table.header, table.rows, left=range(table.n_labels))
    return "\n".join([escape(table.note), "", *grid]) + "\n"


def _deciders(judged: Sequence[JudgedClaim]) -> str:
    """What decides: the run alone, or some claims by figures."""
    shown = sum(one.by_figure is not None for one in judged)
    return f"this run, and {shown} of them by figures beside it" if shown else "this run alone"


def _row(one: JudgedClaim, figures: Collection[str]) -> tuple[str, ...]:
    claim = one.claim
    verdict: str = one.verdict if one.verdict != "no data" else "no data in this run"
    if one.by_figure is not None:
        verdict += f" by {figure_title(one.by_figure.figure)}"
    return (
        str(claim.number),
        claim.text,
        claim.place,
        _numbers(one),
        verdict,
        _condition(one),
        shown_figure(one, figures),
    )


def _condition(one: JudgedClaim) -> str:
    parts = []
    if one.told:
        rule = one.by_figure.rule if one.by_figure is not None else one.claim.rule.text
        parts = [one.by_condition, one.claim.condition, f"Rule: {rule}" if rule else ""]
    if one.missing:
        parts.append(f"Missing: {one.missing}")
    return "".join(f"{part[0].upper()}{part[1:]}. " for part in parts if part).strip()


def _numbers(one: JudgedClaim) -> str:
    """Numbers of each condition: one, or the least and the most favourable of several."""
    if one.by_figure is not None:
        return one.by_figure.numbers
    parts = []
    for condition in one.claim.rule.conditions:
        own = condition.own(one.numbers)
        if own:
            name = f"[{condition.name}] " if condition.name else ""
            parts.append(name + _span(condition, own))
    return "; ".join(parts)


def _span(condition: Condition, own: Sequence[Number]) -> str:
    """Least and most favourable number; the other way where one is enough."""
    if len(own) == 1:
        return own[0].text
    ends = (own[0], own[-1]) if condition.each else (own[-1], own[0])
    words = ("least", "most") if condition.each else ("most", "least")
    return (
        f"of {len(own)} the {words[0]} favourable: {ends[0].text}; the {words[1]}: {ends[1].text}"
    )
