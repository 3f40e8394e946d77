"""Panels of the studies that a report and the paper's figures share."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from reports.figures import panels
from reports.metrics.columns.atom_counts import shares_right_of
from reports.metrics.core_distance import distances_of
from reports.names import RestorerStyle
from reports.records.run_folder import Run
from reports.words.studies.dislocation import ERROR

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.collections import PatchCollection


def error_rings(
    axes: "Axes", run: Run, *, case: str, styles: Mapping[str, RestorerStyle], label: str
) -> None:
    """Draw the error of position in rings about a dislocation's core at the lowest dose.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    run : Run
    case : str
    styles : mapping of str to RestorerStyle
        Restorers that are drawn.
    label : str
        Of the axis of distances.
    """
    distances = run.once(distances_of)
    distances = distances[(distances["case"] == case) & distances["restorer"].isin(styles)]
    if distances.empty:
        axes.set_axis_off()
        axes.text(
            0.5, 0.5, "no errors by distance\nin this run", ha="center", va="center",
            transform=axes.transAxes, color="#666666",
        )  # fmt: skip
        return
    found = distances[distances["dose"] == distances["dose"].min()]
    found = found[found["metric"] == ERROR]
    rings = sorted(set(zip(found["from_A"], found["to_A"], strict=True)))
    place = {low: k for k, (low, _) in enumerate(rings)}
    found = found.assign(ring=[place[low] for low in found["from_A"]])
    panels.curves(axes, found, x="ring", metric=ERROR, styles=styles)
    axes.set_xticks(
        range(len(rings)),
        [f"{low:g}–{high:g}" if np.isfinite(high) else f"> {low:g}" for low, high in rings],
    )
    axes.set_xlim(-0.4, len(rings) - 0.6)
    axes.set_xlabel(label)
    panels.error_axis(axes, ERROR, label="MAE of position (pm)")


def counted_map(
    axes: "Axes", run: Run, *, case: str, image: str, dose: float, restorer: str
) -> "PatchCollection":
    """Draw discs at the columns, coloured by the share of realizations counted right.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    run : Run
    case, image : str
    dose : float
        e/Å²; the lowest of the image.
    restorer : str

    Returns
    -------
    matplotlib.collections.PatchCollection
        For a colour bar in percent.
    """
    from matplotlib.collections import PatchCollection
    from matplotlib.patches import Circle
    from scipy.spatial import KDTree

    shares = run.once(shares_right_of)
    columns = shares[
        (shares["case"] == case)
        & (shares["image"] == image)
        & (shares["dose"] == dose)
        & (shares["restorer"] == restorer)
    ]
    places = columns[["x", "y"]].to_numpy(dtype=np.float64)
    spacing = 10.0
    if len(places) > 1:
        spacing = float(np.median(np.asarray(KDTree(places).query(places, k=2)[0])[:, 1]))
    discs = PatchCollection([Circle((x, y), 0.46 * spacing) for x, y in places], cmap="cividis")
    discs.set_array(columns["right"].to_numpy())
    discs.set_clim(0, 100)
    axes.add_collection(discs)
    rows, cols = run.case(case).shape
    axes.set_xlim(-0.5, cols - 0.5)
    axes.set_ylim(rows - 0.5, -0.5)
    axes.set_aspect("equal")
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines[:].set_visible(True)
    return discs
