"""The table of missed and invented columns."""

from typing import Final

import pandas as pd

from reports.metrics.table import METRICS, metrics_of
from reports.names import Restorers
from reports.words.numbers import dose_text, metric_cell
from reports.words.tables import Table

#: Of the fits that start at the truth, shown beside those from the image alone.
_FROM_TRUTH: Final = ("count_accuracy", "position_mae_pm")


def detection_table(
    summary: pd.DataFrame,
    *,
    title: str,
    restorers: Restorers,
    from_truth: pd.DataFrame | None = None,
) -> Table:
    """Table of missed and invented columns of one case.

    Parameters
    ----------
    summary : pandas.DataFrame
        `reports.metrics.column_search.summarise_detection`, of one case.
    title : str
        Of the case.
    restorers : Restorers
        Of the run.
    from_truth : pandas.DataFrame, optional
        Summary of the run's records, whose fits start at the truth: shown beside.
    """
    present = set(summary["metric"])
    shown = [m for m in metrics_of("search") if m.shown and m.name in present]
    case = summary["case"].iloc[0]
    truth = pd.DataFrame(columns=["metric"]) if from_truth is None else from_truth
    beside = [name for name in _FROM_TRUTH if name in set(truth["metric"])] if shown else []
    truth = truth[(truth["case"] == case)] if beside else truth
    beside = [name for name in beside if name in set(truth["metric"])]
    rows = []
    for _, point in summary.groupby(["thickness", "dose"]):
        for restorer in restorers.order(point["restorer"].unique()):
            metrics = point[point["restorer"] == restorer].set_index("metric")
            first = metrics.iloc[0]
            rows.append(
                (
                    str(first["thickness"]),
                    dose_text(float(first["dose"])),
                    restorers.label(restorer),
                    *(metric_cell(metrics, metric.name) for metric in shown),
                    *(_of_truth(truth, first, name) for name in beside),
                    str(first["n_realizations"]),
                )
            )
    return Table(
        title=f"Missed and invented columns: {title}",
        note="What a search finds that knows the columns' width and distance but no position (95 % "
        "interval; none for a single image or where all agree). From the image alone: searched, "
        "fitted and counted without being told anything; beside it fits that start at the truth. "
        "detection.csv has precision and recall.",
        header=(
            "thickness (atoms)",
            "dose (e/Å²)",
            "restorer",
            *(metric.heading for metric in shown),
            *(f"{METRICS[name].heading}, from the truth" for name in beside),
            "n: images",
        ),
        rows=tuple(rows),
        n_labels=3,
    )


def _of_truth(truth: pd.DataFrame, cell: pd.Series, name: str) -> str:
    """Value of a metric of the fits from the truth in the cell of a search."""
    own = truth
    for column in ("image", "dose", "restorer"):
        own = own[own[column] == cell[column]]
    return metric_cell(own.set_index("metric"), name)
