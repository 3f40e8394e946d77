"""The table of contrast, intensity and vacuum."""

from typing import Final

import pandas as pd

from reports.metrics.kept.resolution import CONTRAST_FLOOR, MOST_BELOW, NOT_RESOLVED, CellName
from reports.metrics.table import METRICS, metrics_of
from reports.names import Restorers
from reports.words.numbers import dose_text, metric_cell
from reports.words.tables import Table

#: Of the records, shown beside what the images kept.
_OF_FITS: Final = ("at_limit_rate", "flagged_rate")


def intensity_table(
    kept: pd.DataFrame,
    summary: pd.DataFrame,
    *,
    title: str,
    restorers: Restorers,
    unresolved: frozenset[CellName],
) -> Table:
    """Table of what the images of one case kept.

    Parameters
    ----------
    kept : pandas.DataFrame
        `reports.metrics.kept.image_intensity.summarise_intensity`, of one case.
    summary : pandas.DataFrame
        Summary of the run's records.
    title : str
        Of the case.
    restorers : Restorers
        Of the run.
    unresolved : frozenset of tuple
        Cells whose columns are not resolved.

    Returns
    -------
    Table
        One row per thickness, dose and restorer.
    """
    of_fits = summary[summary["metric"].isin(_OF_FITS)]
    rows = pd.concat([kept, of_fits[of_fits["case"] == kept["case"].iloc[0]]])
    present = set(kept["metric"])
    shown = [m.name for m in metrics_of("intensity") if m.name in present] + list(_OF_FITS)
    lines = []
    for _, point in rows.groupby(["thickness", "image", "dose"]):
        for restorer in restorers.shown(point["restorer"].unique()):
            own = point[point["restorer"] == restorer]
            first, metrics = own.iloc[0], own.set_index("metric")
            key = (str(first["case"]), str(first["image"]), float(first["dose"]), restorer)
            label = restorers.label(restorer)
            lines.append(
                (
                    str(first["thickness"]),
                    dose_text(float(first["dose"])),
                    f"{label}, {NOT_RESOLVED}" if key in unresolved else label,
                    *(metric_cell(metrics, name) for name in shown),
                    str(first["n_realizations"]),
                )
            )
    return Table(
        title=f"What images keep: {title}",
        note="Mean over realizations (95 % interval), of the noise-free image. Below "
        f"{100 * CONTRAST_FLOOR:g} % of the columns' contrast an image is not fitted. Where the "
        f"mean or more than {100 * MOST_BELOW:g} % of the images are below it, no position, no "
        "count and no SCS is reported. intensity.csv has all digits.",
        header=(
            "thickness (atoms)",
            "dose (e/Å²)",
            "restorer",
            *(METRICS[name].heading for name in shown),
            "n: images",
        ),
        rows=tuple(lines),
        n_labels=3,
    )
