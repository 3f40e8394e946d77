"""Verdicts of the gate as text: rounded numbers, the closing sentence, and Markdown."""

import math
from collections.abc import Iterable, Sequence

from reports.gate.gate_matrix import UNITS, matrix_lines
from reports.gate.result import FAILURES, POOLED, GateResult, GateRow, Verdict
from reports.metrics.table import GATE_METRICS, GATES, METRICS
from reports.words.numbers import plain
from reports.words.tables import escape, markdown_grid
from stembench.exact_numbers import exact

#: Verdicts that a reader sees first.
SHOWN_FIRST = (Verdict.NOT_COMPARABLE, Verdict.WORSE, Verdict.BETTER, Verdict.INCONCLUSIVE)
#: Changes below this, in percent, are written as such.
_TINY = 1e-3


def metric_text(row: GateRow) -> str:
    """Name of a row's metric with its unit."""
    if row.metric == FAILURES:
        return METRICS["failure_rate"].label
    return GATE_METRICS[row.metric].heading


def cell_text(row: GateRow) -> str:
    """Where a row belongs, within its case: image and dose."""
    if row.image == POOLED:
        return "all, pooled"
    return f"{row.image}, {exact(row.dose)} e/Å²"


def value_text(row: GateRow, value: float) -> str:
    """One of a row's two values; empty where there is none."""
    if math.isnan(value):
        return ""
    if row.metric == FAILURES:
        return f"{value:.0f}"
    return plain(GATE_METRICS[row.metric].factor * value)


def change_text(row: GateRow) -> str:
    """Change of a row with its interval, in percent or percentage points."""
    if row.metric == FAILURES:
        return "" if math.isnan(row.change) else f"{row.change:+.0f}"
    if math.isnan(row.change):
        return ""
    unit = UNITS[GATES[row.metric].kind]
    if math.isnan(row.low):
        return f"{100 * row.change:+.2g} {unit}"
    half = 100 * (row.high - row.low) / 2
    if 100 * max(abs(row.low), abs(row.high)) < _TINY:
        return "none" if row.low == row.high == 0 else f"below {_TINY:g} {unit}"
    places = 1 if half == 0 else max(0, min(4, 1 - math.floor(math.log10(half))))
    low, value, high = (f"{100 * v:+.{places}f}" for v in (row.low, row.change, row.high))
    return f"{value} ({low} to {high}) {unit}"


def note_text(row: GateRow) -> str:
    """What else there is to say of a row."""
    parts = [row.why] if row.why else []
    if row.verdict is Verdict.INCONCLUSIVE:
        needed = needed_text(row)
        parts.append(f"{needed} realizations would decide" if needed else "cannot be decided so")
    return "; ".join(parts)


def needed_text(row: GateRow) -> str:
    """Realizations that would decide an inconclusive row; empty if none can be named."""
    if row.verdict is not Verdict.INCONCLUSIVE or row.needed is None:
        return ""
    return f"about {row.needed}"


def ordered(rows: Iterable[GateRow], verdicts: Sequence[Verdict]) -> list[GateRow]:
    """Rows with these verdicts, the gravest first, pooled rows before single cells."""
    place = {verdict: number for number, verdict in enumerate(verdicts)}
    kept = [row for row in rows if row.verdict in place]
    return sorted(kept, key=lambda row: (place[row.verdict], row.image != POOLED))


def counts_text(result: GateResult) -> str:
    """How many rows have each verdict."""
    return ", ".join(f"{result.count(v)} {v.value}" for v in Verdict if result.count(v))


def closing_text(result: GateResult, *, alpha: float) -> str:
    """The verdict on the whole in one sentence."""
    summary = {
        Verdict.NOT_COMPARABLE: "REFUSED: the two sides cannot be compared everywhere",
        Verdict.WORSE: "REGRESSED: the new version is worse",
        Verdict.INCONCLUSIVE: "UNDECIDED: no regression found, but not everything is decided",
        Verdict.BETTER: "PASSED: nothing is worse and something is better",
        Verdict.EQUIVALENT: "PASSED: equivalent within the margins everywhere",
    }[result.verdict]
    return f"{summary} ({counts_text(result)}; chance of any false alarm {100 * alpha:g} %)."


def markdown(result: GateResult, *, alpha: float) -> str:
    """Write a result for a CI summary: verdict, matrix, every row, equivalent ones folded."""
    lines = [
        "## stembench compare",
        "",
        f"**{closing_text(result, alpha=alpha)}**",
        "",
        f"Old: {escape(result.old)}. New: {escape(result.new)}.",
        *(f"\nNote: {escape(note)}." for note in result.notes),
        "",
        *matrix_lines(result),
    ]
    rest = ordered(result.rows, SHOWN_FIRST)
    if rest:
        lines += ["", *_table(rest)]
    equal = ordered(result.rows, (Verdict.EQUIVALENT,))
    if equal:
        lines += ["", "<details>", f"<summary>{len(equal)} equivalent</summary>", ""]
        lines += [*_table(equal), "", "</details>"]
    return "\n".join(lines) + "\n"


def _table(rows: Sequence[GateRow]) -> list[str]:
    """Lines of a Markdown table of rows."""
    header = (
        "verdict",
        "case",
        "cell",
        "metric",
        "old",
        "new",
        "change (95 % interval)",
        "n",
        "note",
    )
    cells = [
        (
            row.verdict.value,
            row.case,
            cell_text(row),
            metric_text(row),
            value_text(row, row.old),
            value_text(row, row.new),
            change_text(row),
            str(row.n),
            note_text(row),
        )
        for row in rows
    ]
    return markdown_grid(header, cells, left=(0, 1, 2, 3, 8))
