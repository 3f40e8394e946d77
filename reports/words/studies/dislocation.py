"""A dislocation in words: strain errors, Burgers vectors, errors by distance from the core."""

from typing import Final

import numpy as np
import pandas as pd

from reports.metrics.dislocation import KEPT, RADIUS
from reports.metrics.table import metrics_of
from reports.names import Restorers
from reports.words.numbers import dose_text, metric_cell, quantity, tabulated
from reports.words.sentences import Sentence, meeting, metric_text
from reports.words.tables import Table

#: The error by distance that sentences and the figure speak of.
ERROR: Final = "core_mae_unshifted_pm"


def core_table(summary: pd.DataFrame, *, title: str, restorers: Restorers) -> Table:
    """Table of strain errors and Burgers vectors of one case.

    Parameters
    ----------
    summary : pandas.DataFrame
        `reports.metrics.dislocation.summarise_core`, of one case.
    title : str
        Of the case.
    restorers : Restorers
        Of the run.
    """
    shown = [metric for metric in metrics_of("core") if metric.shown]
    rows = []
    for _, point in summary.groupby("dose"):
        dose = dose_text(float(point["dose"].iloc[0]))
        for restorer in restorers.order(point["restorer"].unique()):
            metrics = point[point["restorer"] == restorer].set_index("metric")
            n = f"{metrics['n_realizations'].max()} × {metrics['n_columns'].max()}"
            numbers = (metric_cell(metrics, metric.name) for metric in shown)
            rows.append((dose, restorers.label(restorer), *numbers, n))
    return Table(
        title=f"Strain and Burgers vector: {title}",
        note=f"Displacement gradient against the noise-free fit within {RADIUS:g} Å of the core, "
        "root mean square over columns and components. The Burgers vector is read from the phases "
        "of the lattice around the core, where noise lets them be read; shares of the images, and "
        "of the readable ones. Fits start at the true positions, so these numbers do not show "
        "whether the core was drawn as perfect lattice. Value (95 % interval).",
        header=(
            "dose (e/Å²)",
            "restorer",
            *(metric.heading for metric in shown),
            "n: realizations × columns",
        ),
        rows=tuple(rows),
        n_labels=2,
    )


def burgers_sentences(
    summary: pd.DataFrame, *, title: str, restorer: str, restorers: Restorers
) -> list[Sentence]:
    """Say in how many images of each dose the Burgers vector is read right.

    Parameters
    ----------
    summary : pandas.DataFrame
        `reports.metrics.dislocation.summarise_core`, of one case.
    title : str
        Of the case.
    restorer : str
        Name of the restorer.
    restorers : Restorers
        Of the run.
    """
    right = summary[summary["metric"] == "burgers_right"].sort_values("dose")
    own = right[right["restorer"] == restorer]
    if own.empty:
        return []
    read = summary[
        (summary["metric"] == "burgers_read") & (summary["restorer"] == restorer)
    ].set_index("dose")
    counts = []
    for row in own.to_dict("records"):
        n = int(row["n_realizations"])
        share = read.loc[row["dose"], "value"]
        can = "" if share == 1 else f", {round(n * share)} of them readable"
        counts.append(
            f"{round(n * row['value'])} of {n} images at {dose_text(row['dose'])} e/Å²{can}"
        )
    low = own.iloc[0]
    text = (
        f"The Burgers vector is read right (within {100 * KEPT:.0f} % of that of the noise-free "
        f"image) after restoration by {restorers.phrase(restorer)} in {'; '.join(counts)}. "
        f"At {dose_text(low['dose'])} e/Å² that is {metric_text(low)}"
    )
    raw = restorers.raw(right["restorer"].unique())
    beside = right[(right["restorer"] == raw) & (right["dose"] == low["dose"])]
    if len(beside):
        text += f", against {metric_text(beside.iloc[0])} of {restorers.phrase(str(raw))}"
    return [Sentence(f"{text}.", "finding", title)]


def distance_table(summary: pd.DataFrame, *, title: str, restorers: Restorers) -> Table:
    """Table of errors by distance from the core of one case.

    Parameters
    ----------
    summary : pandas.DataFrame
        `reports.metrics.core_distance.summarise_distances`, of one case.
    title : str
        Of the case.
    restorers : Restorers
        Of the run.
    """
    shown = metrics_of("distance")
    raw = restorers.raw(summary["restorer"].unique())
    rows = []
    for _, point in summary.groupby(["dose", "from_A"]):
        first = point.iloc[0]
        for restorer in restorers.order(point["restorer"].unique()):
            metrics = point[point["restorer"] == restorer].set_index("metric")
            ratio = metrics.loc[[ERROR]].iloc[0]
            rows.append(
                (
                    dose_text(float(first["dose"])),
                    ring_text(first["from_A"], first["to_A"]),
                    restorers.label(restorer),
                    *(metric_cell(metrics, metric.name) for metric in shown),
                    ""
                    if np.isnan(ratio["ratio"])
                    else tabulated(ratio["ratio"], ratio["ratio_low"], ratio["ratio_high"]),
                    f"{ratio['n_realizations']} × {ratio['n_columns']}",
                )
            )
    return Table(
        title=f"Errors by distance from the core: {title}",
        note="All columns of the frame but its rim, measured or not. The ratio is that of the MAE "
        "without rigid shift, paired by realization. Value (95 % interval). core_distance.csv has "
        "the others.",
        header=(
            "dose (e/Å²)",
            "distance (Å)",
            "restorer",
            *(metric.heading for metric in shown),
            f"MAE / {restorers.label(raw) if raw else 'raw'}",
            "n: realizations × columns",
        ),
        rows=tuple(rows),
        n_labels=3,
    )


def distance_sentences(
    summary: pd.DataFrame, *, title: str, restorer: str, restorers: Restorers
) -> list[Sentence]:
    """Set a restorer's error against raw in each ring about the core, at the lowest dose.

    Parameters
    ----------
    summary : pandas.DataFrame
        `reports.metrics.core_distance.summarise_distances`, of one case.
    title : str
        Of the case.
    restorer : str
        Name of the restorer.
    restorers : Restorers
        Of the run.
    """
    rows = summary[(summary["metric"] == ERROR) & (summary["restorer"] == restorer)]
    rows = rows[(rows["dose"] == rows["dose"].min()) & rows["ratio"].notna()]
    raw = restorers.raw(summary["restorer"].unique())
    if rows.empty or raw is None:
        return []
    rows = rows.sort_values("from_A")
    near, outer = rows.iloc[0], rows.iloc[-1]
    state = meeting(near["ratio_low"], near["ratio_high"])
    who, against = restorers.phrase(restorer), restorers.phrase(raw)
    place = f"within {near['to_A']:g} Å of the core"
    claim = {
        "better": f"{who} improves on {against} {place}",
        "worse": f"{who} does worse than {against} {place}",
        "met": f"{who} equals {against} {place} within 10 %",
        "undecided": f"it is undecided whether {who} improves on {against} {place}",
    }[state]
    ratios = ", ".join(
        f"{quantity(row['ratio'], row['ratio_low'], row['ratio_high'])} "
        f"{'at ' if np.isfinite(row['to_A']) else ''}{ring_text(row['from_A'], row['to_A'])} Å"
        for row in rows.to_dict("records")
    )
    apart = near["ratio_low"] > outer["ratio_high"] and len(rows) > 1
    gain = " The gain is the smaller near the core." if apart else ""
    dose = dose_text(float(near["dose"]))
    return [
        Sentence(
            f"At {dose} e/Å² {claim}: the ratio of their MAE of position, without rigid shift, is "
            f"{ratios}.{gain}",
            "undecided" if state == "undecided" else "finding",
            title,
        )
    ]


def ring_text(low: float, high: float) -> str:
    """Write the limits of a ring in Å."""
    return f"{low:g} to {high:g}" if np.isfinite(high) else f"beyond {low:g}"
