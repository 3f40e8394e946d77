"""The matrix of a comparison: for each case and metric the gravest verdict and pooled change."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from reports.gate.result import FAILURES, POOLED, GateResult, GateRow, Verdict
from reports.metrics.table import GATE_METRICS, GATES
from reports.words.tables import markdown_grid

#: Told apart without colour; the gravest first.
SYMBOLS: Final[dict[Verdict, str]] = {
    Verdict.NOT_COMPARABLE: "!",
    Verdict.WORSE: "✗",
    Verdict.INCONCLUSIVE: "?",
    Verdict.BETTER: "✓",
    Verdict.EQUIVALENT: "=",
}
#: What the numbers of a row of the matrix are, by kind of the change.
UNITS: Final = {
    "ratio": "%",
    "difference": "points",
    "bias": "% of MSE",
    "target": "points off",
}


@dataclass(frozen=True, kw_only=True)
class MatrixField:
    """A field of a matrix.

    Attributes
    ----------
    verdict : Verdict
        The gravest of its rows; one better row beside equivalent ones makes it better.
    text : str
        Symbol of the verdict and the pooled change; the change of the only cell if there is one
        cell, the number of newly failed fits of all cells, or no change.
    """

    verdict: Verdict
    text: str


@dataclass(frozen=True, kw_only=True)
class Matrix:
    """A matrix of one pair of restorers.

    Attributes
    ----------
    old, new : str
        Restorers.
    cases : tuple of str
        Columns.
    rows : tuple of (str, tuple of MatrixField or None)
        Metric with the unit of its changes, and a field for each case; None where a case does not
        have the metric.
    """

    old: str
    new: str
    cases: tuple[str, ...]
    rows: tuple[tuple[str, tuple[MatrixField | None, ...]], ...]


def matrices(result: GateResult) -> tuple[Matrix, ...]:
    """Matrices of a comparison, one per pair of restorers, in the order of its rows."""
    pairs = dict.fromkeys((row.restorer_old, row.restorer_new) for row in result.rows)
    return tuple(_matrix(result, old=old, new=new) for old, new in pairs)


def legend() -> str:
    """What the symbols of a matrix mean."""
    return ", ".join(f"{symbol} {verdict.value}" for verdict, symbol in SYMBOLS.items())


def matrix_lines(result: GateResult) -> list[str]:
    """Lines of Markdown: every matrix of a comparison and the legend."""
    lines: list[str] = []
    made = matrices(result)
    for matrix in made:
        if len(made) > 1:
            lines += [f"{matrix.old} / {matrix.new}", ""]
        cells = [
            (label, *("" if field is None else field.text for field in fields))
            for label, fields in matrix.rows
        ]
        lines += [*markdown_grid(("change of", *matrix.cases), cells, left=(0,)), ""]
    return [*lines, f"{legend()}; the gravest of a case, and its pooled change."]


def deciding(result: GateResult) -> list[GateRow]:
    """Rows that make the verdict on the whole what it is: one of each field, then the others.

    Of a field the pooled row stands first, and then those that changed most.
    """
    rows = [row for row in result.rows if row.verdict is result.verdict]
    rows.sort(key=lambda row: (row.image != POOLED, -abs(np.nan_to_num(row.change))))
    seen: Counter[tuple[str, ...]] = Counter()
    ranks = []
    for row in rows:
        field = (row.restorer_old, row.restorer_new, row.case, row.metric)
        ranks.append(seen[field])
        seen[field] += 1
    return [row for _, row in sorted(zip(ranks, rows, strict=True), key=lambda pair: pair[0])]


def _matrix(result: GateResult, *, old: str, new: str) -> Matrix:
    rows = [row for row in result.rows if (row.restorer_old, row.restorer_new) == (old, new)]
    cases = tuple(dict.fromkeys(row.case for row in rows))
    present = {row.metric for row in rows}
    metrics = [name for name in (FAILURES, *GATES) if name in present]
    return Matrix(
        old=old,
        new=new,
        cases=cases,
        rows=tuple(
            (
                _label(name),
                tuple(
                    _field([row for row in rows if (row.metric, row.case) == (name, case)])
                    for case in cases
                ),
            )
            for name in metrics
        ),
    )


def _label(metric: str) -> str:
    if metric == FAILURES:
        return "newly failed fits"
    return f"{GATE_METRICS[metric].label}, {UNITS[GATES[metric].kind]}"


def _field(rows: Sequence[GateRow]) -> MatrixField | None:
    if not rows:
        return None
    verdict = next(v for v in SYMBOLS if any(row.verdict is v for row in rows))
    change = _change(rows)
    return MatrixField(verdict=verdict, text=f"{SYMBOLS[verdict]} {change}".rstrip())


def _change(rows: Sequence[GateRow]) -> str:
    """Change of all cells; empty where it is not known."""
    if rows[0].metric == FAILURES:
        changes = [row.change for row in rows if not math.isnan(row.change)]
        return _signed(sum(changes), places=0) if changes else ""
    pooled = [row for row in rows if row.image == POOLED]
    one = pooled or rows
    if len(one) != 1 or math.isnan(one[0].change):
        return ""
    percent = 100 * one[0].change
    return _signed(percent, places=0 if abs(percent) >= 99.95 else 1)


def _signed(value: float, *, places: int) -> str:
    """Write a number with its sign; what rounds to zero has none."""
    text = f"{value:+.{places}f}"
    return text if text.strip("+-0.") else text[1:]
