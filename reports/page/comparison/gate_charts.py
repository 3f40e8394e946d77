"""Charts of a comparison: each quantity of both sides against dose, and its change with margins."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np
import pandas as pd

from reports.figures.panels import BOUND_COLOUR
from reports.gate.evidence import Evidence
from reports.gate.gate_matrix import UNITS, deciding
from reports.gate.gate_text import change_text
from reports.gate.result import FAILURES, POOLED, GateResult, GateRow
from reports.metrics.metric import Metric
from reports.metrics.table import GATE_METRICS, GATES
from reports.page.charts.chart_data import BOUND, BOUND_DASH, BOUNDS
from reports.page.charts.drawn_points import DOSE, THICKNESS, DrawnPoints, chart_of, look
from reports.page.comparison.differing_images import NEW, OLD
from reports.statistics.intervals import Estimate, Replicates, Scale, estimate
from reports.summaries.per_realization import CellStatistics
from reports.summaries.summary import summary_of
from reports.words.numbers import plain, quantity
from stembench.arrays import Floats

#: Colours of a pair's old side, new side and change, of Okabe and Ito (2008) and of P. Tol.
_COLOURS: Final = (
    ("#0072B2", "#D55E00", "#332288"),
    ("#117733", "#CC79A7", "#8C564B"),
    ("#56B4E9", "#E69F00", "#6E6E6E"),
)
_OLD_DASH: Final = (6.0, 3.0)
#: What a value of each kind of the gate has its interval made by.
_SCALES: Final[Mapping[str, Scale]] = {
    "ratio": "log",
    "difference": "fraction",
    "bias": "square",
    "target": "linear",
}


def gate_charts(result: GateResult, pairs: Sequence[tuple[Evidence, Evidence]]) -> dict[str, Any]:
    """What the script of the charts reads, as plain data.

    Parameters
    ----------
    result : GateResult
        Verdicts on `pairs`.
    pairs : sequence of (Evidence, Evidence)
        Old and new.

    Returns
    -------
    dict
        ``series`` and ``charts`` as of `reports.page.charts.chart_data.chart_data`: of each case
        and metric the values of both sides, with the Cramér-Rao bound where a run states one, and
        the change against the margins. That of the row that decided comes first.
    """
    looks: dict[str, dict[str, Any]] = {}
    for number, (old, new) in enumerate(pairs):
        colours = _COLOURS[number % len(_COLOURS)]
        names = _names(old, new)
        looks[names[0]] = look(names[0], colours[0], dash=_OLD_DASH)
        looks[names[1]] = look(names[1], colours[1])
        looks[names[2]] = look(names[2], colours[2])
    looks[BOUND] = look(BOUND, BOUND_COLOUR, dash=BOUND_DASH, line=True)
    series = list(looks)
    charts = [
        chart for points in _points(result, pairs) if (chart := chart_of(points, series))["rows"]
    ]
    return {"series": list(looks.values()), "charts": charts}


def _names(old: Evidence, new: Evidence) -> tuple[str, str, str]:
    """Labels of both sides and of their change."""
    change = f"{old.restorer} to {new.restorer}" if old.restorer != new.restorer else new.restorer
    return f"{OLD}: {old.restorer}", f"{NEW}: {new.restorer}", f"change: {change}"


def _points(
    result: GateResult, pairs: Sequence[tuple[Evidence, Evidence]]
) -> Iterator[DrawnPoints]:
    rows = [row for row in result.rows if row.metric != FAILURES and row.image != POOLED]
    first = next((row for row in deciding(result) if row.metric != FAILURES), None)
    keys = list(dict.fromkeys((row.case, row.metric) for row in rows))
    if first is not None:
        keys.sort(key=lambda key: (key[0] != first.case, key[1] != first.metric))
    for case, metric in keys:
        own = [row for row in rows if (row.case, row.metric) == (case, metric)]
        # images of one thickness are charts of their own
        places = {(row.thickness, row.dose, row.restorer_old, row.restorer_new): 0 for row in own}
        if len(places) == len(own):
            images = {"": own}
        else:
            images = {}
            for row in own:
                images.setdefault(f", {row.image}", []).append(row)
        for image, part in images.items():
            yield _values(part, pairs, image=image)
            yield _changes(part, pairs, image=image)


def _values(
    rows: Sequence[GateRow], pairs: Sequence[tuple[Evidence, Evidence]], *, image: str
) -> DrawnPoints:
    """Values of both sides in the cells of some rows of one case and metric."""
    metric, gate = GATE_METRICS[rows[0].metric], GATES[rows[0].metric]
    drawn: list[dict[str, Any]] = []
    for row in rows:
        old, new = _pair(row, pairs)
        key = (row.case, row.image, row.dose)
        shared = sorted(
            set(old.cells[key].realizations) & set(new.cells[key].realizations)
            if key in new.cells
            else ()
        )
        for name, side in zip(_names(old, new), (old, new), strict=False):
            cell = side.cells.get(key)
            if cell is None or row.metric not in cell.by_metric:
                continue
            found = _estimate(cell, row.metric, tuple(shared) or cell.realizations)
            ends = [metric.factor * end for end in (found.value, found.low, found.high)]
            drawn.append(
                {
                    **_place(row), "restorer": name, "hollow": int(cell.limited),
                    **dict(zip(("value", "low", "high"), ends, strict=True)),
                    "n_realizations": len(shared) or len(cell.realizations),
                    "text": quantity(*ends, unit=metric.readers_unit, clipped=_clips(row)),
                }
            )  # fmt: skip
    drawn += _bounds(rows, pairs, metric)
    return DrawnPoints(
        case=rows[0].case.replace("_", " "),
        heading=metric.heading + image,
        note=metric.definition,
        log=gate.kind == "ratio",
        levels=(gate.target * metric.factor,) if gate.kind == "target" else (),
        axes=(DOSE, THICKNESS),
        rows=pd.DataFrame(drawn),
    )


def _changes(
    rows: Sequence[GateRow], pairs: Sequence[tuple[Evidence, Evidence]], *, image: str
) -> DrawnPoints:
    """Change of each row with its interval, and the margins on both sides of no change."""
    name, kind = rows[0].metric, GATES[rows[0].metric].kind
    margin = 100 * rows[0].margin
    lower = 100 * (1 / (1 + rows[0].margin) - 1) if kind == "ratio" else -margin
    drawn = [
        {
            **_place(row), "restorer": _names(*_pair(row, pairs))[2], "hollow": 0,
            "value": 100 * row.change, "low": 100 * row.low, "high": 100 * row.high,
            "n_realizations": row.n, "text": f"{change_text(row)}, {row.verdict.value}",
        }
        for row in rows
    ]  # fmt: skip
    return DrawnPoints(
        case=rows[0].case.replace("_", " "),
        heading=f"change of {GATE_METRICS[name].label} ({UNITS[kind]}){image}",
        note=(
            f"New against old, paired over realizations. Between the broken lines, {lower:+.3g}"
            f" and {margin:+.3g} {UNITS[kind]}, a change does not matter."
        ),
        log=False,
        levels=(lower, margin),
        axes=(DOSE, THICKNESS),
        rows=pd.DataFrame(drawn),
    )


def _place(row: GateRow) -> dict[str, Any]:
    return {"dose": row.dose, "thickness": row.thickness}


def _pair(row: GateRow, pairs: Sequence[tuple[Evidence, Evidence]]) -> tuple[Evidence, Evidence]:
    """The two sides that a row compares."""
    return next(
        (old, new)
        for old, new in pairs
        if (old.restorer, new.restorer) == (row.restorer_old, row.restorer_new)
        and (row.case, row.image, row.dose) in old.cells
    )


def _clips(row: GateRow) -> bool:
    return GATES[row.metric].kind == "bias"


def _estimate(cell: CellStatistics, metric: str, realizations: tuple[int, ...]) -> Estimate:
    """Value of a cell as the gate's rows have it, with an interval over realizations.

    Root mean squares are of the mean over realizations; a jackknife leaves each out in turn. A
    bias is a U statistic of order two, n and n - 2 in place of n and n - 1.
    """
    values: Floats = cell.at(metric, realizations)
    values = values[np.isfinite(values)]
    kind, n = GATES[metric].kind, values.size
    if n == 0:
        return Estimate(math.nan, math.nan, math.nan, "none")
    mean = float(values.mean())
    order = 2 if kind == "bias" else 1
    left_out = (n * mean - order * values) / (n - order) if n > order else values[:0]
    if kind == "ratio":
        mean, left_out = math.sqrt(max(mean, 0.0)), left_out.clip(min=0.0) ** 0.5
    return estimate(Replicates(mean, left_out, _SCALES[kind]))


def _bounds(
    rows: Sequence[GateRow],
    pairs: Sequence[tuple[Evidence, Evidence]],
    metric: Metric[Any, Any],
) -> list[dict[str, Any]]:
    """The Cramér-Rao bound in the cells of some rows, of the first run that states it."""
    run = next((side.run for pair in pairs for side in pair[::-1] if side.run is not None), None)
    if run is None or metric.name not in BOUNDS:
        return []
    summary = run.once(summary_of)
    held = summary[
        (summary["metric"] == BOUNDS[metric.name]) & (summary["case"] == rows[0].case)
    ].drop_duplicates(["image", "dose"])
    places = held[["image", "dose"]].itertuples(index=False, name=None)
    counts = held["n_realizations"].to_numpy(dtype=np.int64)
    numbers = zip(held["value"].to_numpy(dtype=np.float64), counts, strict=True)
    there = dict(zip(places, numbers, strict=True))
    return [
        {
            **_place(row), "restorer": BOUND, "hollow": 0, "value": one[0],
            "low": math.nan, "high": math.nan, "n_realizations": one[1],
            "text": f"{plain(one[0])} {metric.readers_unit}",
        }
        for row in {(row.image, row.dose): row for row in rows}.values()
        if (one := there.get((row.image, row.dose))) is not None
    ]  # fmt: skip
