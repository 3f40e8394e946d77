"""Rows of the gate as the page shows them: text, and the change as a bar against its margin."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from reports.gate.gate_matrix import SYMBOLS
from reports.gate.gate_text import cell_text, change_text, metric_text, note_text, value_text
from reports.gate.result import FAILURES, GateRow, Verdict
from reports.metrics.table import GATES

#: Looks of verdicts, those of the scoreboard's tiles.
LOOKS: Final = {
    Verdict.NOT_COMPARABLE: "no",
    Verdict.WORSE: "no",
    Verdict.INCONCLUSIVE: "mixed",
    Verdict.BETTER: "yes",
    Verdict.EQUIVALENT: "same",
}
#: Margins that a bar reaches at most, either side of no change. Its scale shortens large changes,
#: log2(1 + margins), so that one of 2 margins and one of 30 can both be seen: 1 is at 1, 63 at 6.
REACH: Final = 63.0


@dataclass(frozen=True, kw_only=True)
class IntervalBar:
    """A change in margins on the scale of `along`, clipped to ±`REACH`.

    Attributes
    ----------
    low, value, high : float
        Ends of the 95 % interval, and the change.
    beyond : bool
        Whether the change itself lies beyond `REACH`: an arrow stands in place of its point.
    """

    low: float
    value: float
    high: float
    beyond: bool


@dataclass(frozen=True, kw_only=True)
class ShownRow:
    """A row of the gate for readers.

    Attributes
    ----------
    look : str
        Class of its verdict.
    symbol, verdict, case, cell, metric, old, new, change, n, note : str
    bar : IntervalBar or None
        None where a change has no interval or no margin.
    """

    look: str
    symbol: str
    verdict: str
    case: str
    cell: str
    metric: str
    old: str
    new: str
    change: str
    n: str
    note: str
    bar: IntervalBar | None


def shown_rows(rows: Iterable[GateRow], *, named: bool) -> tuple[ShownRow, ...]:
    """Put rows in words.

    Parameters
    ----------
    rows : iterable of GateRow
    named : bool
        Whether the restorers stand with the case: a comparison of several pairs.
    """
    return tuple(_shown(row, named=named) for row in rows)


def _shown(row: GateRow, *, named: bool) -> ShownRow:
    pair = f"{row.restorer_old} / {row.restorer_new}, " if named else ""
    return ShownRow(
        look=LOOKS[row.verdict],
        symbol=SYMBOLS[row.verdict],
        verdict=row.verdict.value,
        case=f"{pair}{row.case}",
        cell=cell_text(row),
        metric=metric_text(row),
        old=value_text(row, row.old),
        new=value_text(row, row.new),
        change=change_text(row),
        n=str(row.n),
        note=note_text(row),
        bar=_bar(row),
    )


def _bar(row: GateRow) -> IntervalBar | None:
    ends = (row.low, row.change, row.high)
    if row.metric == FAILURES or not row.margin > 0 or not all(map(math.isfinite, ends)):
        return None
    # Ratios are judged by their logarithm: halved is as far as doubled.
    ratio = GATES[row.metric].kind == "ratio"
    scale = math.log1p(row.margin) if ratio else row.margin
    low, value, high = (
        (math.log1p(max(end, -0.999)) if ratio else end) / scale for end in ends
    )  # fmt: skip
    return IntervalBar(
        low=along(low), value=along(value), high=along(high), beyond=abs(value) > REACH
    )


def along(margins: float) -> float:
    """Place on a bar of a change in margins."""
    return math.copysign(math.log2(1 + min(abs(margins), REACH)), margins)
