"""Counterpart of Fig. 4: atoms of a nanoparticle counted, against dose."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from reports.figures import panels
from reports.figures.counting import counted_map
from reports.figures.paper.column_width import (
    area,
    even_grid,
    letter,
    narrow_dose_axis,
    new_page,
    picture,
    shared_grey,
    tag,
)
from reports.figures.paper.paper_figure import Drawn, LackingError, Material, PaperFigure, run_text
from reports.metrics.column_search import detection_of
from reports.metrics.columns.atom_counts import counts_of
from reports.names import RestorerStyle
from reports.records.run_folder import Run
from reports.summaries.bounds import drawn_bounds, summarise_bounds
from reports.words.captions import case_settings, sample_text
from reports.words.numbers import dose_text, short_dose_text
from reports.words.studies.atom_counts import BY_COUNT
from reports.words.verdict.bounds import bound_caption

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Drawing

_POSITION: Final = "position_mae_unshifted_pm"
_HEIGHT: Final = 152.0
#: Share of the measured columns that a search finds and whose count is right.
_END_TO_END: Final = "e2e_right_share"


def _draw(material: Material) -> Drawn:
    run, rows, case = material.study("counting")
    image = str(rows["image"].iloc[0])
    rows = rows[rows["image"] == image]
    styles = run.restorers.styles(rows["restorer"].unique())
    doses = np.unique(rows["dose"].to_numpy())
    counts = run.once(counts_of)
    counts = counts[(counts["case"] == case) & (counts["image"] == image)]
    counts = counts[counts["restorer"].isin(styles)]
    if counts.empty:
        raise LackingError(f"{run.folder} holds no counted atoms of {case}: run the case again")
    page = new_page(_HEIGHT)
    grid = page.add_gridspec(
        2, 4, **area(page, left=11, right=2, top=13, bottom=105), hspace=0.42, wspace=0.5
    )
    panes = [page.add_subplot(grid[k // 4, k % 4]) for k in range(8)]
    _errors(panes[0], run, rows, case=case, metric=_POSITION, label="MAE of position (pm)",
            styles=styles)  # fmt: skip
    _errors(panes[1], run, rows, case=case, metric="scs_mpe_pct", label="MPE of SCS (%)",
            styles=styles)  # fmt: skip
    _share(panes[2], rows, metric="count_accuracy", label="counted right (%)", styles=styles)
    ceiling = rows[rows["metric"] == "count_accuracy_clean"]["value"]
    if len(ceiling):
        panes[2].axhline(100 * ceiling.iloc[0], color="black", linestyle=":", linewidth=0.9)
    _share(panes[3], counts, metric="count_within_one", label="within ±1 atom (%)", styles=styles)
    _share(panes[4], _end_to_end(run, case=case, image=image), metric=_END_TO_END,
           label="found and counted right (%)", styles=styles)  # fmt: skip
    panels.curves(panes[5], counts, x="dose", metric="shape_error_A", styles=styles)
    panels.error_axis(panes[5], "shape_error_A", label="shape error (Å)")
    ends = (float(doses[0]), float(doses[-1]))
    for axes, dose in zip(panes[6:], ends, strict=True):
        _bias(axes, counts[counts["dose"] == dose], styles=styles)
        axes.set_xlabel("true number of atoms")
    titles = (
        "position", "SCS", "exact count", "±1 atom", "end to end", "shape",
        f"bias, {dose_text(ends[0])} e/Å²", f"bias, {dose_text(ends[1])} e/Å²",
    )  # fmt: skip
    for k, (axes, title) in enumerate(zip(panes, titles, strict=True)):
        if k < 6:
            narrow_dose_axis(axes, doses)
        letter(axes, "abcdefgh"[k], title)
    panels.legend(page, *panes, at=(0.5, 0.998))
    _pictures(page, run, rows, case=case, image=image, dose=ends[0])
    return Drawn(
        run=run_text(run),
        drawing=page,
        caption=_caption(run, rows, case=case),
        tables={"": _table(rows, counts)},
    )


def _errors(
    axes: "Axes",
    run: Run,
    rows: pd.DataFrame,
    *,
    case: str,
    metric: str,
    label: str,
    styles: Mapping[str, RestorerStyle],
) -> None:
    """Error against dose with the bounds that are stated of it."""
    bounds = run.once(summarise_bounds)
    bounds = bounds[bounds["image"] == rows["image"].iloc[0]]
    panels.curves(axes, rows, x="dose", metric=metric, styles=styles)
    panels.assumed_bounds(axes, drawn_bounds(bounds, case=case, metric=metric), x="dose")
    panels.error_axis(axes, metric, label=label)


def _share(
    axes: "Axes",
    rows: pd.DataFrame,
    *,
    metric: str,
    label: str,
    styles: Mapping[str, RestorerStyle],
) -> None:
    """Share in percent against dose."""
    percent = rows[rows["metric"] == metric].copy()
    percent[["value", "low", "high"]] *= 100
    panels.curves(axes, percent, x="dose", metric=metric, styles=styles)
    axes.set_ylabel(label)
    axes.set_ylim(0, 103)
    even_grid(axes)


def _end_to_end(run: Run, *, case: str, image: str) -> pd.DataFrame:
    """Share of measured columns found by a search in the image and counted right."""
    found = run.once(detection_of)
    own = found[(found["case"] == case) & (found["image"] == image)]
    return own[own["metric"] == _END_TO_END]


def _bias(axes: "Axes", counts: pd.DataFrame, *, styles: Mapping[str, RestorerStyle]) -> None:
    from matplotlib.ticker import MaxNLocator

    panels.curves(
        axes, counts[counts["metric"] == BY_COUNT], x="count_true", metric=BY_COUNT, styles=styles
    )
    axes.axhline(0, color="#888888", linewidth=0.6, zorder=1)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=5, integer=True))
    axes.set_ylabel("bias of SCS (%)")
    even_grid(axes)


def _pictures(
    page: "Drawing", run: Run, rows: pd.DataFrame, *, case: str, image: str, dose: float
) -> None:
    """Noise-free, raw and restored particle, and where columns are counted right."""
    names = list(rows["restorer"].unique())
    raw, main = run.restorers.raw(names), run.restorers.main(names)
    strip = page.add_gridspec(
        1, 5, **area(page, left=2, right=15, top=118, bottom=_HEIGHT - 1), wspace=0.06
    )
    clean = run.examples.clean(case, image)
    sampling = run.case(case).sampling
    restored = None
    if main is not None:
        restored = run.examples.image(case, image, dose=dose, restorer=main)
    limits = None
    if clean is not None and restored is not None:
        limits = shared_grey([clean, restored])
    shown = [("noise-free", clean)]
    for name in (raw, main):
        if name is not None:
            pixels = run.examples.image(case, image, dose=dose, restorer=name)
            shown.append((run.restorers.label(name), pixels))
    for k, (label, pixels) in enumerate(shown):
        axes = page.add_subplot(strip[0, k])
        if pixels is None:
            panels.picture(axes, None, sampling=sampling)
        else:
            picture(axes, pixels, limits=limits, sampling=sampling, bar=10.0)
        letter(axes, "ijk"[k], label)
        if k:
            tag(axes, f"{short_dose_text(dose)} e/Å²")
    drawn = None
    for k, name in enumerate(name for name in (raw, main) if name is not None):
        axes = page.add_subplot(strip[0, 3 + k])
        drawn = counted_map(axes, run, case=case, image=image, dose=dose, restorer=name)
        letter(axes, "lm"[k], f"right: {run.restorers.label(name)}")
    if drawn is not None:
        bar = page.colorbar(drawn, cax=axes.inset_axes((1.05, 0, 0.06, 1)))
        bar.set_label("% of realizations", labelpad=1)
        bar.outline.set_linewidth(0.4)


def _table(rows: pd.DataFrame, counts: pd.DataFrame) -> pd.DataFrame:
    shown = [_POSITION, "scs_mpe_pct", "count_accuracy", "count_accuracy_clean"]
    kept = ["dose", "restorer", "metric", "value", "low", "high", "n_realizations", "n_columns"]
    own = rows[rows["metric"].isin(shown)].assign(count_true=0)
    return pd.concat([own[[*kept, "count_true"]], counts[[*kept, "count_true"]]], ignore_index=True)


def _caption(run: Run, rows: pd.DataFrame, *, case: str) -> str:
    return (
        f"{run.title(case)}. (a) Mean absolute error of position, each image's rigid shift taken "
        "off, with the hybrid bound (dash-dotted); (b) mean absolute percentage error of the "
        "scattering cross-section; (c) columns with the exact number of atoms, dotted: of the "
        "noise-free image; (d) within one atom; failed fits count as wrong. (e) End to end: "
        "columns found by a search in the image itself, fitted, and counted right, of all measured "
        "ones. (f) Root mean square error of a column's length. (g, h) Bias of the cross-section "
        "by the true number of atoms. (i) Noise-free, (j) raw and (k) restored particle at the "
        "lowest dose on one grey scale; (l, m) share of realizations in which each column is "
        f"counted right there. {sample_text(rows)} per point, 95 % intervals. "
        f"{case_settings(run.case(case))}{bound_caption(run, case=case, metric=_POSITION)}"
    )


FIGURES: Final = (
    PaperFigure(
        number="4",
        title="Atom counting against dose",
        theirs="A simulated Pt nanoparticle: errors of position and scattering cross-section and "
        "the share of columns counted right, of 333 columns, against dose, and the particle.",
        claims=(25, 26, 27, 28),
        needs="a run of nanoparticle with its example images",
        draw=_draw,
    ),
)
