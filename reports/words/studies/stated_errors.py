"""Stated errors in words: the table of their coverage, and what it says of each restorer."""

from typing import Final

import pandas as pd

from reports.metrics.columns.stated_errors import STATED_LEVEL
from reports.metrics.table import METRICS
from reports.names import Restorers
from reports.words.numbers import dose_text, metric_cell
from reports.words.sentences import Sentence, metric_text, thickness_text
from reports.words.tables import Table, sample_size, shown_thicknesses

SHOWN: Final = ("position_coverage", "scs_coverage")


def coverage_table(rows: pd.DataFrame, *, title: str, restorers: Restorers) -> Table:
    """Table of the coverage of stated errors in one case.

    Parameters
    ----------
    rows : pandas.DataFrame
        Summary rows of the case.
    title : str
        Of the case.
    restorers : Restorers
        Of the run.
    """
    rows = rows[rows["thickness"].isin(shown_thicknesses(rows))]
    present = [name for name in SHOWN if (rows["metric"] == name).any()]
    lines = []
    for _, point in rows.groupby(["thickness", "dose"]):
        for restorer in restorers.order(point["restorer"].unique()):
            metrics = point[point["restorer"] == restorer].set_index("metric")
            lines.append(
                (
                    str(metrics["thickness"].iloc[0]),
                    dose_text(float(metrics["dose"].iloc[0])),
                    restorers.label(restorer),
                    *(metric_cell(metrics, name) for name in present),
                    sample_size(metrics),
                )
            )
    return Table(
        title=f"Coverage of stated errors: {title}",
        note=f"Share of the {100 * STATED_LEVEL:.0f} % intervals stated by the fits that hold the "
        "value of the noise-free fit (95 % interval over realizations). Fits of raw images state "
        "errors from counting noise, which knows of no scan distortion; fits of restored images "
        "state them from their residuals, which restoration empties. coverage.csv has all.",
        header=(
            "thickness (atoms)",
            "dose (e/Å²)",
            "restorer",
            *(METRICS[name].heading for name in present),
            "n: realizations × columns",
        ),
        rows=tuple(lines),
        n_labels=3,
    )


def coverage_sentences(
    rows: pd.DataFrame, *, title: str, restorer: str, restorers: Restorers
) -> list[Sentence]:
    """Say how often a restorer's stated errors hold, where that is worst at the lowest dose.

    Parameters
    ----------
    rows : pandas.DataFrame
        Summary rows of one case.
    title : str
        Of the case.
    restorer : str
        Name of the restorer.
    restorers : Restorers
        Of the run.
    """
    dose = rows["dose"].min()
    at_dose = rows[(rows["dose"] == dose) & rows["metric"].isin(SHOWN) & rows["value"].notna()]
    own = at_dose[at_dose["restorer"] == restorer]
    if own.empty:
        return []
    place = own.sort_values("value").iloc[0]
    here = at_dose[at_dose["image"] == place["image"]]
    raw = restorers.raw(here["restorer"].unique())
    shares = [_shares(here[here["restorer"] == name]) for name in (restorer, raw) if name]
    beside = f"; of {restorers.phrase(raw)}, {shares[1]}" if raw and shares[1] else ""
    text = (
        f"At {dose_text(dose)} e/Å² and {thickness_text(place)} the "
        f"{100 * STATED_LEVEL:.0f} % intervals that the fits state hold, after restoration by "
        f"{restorers.phrase(restorer)}, {shares[0]}{beside}."
    )
    low, high = float(place["low"]), float(place["high"])
    if high < STATED_LEVEL:
        return [
            Sentence(
                f"{text} Restoration empties the residuals from which these errors are stated: "
                "they are too small, and only the scatter over realizations tells the error.",
                "warning",
                title,
            )
        ]
    if low > STATED_LEVEL:
        return [Sentence(f"{text} The stated errors are too large.", "finding", title)]
    return [Sentence(f"{text} No lack of coverage is shown.", "undecided", title)]


def _shares(rows: pd.DataFrame) -> str:
    """Coverage of positions and of SCS in words."""
    by_metric = rows.set_index("metric", drop=False)
    words = {"position_coverage": "of the positions", "scs_coverage": "of the SCS"}
    return " and ".join(
        f"{metric_text(by_metric.loc[[name]].iloc[0])} {what}"
        for name, what in words.items()
        if name in by_metric.index
    )
