"""The figure after the paper's Fig. 3: accuracy round an edge dislocation against dose."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fitting.lattice import Circuit, burgers_circuit
from reports.figures import panels
from reports.names import RestorerStyle, is_raw, main_restorer, styles
from reports.records.run_folder import Run
from reports.words.captions import settings_text
from reports.words.numbers import dose_text
from stembench.arrays import Floats

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_RED = "#D40000"
_PATH = "#FFC20A"


def figure_dislocation(run: Run, summary: pd.DataFrame, *, case: str) -> "Figure":
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
    info = run.case_info(case)
    names = list(rows["restorer"].unique())
    looks = {k: v for k, v in styles(summary["restorer"].unique()).items() if k in names}
    raw = next((n for n in names if is_raw(n)), None)
    restored = main_restorer(names)
    shown = [name for name in (raw, restored) if name is not None]
    figure, bottom, top = panels.new_figure(
        2.75 + 2.275 * len(shown),
        footer="MAE: mean distance |r - r_ref|. MPE: mean absolute percentage error. Circuits run "
        "through columns fitted from their true places: they close alike where a restorer has "
        "drawn the core as perfect lattice. " + settings_text(info, rows),
        title=f"Accuracy against dose: {run.title(case)}",
        complete=run.complete,
    )
    height = float(figure.get_size_inches()[1])
    split = bottom + 2.55 / height
    grid = figure.add_gridspec(
        len(shown), 3, left=0.03, right=0.985, bottom=split + 0.06 / height,
        top=top - 0.18 / height, hspace=0.14, wspace=0.06,
    )  # fmt: skip
    plots = figure.add_gridspec(
        1, 2, left=0.085, right=0.985, bottom=bottom + 0.42 / height, top=split - 0.38 / height,
        wspace=0.24,
    )  # fmt: skip

    sampling = float(run.records["sampling"][run.records["case"] == case].iloc[0])
    columns = _columns(run, case, image=image)
    centre = _centre(info, columns)
    shape = _frame(run, case, image=image, columns=columns)
    schematic = figure.add_subplot(grid[0, 0])
    _schematic(schematic, columns, centre=centre, info=info, shape=shape, sampling=sampling)

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
            title = f"{looks[restorer].label}, {dose_text(dose)} e/Å²"
            panels.heading(axes, letters[len(extremes) * i + j], title)
            if restorer == restored:
                positions = run.examples.positions(case, image, dose=dose, restorer=restorer)
                circuits[dose] = (
                    None if positions is None else burgers_circuit(positions, centre=centre)
                )
                _draw_circuit(axes, circuits[dose])
    if len(shown) > 1:
        key = figure.add_subplot(grid[-1, 0])
        _legend(key, looks, title=f"panels {' and '.join(last)}")
        _closures(key, circuits, info=info, sampling=sampling)

    for k, (metric, label) in enumerate(
        (("position_mae_pm", "MAE of position (pm)"), ("scs_mpe_pct", "MPE of SCS (%)"))
    ):
        axes = figure.add_subplot(plots[0, k])
        panels.curves(axes, rows, x="dose", metric=metric, looks=looks)
        panels.dose_axis(axes, doses)
        panels.error_axis(axes, metric, label=label)
        panels.heading(axes, last[k], label.split(" (")[0])
    return figure


def _columns(run: Run, case: str, *, image: str) -> tuple[Floats, NDArray[np.bool_]]:
    """True positions of all columns and which are measured; of measured ones alone if need be."""
    kept = run.examples.true_columns(case, image)
    if kept is not None:
        return kept
    rows = run.records[(run.records["case"] == case) & (run.records["image"] == image)]
    rows = rows.drop_duplicates("column")
    return rows[["x_true", "y_true"]].to_numpy(), rows["measured"].to_numpy()


def _centre(info: Mapping[str, Any], columns: tuple[Floats, NDArray[np.bool_]]) -> Floats:
    """Where the dislocation line lies: as declared, else the middle of the measured columns."""
    offset, shape = info.get("offset"), info.get("shape")
    if offset is not None and shape is not None:
        middle = (np.array([shape[1], shape[0]]) - 1) / 2
        return np.asarray(middle + np.array(offset) / info["sampling"])
    positions, measured = columns
    return np.asarray(positions[measured].mean(axis=0))


def _frame(
    run: Run, case: str, *, image: str, columns: tuple[Floats, NDArray[np.bool_]]
) -> tuple[int, int]:
    """Height and width of the image."""
    clean = run.examples.clean(case, image)
    if clean is not None:
        return clean.shape[0], clean.shape[1]
    declared = run.case_info(case).get("shape")
    if declared is not None:
        return int(declared[0]), int(declared[1])
    reach = np.ceil(columns[0].max(axis=0) + 8).astype(int)
    return int(reach[1]), int(reach[0])


def _schematic(
    axes: "Axes", columns: tuple[Floats, NDArray[np.bool_]], *, centre: Floats,
    info: Mapping[str, Any], shape: tuple[int, int], sampling: float,
) -> None:  # fmt: skip
    """The columns seen along the beam, the measured ones within a red circle."""
    from matplotlib.patches import Circle

    positions, measured = columns
    axes.scatter(
        positions[~measured, 0], positions[~measured, 1], s=9, color="#9AA5AE", linewidths=0
    )
    axes.scatter(
        positions[measured, 0], positions[measured, 1], s=11, color="#30424F", linewidths=0
    )
    rule = info.get("measured", {})
    if rule.get("rule") == "within":
        radius = float(rule["value"]) / sampling
    else:
        radius = float(np.linalg.norm(positions[measured] - centre, axis=1).max()) + 3
    axes.add_patch(Circle((centre[0], centre[1]), radius, fill=False, color=_RED, linewidth=1.3))
    arm = 0.022 * shape[1]
    stem = 1.6 * arm * _extra_half_plane(positions, centre=centre, reach=radius)
    for dx, dy in (((-arm, arm), (0, 0)), ((0, 0), (stem, 0))):
        axes.plot(centre[0] + np.array(dx), centre[1] + np.array(dy), color=_RED, linewidth=1.6)
    axes.set_xlim(-0.5, shape[1] - 0.5)
    axes.set_ylim(shape[0] - 0.5, -0.5)
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
        "", xy=(start[0], start[1]), xytext=(finish[0], finish[1]),
        arrowprops={"arrowstyle": "-|>", "color": _RED, "linewidth": 1.8, "shrinkA": 0,
                    "shrinkB": 0, "mutation_scale": 8},
    )  # fmt: skip


def _legend(axes: "Axes", looks: Mapping[str, RestorerStyle], *, title: str) -> None:
    """Legend of the curves, in a panel of its own."""
    from matplotlib.lines import Line2D

    axes.set_axis_off()
    handles = [
        Line2D([], [], color=look.colour, marker=look.marker, markersize=4, label=look.label)
        for look in looks.values()
    ]
    axes.legend(
        handles=handles, loc="upper left", frameon=False, bbox_to_anchor=(0, 1), title=title,
        alignment="left", title_fontsize=8,
    )  # fmt: skip


def _closures(
    axes: "Axes", circuits: Mapping[float, Circuit | None], *, info: Mapping[str, Any],
    sampling: float,
) -> None:  # fmt: skip
    """The closure failure of each circuit in numbers, beside the Burgers vector built in."""
    said = ["Burgers circuit (yellow) through fitted", "columns; red: its closure failure"]
    for dose, circuit in circuits.items():
        if circuit is None:
            said.append(f"  {dose_text(dose)} e/Å²: none found")
        else:
            x, y = circuit.closure * sampling
            said.append(f"  {dose_text(dose)} e/Å²: ({x:+.2f}, {y:+.2f}) Å")
    material = info.get("structure", {}).get("material", {})
    if "lattice_parameter" in material:
        length = material["lattice_parameter"] / np.sqrt(2)
        said.append(f"  built in: a/√2 = {length:.2f} Å along x")
    if circuits:
        axes.text(
            0.02, 0.02, "\n".join(said), transform=axes.transAxes, va="bottom", fontsize=7.5,
            linespacing=1.4,
        )  # fmt: skip
