"""Data of the interactive charts: one chart a case and quantity, one series a restorer."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

import pandas as pd

from reports.figures.panels import BOUND_COLOUR
from reports.metrics.cells import MOST_AT_LIMIT
from reports.metrics.table import METRICS
from reports.names import RestorerStyle
from reports.page.charts.drawn_points import DOSE, THICKNESS, DrawnPoints, chart_of, look
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
BOUNDS: Final = {
    "position_std_pm": "position_bound_pm",
    "position_rmse_pm": "position_bound_pm",
    "scs_std_pct": "scs_bound_pct",
    "scs_rmse_pct": "scs_bound_pct",
}
"""Bound that holds for a metric of scatter or error."""
BOUND: Final = "Cramér-Rao bound"
"""Label of its series."""
BOUND_DASH: Final = (5.0, 3.0)
"""Of its line."""
#: (quantity, pattern, heading, what is changed, its label, whether its axis is logarithmic)
_RESPONSES: Final = (
    ("position", "isolated", "response: columns moved", "amplitude", "displacement (pm)", False),
    ("position", "wave", "response: waves of displacement", "wavelength", "wavelength (columns)",
     True),
    ("scs", "isolated", "response: columns brighter, darker", "amplitude", "change of SCS (%)",
     False),
    ("scs", "wave", "response: waves of brightness", "wavelength", "wavelength (columns)", True),
)  # fmt: skip


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
        ``series``: looks of the restorers, the bound last; ``charts``: what
        `reports.page.charts.drawn_points.chart_of` makes of each.
    """
    names = run.restorers.shown(summary["restorer"].astype(str).unique())
    styles = run.restorers.styles(names)
    shown = summary[summary["restorer"].isin(names)]
    points = [*_metrics(run, shown), *_responses(run, names)]
    series = [*styles, BOUND]
    return {
        "series": [_look(styles.get(name), name) for name in series],
        "charts": [chart for one in points if (chart := chart_of(one, series))["rows"]],
    }


def _metrics(run: Run, summary: pd.DataFrame) -> Iterable[DrawnPoints]:
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
            held = rows[rows["metric"] == BOUNDS.get(name, "")]
            held = held.drop_duplicates(["image", "dose"]).assign(restorer=BOUND, hollow=0)
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
                yield DrawnPoints(
                    case=run.title(case),
                    heading=METRICS[name].heading + (f", {image!s}" if alike else ""),
                    note=METRICS[name].definition,
                    log=METRICS[name].scale == "log",
                    levels=(),
                    axes=(DOSE, THICKNESS),
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


def _responses(run: Run, names: Sequence[str]) -> Iterable[DrawnPoints]:
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
            yield DrawnPoints(
                case=run.title(str(case)),
                heading=heading,
                note="Share of a change that is passed on: 1 is the whole change, 0 nothing.",
                log=False,
                levels=(1.0,),
                axes=({"name": change, "label": label, "log": log}, DOSE, THICKNESS),
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
        return look(name, BOUND_COLOUR, dash=BOUND_DASH, line=True)
    dash = [] if isinstance(style.line, str) else [3 * float(step) for step in style.line[1]]
    return look(style.label, style.colour, dash=dash, line=not style.marker)
