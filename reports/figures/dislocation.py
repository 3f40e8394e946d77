"""The figure after the paper's Fig. 3: accuracy round an edge dislocation against dose."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cases import Case, to_pixels
from reports.figures import panels
from reports.figures.figure import Figure
from reports.metrics.core_distance import distances_of
from reports.metrics.dislocation import BURGERS_CIRCLE, load_circuits, summarise_burgers
from reports.metrics.kept.resolution import contrast_of, resolved_alone, unresolved_cells
from reports.names import Restorers, RestorerStyle
from reports.records.run_folder import Run
from reports.summaries.bounds import drawn_bounds, summarise_bounds
from reports.summaries.cells_of_run import columns_of
from reports.words.captions import case_settings_text
from reports.words.numbers import dose_text
from reports.words.studies.dislocation import ERROR
from reports.words.verdict.bounds import bound_caption
from stembench.arrays import Floats

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Drawing

#: The error of position that is shown, and the bound of it.
_POSITION: Final = "position_mae_unshifted_pm"
#: So many restorers are named beside the images, more of them above.
_MOST_BESIDE: Final = 7
_RED = "#D40000"
_PATH = "#FFC20A"


def figure_dislocation(run: Run, summary: pd.DataFrame, *, case: str) -> "Drawing":
    """Draw structure, example images, errors against dose and against distance from the core.

    Parameters
    ----------
    run : Run
        Gives settings, positions and example images.
    summary : pandas.DataFrame
        Summary of its records.
    case : str
        Name of the case; its first image is shown.

    Returns
    -------
    matplotlib.figure.Figure
    """
    rows = summary[summary["case"] == case]
    rows = rows[rows["image"] == rows["image"].iloc[0]]
    image = str(rows["image"].iloc[0])
    described = run.case(case)
    names = list(rows["restorer"].unique())
    styles = run.restorers.styles(names)
    bounds = run.once(summarise_bounds)
    bounds = bounds[bounds["image"] == image]
    raw = run.restorers.raw(names)
    restored = run.restorers.main(names)
    shown = [name for name in (raw, restored) if name is not None]
    # Beside the images there is room for few names above what is told of the Burgers vectors.
    above = 0.32 if len(styles) > _MOST_BESIDE else 0.0
    figure, bottom, top = panels.new_figure(
        2.75 + above + 2.275 * len(shown),
        footer="MAE: mean distance |r - r_ref|, each image's rigid shift (the mean error of its "
        "measured columns) taken off. MPE: mean absolute percentage error. Burgers vectors are "
        "read from the phases of the lattice along the yellow circle of "
        f"{BURGERS_CIRCLE:g} Å round the core. Columns are fitted from their true places, so "
        "neither tells whether a restorer has drawn the core as perfect lattice. "
        + _settings(run, rows, case=case),
        title=f"Accuracy against dose: {run.title(case)}",
        complete=run.complete,
    )
    height = float(figure.get_size_inches()[1])
    split = bottom + 2.55 / height
    grid = figure.add_gridspec(
        len(shown),
        3,
        left=0.03,
        right=0.985,
        bottom=split + 0.06 / height,
        top=top - (0.18 + above) / height,
        hspace=0.14,
        wspace=0.06,
    )
    plots = figure.add_gridspec(
        1,
        3,
        left=0.075,
        right=0.985,
        bottom=bottom + 0.42 / height,
        top=split - 0.38 / height,
        wspace=0.36,
    )

    sampling = run.case(case).sampling
    columns = _columns(run, case, image=image)
    centre = to_pixels(described, np.zeros((1, 2)))[0]  # the core is the reference point
    schematic = figure.add_subplot(grid[0, 0])
    _schematic(schematic, columns, centre=centre, case=described)

    doses = np.unique(rows["dose"].to_numpy())
    extremes = list(dict.fromkeys((float(doses[0]), float(doses[-1]))))
    letters = "bcdefgh"
    last = letters[len(shown) * len(extremes) :][:3]
    for i, restorer in enumerate(shown):
        for j, dose in enumerate(extremes):
            axes = figure.add_subplot(grid[i, j + 1])
            panels.picture(
                axes,
                run.examples.image(case, image, dose=dose, restorer=restorer),
                sampling=sampling,
            )
            title = f"{styles[restorer].label}, {dose_text(dose)} e/Å²"
            panels.heading(axes, letters[len(extremes) * i + j], title)
            _circle(axes, centre=centre, case=described)
    if len(shown) > 1:
        key = figure.add_subplot(grid[-1, 0])
        key.set_axis_off()
        if not above:
            _legend(key, styles, title=f"panels {', '.join(last)}")
        _burgers(key, run, case=case, names=shown, alone=above > 0)

    drawn = []
    for k, (metric, label) in enumerate(
        ((_POSITION, "MAE of position (pm)"), ("scs_mpe_pct", "MPE of SCS (%)"))
    ):
        axes = figure.add_subplot(plots[0, k])
        panels.curves(axes, rows, x="dose", metric=metric, styles=styles)
        panels.assumed_bounds(axes, drawn_bounds(bounds, case=case, metric=metric), x="dose")
        panels.dose_axis(axes, doses)
        panels.error_axis(axes, metric, label=label)
        if above:
            drawn.append(axes)
        else:
            panels.key_of_bounds(axes)
        panels.heading(axes, last[k], label.split(" (")[0])
    if above:
        panels.legend(figure, *drawn, at=(0.53, top + 0.02 / height))
    axes = figure.add_subplot(plots[0, 2])
    error_rings(axes, run, case=case, styles=styles, label="distance from the core (Å)")
    panels.heading(axes, last[2], f"by distance, {dose_text(float(doses[0]))} e/Å²")
    return figure


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


def _settings(run: Run, summary: pd.DataFrame, *, case: str) -> str:
    """Declared settings of the case, and what the hybrid bound takes as known."""
    return case_settings_text(run, summary, case=case) + bound_caption(
        run, case=case, metric=_POSITION
    )


def _columns(run: Run, case: str, *, image: str) -> tuple[Floats, NDArray[np.bool_]]:
    """True positions of all columns and which are measured; of measured ones alone if need be."""
    kept = run.examples.true_columns(case, image)
    if kept is not None:
        return kept
    rows = run.once(columns_of)
    rows = rows[(rows["case"] == case) & (rows["image"] == image)]
    return rows[["x_true", "y_true"]].to_numpy(), rows["measured"].to_numpy()


def _schematic(
    axes: "Axes", columns: tuple[Floats, NDArray[np.bool_]], *, centre: Floats, case: Case
) -> None:
    """The columns seen along the beam, the measured ones within a red circle."""
    from matplotlib.patches import Circle

    positions, measured = columns
    axes.scatter(
        positions[~measured, 0], positions[~measured, 1], s=9, color="#9AA5AE", linewidths=0
    )
    axes.scatter(
        positions[measured, 0], positions[measured, 1], s=11, color="#30424F", linewidths=0
    )
    if case.measured.rule == "within":
        radius = case.measured.value / case.sampling
    else:
        radius = float(np.linalg.norm(positions[measured] - centre, axis=1).max()) + 3
    axes.add_patch(Circle((centre[0], centre[1]), radius, fill=False, color=_RED, linewidth=1.3))
    height, width = case.shape
    arm = 0.022 * width
    stem = 1.6 * arm * _extra_half_plane(positions, centre=centre, reach=radius)
    for dx, dy in (((-arm, arm), (0, 0)), ((0, 0), (stem, 0))):
        axes.plot(centre[0] + np.array(dx), centre[1] + np.array(dy), color=_RED, linewidth=1.6)
    axes.set_xlim(-0.5, width - 0.5)
    axes.set_ylim(height - 0.5, -0.5)
    axes.set_aspect("equal")
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines[:].set_visible(True)
    panels.heading(axes, "a", f"structure, {int(measured.sum())} measured columns")


def _extra_half_plane(positions: Floats, *, centre: Floats, reach: float) -> float:
    """On which side of the core the lattice is the denser: +1 larger y, -1 smaller y, 0 neither."""
    away = positions - centre
    near = away[np.linalg.norm(away, axis=1) < reach]
    return float(np.sign((near[:, 1] > 0).sum() - (near[:, 1] < 0).sum()))


def _circle(axes: "Axes", *, centre: Floats, case: Case) -> None:
    """The circle along which the Burgers vector is read."""
    from matplotlib.patches import Circle

    radius = BURGERS_CIRCLE / case.sampling
    axes.add_patch(
        Circle((centre[0], centre[1]), radius, fill=False, color=_PATH, linewidth=0.9, alpha=0.9)
    )


def _legend(axes: "Axes", styles: Mapping[str, RestorerStyle], *, title: str) -> None:
    """Legend of the curves, in a panel of its own."""
    from matplotlib.lines import Line2D

    many = len(styles) > 4  # the Burgers vectors are told below
    handles = [
        Line2D(
            [],
            [],
            color=look.colour,
            marker=look.marker,
            markersize=4,
            linestyle=look.line,
            label=look.label,
        )
        for look in styles.values()
    ]
    axes.legend(
        handles=handles,
        loc="upper left",
        frameon=False,
        bbox_to_anchor=(0, 1.04),
        title=title,
        alignment="left",
        fontsize=6.5 if many else 8,
        labelspacing=0.2 if many else 0.5,
        title_fontsize=7 if many else 8,
    )


def _burgers(axes: "Axes", run: Run, *, case: str, names: list[str], alone: bool) -> None:
    """In how many images of each dose the Burgers vector is read right; `alone` in its panel."""
    circuits = resolved_alone(
        run.once(load_circuits), unresolved_cells(run.once(contrast_of), run.restorers)
    )
    found = summarise_burgers(circuits, run.case(case), case=case)
    found = found[found["restorer"].isin(names)]
    if found.empty:
        return
    lines = ["Burgers vector a/√2 along x read right", "(of the images of each dose)"]
    for dose, rows in found.groupby("dose"):
        by_name = rows.set_index("restorer")
        shares = [
            f"{_label(run.restorers, name)} {by_name['n_right'][name]}/{by_name['n'][name]}"
            for name in names
            if name in by_name.index
        ]
        lines.append(f"  {dose_text(float(str(dose)))} e/Å²: {', '.join(shares)}")
    axes.text(
        0.02,
        0.98 if alone else 0.02,
        "\n".join(lines),
        transform=axes.transAxes,
        va="top" if alone else "bottom",
        fontsize=7.5 if alone else 6.5,
        linespacing=1.2,
    )


def _label(restorers: Restorers, name: str) -> str:
    """Name of a restorer, short enough for a line with two of them."""
    label = restorers.label(name)
    return label if len(label) <= 10 else f"{label[:9]}…"


FIGURE: Final = Figure(
    name="dislocation",
    title="Accuracy round a dislocation",
    reading="Structure with its measured columns, example images with the circle along which the "
    "Burgers vector is read, mean absolute error of position (without rigid shift) and mean "
    "absolute percentage error of the scattering cross-section against dose, and the error of "
    "position against the distance from the core at the lowest dose.",
    draw=figure_dislocation,
    settings=_settings,
)
