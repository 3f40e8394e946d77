"""A panel of a ladder's figure: one metric of every restorer against the rungs."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

import pandas as pd

from reports.figures import panels
from reports.metrics.table import METRICS
from reports.names import RestorerStyle

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LABELS: Final = {
    "position_mae_unshifted_pm": "MAE of position (pm)",
    "scs_mpe_pct": "MPE of SCS (%)",
    "count_accuracy": "columns counted right (%)",
}


def rung_panel(
    axes: "Axes",
    rows: pd.DataFrame,
    *,
    metric: str,
    styles: Mapping[str, RestorerStyle],
    labels: Sequence[str],
    slanted: bool = False,
) -> None:
    """Draw one metric against the rungs of a ladder, evenly spaced; the scale is the caller's.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    rows : pandas.DataFrame
        `reports.summaries.ladder_summary.LadderSummary.summary`.
    metric : str
        A key of `LABELS`.
    styles : mapping of str to RestorerStyle
        Restorers in drawing order.
    labels : sequence of str
        What stands under each rung.
    slanted : bool
        Whether the labels are long and slope.
    """
    own = rows[rows["metric"] == metric].copy()
    own[["value", "low", "high"]] *= METRICS[metric].factor
    panels.curves(axes, own, x="rung", metric=metric, styles=styles)
    axes.set_ylabel(LABELS[metric])
    axes.grid(axis="y", color="#E3E3E3", linewidth=0.6)
    axes.set_axisbelow(True)
    if metric == "count_accuracy":
        axes.set_ylim(0, 103)
    if slanted:
        axes.set_xticks(range(len(labels)), labels, rotation=35, ha="right", rotation_mode="anchor")
    else:
        axes.set_xticks(range(len(labels)), labels)
    axes.set_xlim(-0.35, len(labels) - 0.65)
