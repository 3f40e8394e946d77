"""The table of strain errors and Burgers vectors around a dislocation."""

import pandas as pd

from reports.metrics.dislocation import RADIUS
from reports.metrics.table import metrics_of
from reports.names import Restorers
from reports.words.numbers import dose_text, metric_cell
from reports.words.tables import Table


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
