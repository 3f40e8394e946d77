"""Counterpart of Fig. 3: accuracy round an edge dislocation against dose."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from cases import Case, to_pixels
from fitting.lattice import burgers_circuit
from reports.figures import panels
from reports.figures.dislocation import error_rings
from reports.figures.paper.column_width import (
    area,
    letter,
    narrow_dose_axis,
    new_page,
    picture,
    shared_grey,
    tag,
)
from reports.figures.paper.paper_figure import (
    Drawn,
    LackingError,
    Material,
    PaperFigure,
    Searching,
    run_text,
)
from reports.metrics.dislocation import load_circuits, summarise_burgers
from reports.metrics.kept.resolution import contrast_of, resolved_alone, unresolved_cells
from reports.names import RestorerStyle
from reports.records.run_folder import Run
from reports.summaries.bounds import drawn_bounds, summarise_bounds
from reports.words.captions import case_settings, sample_text
from reports.words.numbers import dose_text, short_dose_text
from reports.words.verdict.bounds import bound_caption
from stembench.arrays import Bools, Floats

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Drawing

_POSITION: Final = "position_mae_unshifted_pm"
_PANELS: Final = (
    (_POSITION, "MAE of position (pm)"),
    ("position_mae_spread_pm", "spread of the error (pm)"),
    ("scs_mpe_pct", "MPE of SCS (%)"),
    ("scs_mpe_spread_pct", "spread of the error (%)"),
)
#: Most bars at a dose above which numbers have room side by side.
_UPRIGHT: Final = 4
_HEIGHT: Final = 190.0
_RED: Final = "#D40000"
_PATH: Final = "#FFC20A"
#: Half the side of the zoom on the core, Å.
_ZOOM: Final = 4.5
#: Of a spacing: a found column is that of a true one.
_REACH: Final = 0.5


def _draw(material: Material) -> Drawn:
    run, rows, case = material.study("dislocation")
    image = str(rows["image"].iloc[0])
    rows = rows[rows["image"] == image]
    names = list(rows["restorer"].unique())
    styles = run.restorers.styles(names)
    raw, main = run.restorers.raw(names), run.restorers.main(names)
    clean = run.examples.clean(case, image)
    true = run.examples.true_columns(case, image)
    if clean is None or true is None or raw is None or main is None:
        raise LackingError(
            f"{run.folder} holds no example images of {case}, raw and restored: `stembench run "
            f"--case {case}` keeps them"
        )
    page = new_page(_HEIGHT)
    doses = np.unique(rows["dose"].to_numpy())
    told = _pictures(
        page, run, case=case, image=image, clean=clean, true=true, shown=(raw, main),
        doses=(doses[0], doses[-1]), found=material.found,
    )  # fmt: skip
    plots = page.add_gridspec(
        1, 5, **area(page, left=10, right=2, top=114, bottom=_HEIGHT - 43), wspace=0.55
    )
    bounds = run.once(summarise_bounds)
    bounds = bounds[bounds["image"] == image]
    panes = [page.add_subplot(plots[0, k]) for k in range(5)]
    for k, (metric, label) in enumerate(_PANELS):
        axes = panes[k]
        panels.curves(axes, rows, x="dose", metric=metric, styles=styles)
        panels.assumed_bounds(axes, drawn_bounds(bounds, case=case, metric=metric), x="dose")
        narrow_dose_axis(axes, doses)
        panels.error_axis(axes, metric, label=label)
        letter(axes, "ijkl"[k], ("position", "position", "SCS", "SCS")[k])
    error_rings(panes[4], run, case=case, styles=styles, label="from the core (Å)")
    panes[4].tick_params(axis="x", labelsize=5.5)
    letter(panes[4], "m", f"{short_dose_text(float(doses[0]))} e/Å²")
    panels.legend(page, *panes, at=(0.5, 1 - 103.5 / _HEIGHT))
    _burgers_panel(page, run, case=case, styles=styles, doses=doses)
    return Drawn(
        run=run_text(run),
        drawing=page,
        caption=_caption(run, rows, case=case),
        tables={"": _table(rows), "circuits": told},
    )


def _pictures(
    page: "Drawing",
    run: Run,
    *,
    case: str,
    image: str,
    clean: Floats,
    true: tuple[Floats, Bools],
    shown: tuple[str, str],
    doses: tuple[float, float],
    found: Searching,
) -> pd.DataFrame:
    """Draw structure, images and zooms; return what the circuits on found columns say."""
    described = run.case(case)
    sampling = run.case(case).sampling
    centre = to_pixels(described, np.zeros((1, 2)))[0]
    grid = page.add_gridspec(
        2, 4, **area(page, left=2, right=2, top=5, bottom=97), wspace=0.05, hspace=0.12
    )
    _schematic(page.add_subplot(grid[0, 0]), true[0], true[1], centre=centre, case=described)
    axes = page.add_subplot(grid[0, 1])
    picture(axes, clean, sampling=sampling)
    letter(axes, "b", "noise-free")
    told = []
    for i, restorer in enumerate(shown):
        for j, dose in enumerate(doses):
            pixels = run.examples.image(case, image, dose=float(dose), restorer=restorer)
            axes = page.add_subplot(grid[i, j + 2])
            words = f"{run.restorers.label(restorer)}, {dose_text(float(dose))} e/Å²"
            letter(axes, ("cd", "gh")[i][j], words)
            if pixels is None:
                panels.picture(axes, None, sampling=sampling)
                continue
            picture(axes, pixels, limits=None if i == 0 else shared_grey([clean, pixels]))
            columns = found(pixels)
            closure = _circuit(axes, columns, centre=centre, sampling=sampling)
            told.append(
                {
                    "restorer": restorer, "dose": dose, "found": len(columns),
                    "true": len(true[0]), "closure_x_A": closure[0], "closure_y_A": closure[1],
                }
            )  # fmt: skip
            if i == 1 and j == 0:
                zoom = page.add_subplot(grid[1, 1])
                _zoomed(
                    zoom, pixels, centre=centre, sampling=sampling, true=true[0], columns=columns
                )
                letter(zoom, "f", f"core of g: {run.restorers.label(restorer)}")
    zoom = page.add_subplot(grid[1, 0])
    _zoomed(zoom, clean, centre=centre, sampling=sampling, true=true[0], columns=None)
    letter(zoom, "e", "core, noise-free")
    return pd.DataFrame(told)


def _schematic(
    axes: "Axes", positions: Floats, measured: Bools, *, centre: Floats, case: Case
) -> None:
    """The columns seen along the beam, the measured ones within a circle."""
    from matplotlib.patches import Circle

    for chosen, colour in ((~measured, "#A9B2B9"), (measured, "#22313B")):
        x, y = positions[chosen].T
        axes.scatter(x, y, s=5, color=colour, linewidths=0)
    if case.measured.rule == "within":
        radius = case.measured.value / case.sampling
    else:
        radius = float(np.linalg.norm(positions[measured] - centre, axis=1).max()) + 3
    axes.add_patch(Circle((centre[0], centre[1]), radius, fill=False, color=_RED, linewidth=1.0))
    height, width = case.shape
    axes.set_xlim(-0.5, width - 0.5)
    axes.set_ylim(height - 0.5, -0.5)
    axes.set_aspect("equal")
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines[:].set_visible(True)
    letter(axes, "a", f"{int(measured.sum())} measured columns")


def _circuit(
    axes: "Axes", columns: Floats, *, centre: Floats, sampling: float
) -> tuple[float, float]:
    """Draw the Burgers circuit that found columns allow; its closure failure in Å."""
    walked = burgers_circuit(columns, centre=centre) if len(columns) else None
    if walked is None:
        tag(axes, f"{len(columns)} found, no circuit")
        return float("nan"), float("nan")
    axes.plot(*walked.path.T, color="black", linewidth=1.6, alpha=0.6)
    axes.plot(*walked.path.T, color=_PATH, linewidth=0.8)
    x, y = (float(part) for part in walked.closure * sampling)
    start, end = walked.path[-1], walked.path[0]
    axes.annotate(
        "", xy=tuple(end), xytext=tuple(start),
        arrowprops={"arrowstyle": "-|>", "color": _RED, "linewidth": 1.2, "mutation_scale": 6,
                    "shrinkA": 0, "shrinkB": 0},
    )  # fmt: skip
    written = f"({x:.2f}, {y:.2f})".replace("-", "−")
    tag(axes, f"{len(columns)} found, b = {written} Å")
    return x, y


def _zoomed(
    axes: "Axes",
    pixels: Floats,
    *,
    centre: Floats,
    sampling: float,
    true: Floats,
    columns: Floats | None,
) -> None:
    """The core enlarged: true columns as crosses, found ones as rings."""
    half = round(_ZOOM / sampling)
    x, y = (round(float(part)) for part in centre)
    y0, x0 = max(y - half, 0), max(x - half, 0)
    part = pixels[y0 : y + half + 1, x0 : x + half + 1]
    picture(axes, part, sampling=sampling, bar=2.0)
    for places, mark, colour in ((true, "+", "#56B4E9"), (columns, "o", _PATH)):
        if places is not None and len(places):
            moved = places - np.array([x0, y0])
            inside = ((moved > 0) & (moved < np.array(part.shape)[::-1] - 1)).all(axis=1)
            across, down = moved[inside].T
            axes.plot(
                across, down, marker=mark, markersize=4, markerfacecolor="none",
                markeredgecolor=colour, markeredgewidth=0.8, linestyle="none",
            )  # fmt: skip
    axes.set_xlim(-0.5, part.shape[1] - 0.5)
    axes.set_ylim(part.shape[0] - 0.5, -0.5)


def _burgers_panel(
    page: "Drawing", run: Run, *, case: str, styles: Mapping[str, RestorerStyle], doses: Floats
) -> None:
    """Share of all images whose Burgers vector is read right, of fits started at true places."""
    axes = page.add_axes((10 / 180, 7 / _HEIGHT, 168 / 180, 20 / _HEIGHT))
    unresolved = unresolved_cells(run.once(contrast_of), run.restorers)
    circuits = resolved_alone(run.once(load_circuits), unresolved)
    told = summarise_burgers(circuits, run.case(case), case=case)
    own = [name for name in styles if name in set(told["restorer"])]
    for k, name in enumerate(own):
        mine = told[told["restorer"] == name].set_index("dose")
        there = [d for d in doses if d in mine.index]
        places = [i + 0.8 * ((k + 0.5) / len(own) - 0.5) for i, d in enumerate(doses) if d in there]
        share = [100 * mine["n_right"][d] / mine["n"][d] for d in there]
        axes.bar(
            places, share, width=0.72 / len(own), color=styles[name].colour, linewidth=0.4,
            edgecolor="black",
        )  # fmt: skip
        for place, value, dose in zip(places, share, there, strict=True):
            axes.text(
                place, value + 3, f"{mine['n_right'][dose]}/{mine['n'][dose]}", ha="center",
                va="bottom", fontsize=4.5, rotation=90 if len(own) > _UPRIGHT else 0,
            )  # fmt: skip
    axes.set_xticks(range(len(doses)), [f"{dose_text(float(d))} e/Å²" for d in doses])
    axes.set_ylim(0, 145 if len(own) > _UPRIGHT else 115)
    axes.set_yticks([0, 50, 100])
    axes.set_ylabel("b read right (%)")
    letter(axes, "n", "share of all images, by the colours above")


def _table(rows: pd.DataFrame) -> pd.DataFrame:
    kept = ["dose", "restorer", "metric", "value", "low", "high", "n_realizations", "n_columns"]
    own = rows[rows["metric"].isin([metric for metric, _ in _PANELS])]
    return own[kept].reset_index(drop=True)


def _caption(run: Run, rows: pd.DataFrame, *, case: str) -> str:
    return (
        f"{run.title(case)}. (a) Columns along the beam; measured are those within the circle. "
        "(b) Noise-free image. (c, d) Raw and (g, h) restored images at the lowest and the highest "
        "dose, realization 0; the restored ones on one grey scale with the noise-free image. "
        "Yellow: the widest Burgers circuit on columns that a search found in that very image; its "
        "closure failure is the red arrow. (e, f) The core enlarged: crosses true, rings found "
        "columns. (i–l) Mean absolute error and its spread over realizations, each image's rigid "
        "shift taken off positions; dash-dotted: hybrid bound. (m) Error against the distance from "
        "the core at the lowest dose. Fits start at the true positions, so that i–n do not tell "
        "whether columns are found. (n) Images whose Burgers vector, read from the phases of the "
        "fitted lattice, is that of the noise-free image; such that cannot be read count as "
        f"wrong. {sample_text(rows)} per point, 95 % intervals. {case_settings(run.case(case))}"
        f"{bound_caption(run, case=case, metric=_POSITION)}"
    )


FIGURES: Final = (
    PaperFigure(
        number="3",
        title="Accuracy round a dislocation against dose",
        theirs="Pt [112] with an edge dislocation: raw and restored images at 5e2 and (so the "
        "caption) 5e5 e/Å², and errors of position and scattering cross-section round the core "
        "against dose.",
        claims=(19, 20, 21, 22, 23, 24, 28),
        needs="a run of edge_dislocation with its example images",
        draw=_draw,
    ),
)
