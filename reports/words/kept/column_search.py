"""The table of missed and invented columns."""

import pandas as pd

from reports.metrics.table import metrics_of
from reports.names import Restorers
from reports.words.numbers import dose_text, metric_cell
from reports.words.tables import Table


def detection_table(summary: pd.DataFrame, *, title: str, restorers: Restorers) -> Table:
    """Table of missed and invented columns of one case.

    Parameters
    ----------
    summary : pandas.DataFrame
        `reports.metrics.column_search.summarise_detection`, of one case.
    title : str
        Of the case.
    restorers : Restorers
        Of the run.
    """
    present = set(summary["metric"])
    shown = [m for m in metrics_of("search") if m.shown and m.name in present]
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
                    str(first["n_realizations"]),
                )
            )
    return Table(
        title=f"Missed and invented columns: {title}",
        note="What a search finds that knows the columns' width and distance but no position (95 % "
        "interval; none for a single image or where all agree). detection.csv has precision and "
        "recall.",
        header=(
            "thickness (atoms)",
            "dose (e/Å²)",
            "restorer",
            *(metric.heading for metric in shown),
            "n: images",
        ),
        rows=tuple(rows),
        n_labels=3,
    )
