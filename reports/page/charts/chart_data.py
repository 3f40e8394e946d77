"""Data of the interactive charts: one chart a case and quantity, one series a restorer."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from reports.figures.panels import BOUND_COLOUR
from reports.metrics.cells import MOST_AT_LIMIT
from reports.metrics.table import METRICS
from reports.names import RestorerStyle
from reports.page.charts.dark_colours import on_dark
from reports.records.run_folder import Run
from reports.studies import cases_in_order
from reports.summaries.response import summarise_response
from reports.words.numbers import metric_quantity, plain, quantity

#: Quantities beside those of a case's headline, where a run has them.
_ALSO: Final = (
    "position_std_pm",
    "scs_std_pct",
    "position_rmse_pm",
    "scs_rmse_pct",
    "count_accuracy",
    "position_information_over_bound",
    "scs_information_over_bound",
)
#: Bound that holds for a metric of scatter or error.
_BOUNDS: Final = {
    "position_std_pm": "position_bound_pm",
    "position_rmse_pm": "position_bound_pm",
    "scs_std_pct": "scs_bound_pct",
    "scs_rmse_pct": "scs_bound_pct",
}
_BOUND: Final = "Cramér-Rao bound"
#: Digits of a number that is drawn; what is read is text of its own.
_DIGITS: Final = 5
_DOSE: Final = {"name": "dose", "label": "dose (e/Å²)", "log": True}
_THICKNESS: Final = {"name": "thickness", "label": "thickness (atoms)", "log": False}
#: (quantity, pattern, heading, what is changed, its label, whether its axis is logarithmic)
_RESPONSES: Final = (
    ("position", "isolated", "response: columns moved", "amplitude", "displacement (pm)", False),
    ("position", "wave", "response: waves of displacement", "wavelength", "wavelength (columns)",
     True),
    ("scs", "isolated", "response: columns brighter, darker", "amplitude", "change of SCS (%)",
     False),
    ("scs", "wave", "response: waves of brightness", "wavelength", "wavelength (columns)", True),
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class _Points:
    """Points of one chart as a frame: restorer, value, low, high, n, text, hollow and its axes."""

    case: str
    heading: str
    note: str
    log: bool
    level: float | None
    axes: tuple[Mapping[str, Any], ...]
    rows: pd.DataFrame


def chart_data(run: Run, summary: pd.DataFrame) -> dict[str, Any]:
    """What the script of the charts reads, as plain data.

    Parameters
    ----------
    run : Run
    summary : pandas.DataFrame
        Summary of its records, without what is withheld.

    Returns
    -------
    dict
        ``series``: label, colour on white and on dark, and dash of each restorer, the bound last.
        ``charts``: case, heading, note, ``log`` (whether the ordinate is logarithmic), ``level`` (a
        value that is drawn as a line, or None), ``axes`` (name, label, log) and ``rows``: place of
        the series, one number per axis, value, low, high (None where there is none), n, text, and
        1 where too many fits ended at a limit. What is not finite is no row; ``left_out`` counts
        these.
    """
    names = run.restorers.shown(summary["restorer"].astype(str).unique())
    styles = run.restorers.styles(names)
    shown = summary[summary["restorer"].isin(names)]
    points = [*_metrics(run, shown), *_responses(run, names)]
    series = [*styles, _BOUND]
    return {
        "series": [_look(styles.get(name), name) for name in series],
        "charts": [chart for one in points if (chart := _chart(one, series))["rows"]],
    }


def _metrics(run: Run, summary: pd.DataFrame) -> Iterable[_Points]:
    for case in cases_in_order(run, summary):
        rows = summary[summary["case"] == case]
        present = set(rows["metric"])
        for name in dict.fromkeys((*run.case(case).study.headline, *_ALSO)):
            if name not in present:
                continue
            own = _with_limits(rows, rows[rows["metric"] == name])
            own = own.assign(
                text=[
                    metric_quantity(name, *ends)
                    for ends in own[["value", "low", "high"]].itertuples(index=False)
                ]
            )
            held = rows[rows["metric"] == _BOUNDS.get(name, "")]
            held = held.drop_duplicates(["image", "dose"]).assign(restorer=_BOUND, hollow=0)
            held = held.assign(
                text=[f"{plain(value)} {METRICS[name].readers_unit}" for value in held["value"]]
            )
            every = pd.concat([part for part in (own, held) if len(part)])
            factor = METRICS[name].factor
            for end in ("value", "low", "high"):
                every[end] *= factor
            # images of one thickness are charts of their own
            alike = own.groupby("thickness")["image"].nunique().max() > 1
            groups = every.groupby("image", sort=False) if alike else [("", every)]
            for image, part in groups:
                yield _Points(
                    case=run.title(case),
                    heading=METRICS[name].heading + (f", {image!s}" if alike else ""),
                    note=METRICS[name].definition,
                    log=METRICS[name].scale == "log",
                    level=None,
                    axes=(_DOSE, _THICKNESS),
                    rows=part,
                )


def _with_limits(rows: pd.DataFrame, own: pd.DataFrame) -> pd.DataFrame:
    """Mark what rests on fits of which too many ended at a limit."""
    rates = rows[(rows["metric"] == "at_limit_rate") & (rows["value"] > MOST_AT_LIMIT)]
    keys = ["image", "dose", "restorer"]
    marked = set(rates[keys].itertuples(index=False, name=None))
    return own.assign(
        hollow=[int(key in marked) for key in own[keys].itertuples(index=False, name=None)]
    )


def _responses(run: Run, names: Sequence[str]) -> Iterable[_Points]:
    told = run.once(summarise_response).responses
    told = told[told["restorer"].isin(names) & (told["polarisation"] == "")] if len(told) else told
    if told.empty:
        return
    for case, rows in told.groupby("case", sort=False):
        for what, pattern, heading, change, label, log in _RESPONSES:
            own = rows[(rows["quantity"] == what) & (rows["pattern"] == pattern)]
            # Waves along x, y and the diagonal are averaged, as in the figure.
            keys = ["restorer", change, "dose", "thickness"]
            ends = own.groupby(keys, observed=True)[["value", "low", "high", "n_realizations"]]
            means = ends.mean().reset_index()
            yield _Points(
                case=run.title(str(case)),
                heading=heading,
                note="Share of a change that is passed on: 1 is the whole change, 0 nothing.",
                log=False,
                level=1.0,
                axes=({"name": change, "label": label, "log": log}, _DOSE, _THICKNESS),
                rows=means.assign(
                    hollow=0,
                    text=[
                        quantity(*three)
                        for three in means[["value", "low", "high"]].itertuples(index=False)
                    ],
                ),
            )


def _look(style: RestorerStyle | None, name: str) -> dict[str, Any]:
    if style is None:
        return {
            "label": name, "colour": BOUND_COLOUR, "dark": on_dark(BOUND_COLOUR),
            "dash": [5, 3], "line": True,
        }  # fmt: skip
    dash = [] if isinstance(style.line, str) else [3 * float(step) for step in style.line[1]]
    return {
        "label": style.label, "colour": style.colour, "dark": on_dark(style.colour),
        "dash": dash, "line": not style.marker,
    }  # fmt: skip


def _chart(points: _Points, series: Sequence[str]) -> dict[str, Any]:
    axes = [str(axis["name"]) for axis in points.axes]
    drawn = points.rows[np.isfinite(points.rows["value"].to_numpy(dtype=np.float64))]
    if points.log:
        drawn = drawn[drawn["value"] > 0]
    rows = [
        [
            series.index(str(row["restorer"])),
            *(_number(row[axis]) for axis in axes),
            *(_number(row[end]) for end in ("value", "low", "high")),
            int(row["n_realizations"]),
            row["text"],
            int(row["hollow"]),
        ]
        for row in drawn.to_dict("records")
    ]
    return {
        "case": points.case,
        "heading": points.heading,
        "note": points.note,
        "log": points.log,
        "level": points.level,
        "axes": list(points.axes),
        "rows": rows,
        "left_out": len(points.rows) - len(drawn),
    }


def _number(value: float) -> float | None:
    return float(f"{value:.{_DIGITS}g}") if np.isfinite(value) else None
