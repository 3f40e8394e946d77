"""The figure after the paper's Fig. 3: accuracy round an edge dislocation against dose."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cases import Case, to_pixels
from fitting.lattice import Circuit, burgers_circuit
from reports.figures import panels
from reports.figures.figure import Figure
from reports.names import RestorerStyle
from reports.records.run_folder import Run
from reports.summaries.bounds import drawn_bounds, summarise_bounds
from reports.words.captions import case_settings_text
from reports.words.numbers import dose_text
from reports.words.verdict.bounds import bound_caption
from stembench.arrays import Floats

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Drawing

#: The error of position that is shown, and the bound of it.
_POSITION: Final = "position_mae_pm"
_RED = "#D40000"
_PATH = "#FFC20A"


def figure_dislocation(run: Run, summary: pd.DataFrame, *, case: str) -> "Drawing":
    """Draw the structure, example images with a Burgers circuit, MAE and MPE against dose.

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
    bounds = summarise_bounds(run)
    bounds = bounds[bounds["image"] == image]
    raw = run.restorers.raw(names)
    restored = run.restorers.main(names)
    shown = [name for name in (raw, restored) if name is not None]
    figure, bottom, top = panels.new_figure(
        2.75 + 2.275 * len(shown),
        footer="MAE: mean distance |r - r_ref|. MPE: mean absolute percentage error. Circuits run "
        "through columns fitted from their true places: they close alike where a restorer has "
        "drawn the core as perfect lattice. " + _settings(run, rows, case=case),
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
        top=top - 0.18 / height,
        hspace=0.14,
        wspace=0.06,
    )
    plots = figure.add_gridspec(
        1,
        2,
        left=0.085,
        right=0.985,
        bottom=bottom + 0.42 / height,
        top=split - 0.38 / height,
        wspace=0.24,
    )

    sampling = float(run.records["sampling"][run.records["case"] == case].iloc[0])
    columns = _columns(run, case, image=image)
    centre = to_pixels(described, np.zeros((1, 2)))[0]  # the core is the reference point
    schematic = figure.add_subplot(grid[0, 0])
    _schematic(schematic, columns, centre=centre, case=described)

    doses = np.unique(rows["dose"].to_numpy())
    extremes = list(dict.fromkeys((float(doses[0]), float(doses[-1]))))
    letters = "bcdefg"
    last = letters[len(shown) * len(extremes) :][:2]
    circuits: dict[float, Circuit | None] = {}
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
            if restorer == restored:
                positions = run.examples.positions(case, image, dose=dose, restorer=restorer)
                circuits[dose] = (
                    None if positions is None else burgers_circuit(positions, centre=centre)
                )
                _draw_circuit(axes, circuits[dose])
    if len(shown) > 1:
        key = figure.add_subplot(grid[-1, 0])
        _legend(key, styles, title=f"panels {' and '.join(last)}")
        _closures(key, circuits, case=described)

    for k, (metric, label) in enumerate(
        ((_POSITION, "MAE of position (pm)"), ("scs_mpe_pct", "MPE of SCS (%)"))
    ):
        axes = figure.add_subplot(plots[0, k])
        panels.curves(axes, rows, x="dose", metric=metric, styles=styles)
        panels.assumed_bounds(axes, drawn_bounds(bounds, case=case, metric=metric), x="dose")
        panels.dose_axis(axes, doses)
        panels.error_axis(axes, metric, label=label)
        panels.key_of_bounds(axes)
        panels.heading(axes, last[k], label.split(" (")[0])
    return figure


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
    rows = run.records[(run.records["case"] == case) & (run.records["image"] == image)]
    rows = rows.drop_duplicates("column")
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


def _draw_circuit(axes: "Axes", circuit: Circuit | None) -> None:
    if circuit is None:
        return
    axes.plot(*circuit.path.T, color=_PATH, linewidth=1.1, solid_joinstyle="round")
    axes.plot(*circuit.path[0], marker="o", markersize=3.5, color=_PATH)
    start, finish = circuit.path[0], circuit.path[-1]
    axes.annotate(
        "",
        xy=(start[0], start[1]),
        xytext=(finish[0], finish[1]),
        arrowprops={
            "arrowstyle": "-|>",
            "color": _RED,
            "linewidth": 1.8,
            "shrinkA": 0,
            "shrinkB": 0,
            "mutation_scale": 8,
        },
    )


def _legend(axes: "Axes", styles: Mapping[str, RestorerStyle], *, title: str) -> None:
    """Legend of the curves, in a panel of its own."""
    from matplotlib.lines import Line2D

    axes.set_axis_off()
    handles = [
        Line2D([], [], color=look.colour, marker=look.marker, markersize=4, label=look.label)
        for look in styles.values()
    ]
    axes.legend(
        handles=handles,
        loc="upper left",
        frameon=False,
        bbox_to_anchor=(0, 1),
        title=title,
        alignment="left",
        title_fontsize=8,
    )


def _closures(axes: "Axes", circuits: Mapping[float, Circuit | None], *, case: Case) -> None:
    """The closure failure of each circuit in numbers, beside the Burgers vector built in."""
    lines = ["Burgers circuit (yellow) through fitted", "columns; red: its closure failure"]
    for dose, circuit in circuits.items():
        if circuit is None:
            lines.append(f"  {dose_text(dose)} e/Å²: none found")
        else:
            x, y = circuit.closure * case.sampling
            lines.append(f"  {dose_text(dose)} e/Å²: ({x:+.2f}, {y:+.2f}) Å")
    length = case.structure.material.lattice_parameter / np.sqrt(2)
    lines.append(f"  built in: a/√2 = {length:.2f} Å along x")
    if circuits:
        axes.text(
            0.02,
            0.02,
            "\n".join(lines),
            transform=axes.transAxes,
            va="bottom",
            fontsize=7.5,
            linespacing=1.4,
        )


FIGURE: Final = Figure(
    name="dislocation",
    title="Accuracy round a dislocation",
    reading="Structure with its measured columns, example images with a Burgers circuit "
    "through the fitted columns, mean absolute error of position and mean absolute percentage "
    "error of the scattering cross-section against dose.",
    draw=figure_dislocation,
    settings=_settings,
)
