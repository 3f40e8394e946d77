"""Counterpart of Fig. 2: precision and information against thickness at two doses."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from reports.figures import panels
from reports.figures.paper.column_width import (
    area,
    even_grid,
    letter,
    new_page,
    picture,
    shared_grey,
    tag,
)
from reports.figures.paper.paper_figure import Drawn, LackingError, Material, PaperFigure, run_text
from reports.names import RestorerStyle
from reports.records.run_folder import Run
from reports.summaries.bounds import drawn_bounds, summarise_bounds
from reports.summaries.response import summarise_response
from reports.words.captions import case_settings, sample_text
from reports.words.numbers import dose_text, short_dose_text
from reports.words.verdict.bounds import bound_caption

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Drawing

#: Quantity: precision, its bound, their ratio, bias, and the unit of both.
_QUANTITIES: Final = {
    "position": (
        "position_std_pm", "position_bound_pm", "position_std_over_bound", "position_bias_rms_pm",
        "pm",
    ),
    "SCS": ("scs_std_pct", "scs_bound_pct", "scs_std_over_bound", "scs_bias_pct", "%"),
}  # fmt: skip
_HEIGHT: Final = 188.0
#: Largest bias over the median one from which on the axis is logarithmic away from zero.
_WIDE: Final = 30.0


def _draw(material: Material) -> Drawn:
    run, rows, case = material.study("precision")
    if rows["thickness"].nunique() < 2:
        raise LackingError(
            f"{run.folder} holds one thickness of {case}: `stembench run --case {case}` runs them"
        )
    styles = run.restorers.styles(rows["restorer"].unique())
    doses = list(dict.fromkeys((float(rows["dose"].min()), float(rows["dose"].max()))))
    page = new_page(_HEIGHT)
    grid = page.add_gridspec(
        3, 2 * len(doses), **area(page, left=11, right=2, top=13, bottom=145), hspace=0.36,
        wspace=0.42,
    )  # fmt: skip
    bounds = run.once(summarise_bounds)
    first: list[Axes] = []
    for d, dose in enumerate(doses):
        for q, (quantity, names) in enumerate(_QUANTITIES.items()):
            at = rows[rows["dose"] == dose]
            column = 2 * d + q
            panes = [page.add_subplot(grid[row, column]) for row in range(3)]
            others = drawn_bounds(bounds, case=case, metric=names[0])
            _precision(panes[0], at, names=names, styles=styles)
            panels.assumed_bounds(panes[0], others[others["dose"] == dose], x="thickness")
            panels.error_axis(panes[0], names[0], label=f"precision of {quantity} ({names[4]})")
            _ratio(panes[1], run, at, quantity=quantity, case=case, styles=styles)
            _bias(panes[2], at, names=names, quantity=quantity, styles=styles)
            for k, axes in enumerate(panes):
                axes.set_xlim(0, rows["thickness"].max() * 1.03)
                letter(axes, "abcdefghijkl"[4 * k + column], f"{dose_text(dose)} e/Å²")
            panes[2].set_xlabel("thickness (atoms)")
            first.append(panes[0])
            first.append(panes[1])
    panels.legend(page, *first, at=(0.5, 0.998))
    _examples(page, run, rows, case=case, doses=doses)
    return Drawn(
        run=run_text(run),
        drawing=page,
        caption=_caption(run, rows, case=case),
        tables={"": _table(rows)},
    )


def _precision(
    axes: "Axes",
    rows: pd.DataFrame,
    *,
    names: tuple[str, ...],
    styles: Mapping[str, RestorerStyle],
) -> None:
    panels.curves(axes, rows, x="thickness", metric=names[0], styles=styles)
    panels.bound(axes, rows, x="thickness", metric=names[1])


def _ratio(
    axes: "Axes",
    run: Run,
    rows: pd.DataFrame,
    *,
    quantity: str,
    case: str,
    styles: Mapping[str, RestorerStyle],
) -> None:
    """Scatter over the bound, and, where the response was measured, over the response too."""
    metric = _QUANTITIES[quantity][2]
    panels.curves(axes, rows, x="thickness", metric=metric, styles=styles)
    told = run.once(summarise_response).information
    own = told[
        (told["case"] == run.case(case).study.information)
        & (told["dose"] == rows["dose"].iloc[0])
        & (told["quantity"] == quantity.lower())
    ]
    for name, look in styles.items():
        told_high = own["over_bound_high"].astype("float64")  # without rows it has no type
        mine = own[(own["restorer"] == name) & np.isfinite(told_high)]
        if len(mine):
            axes.errorbar(
                mine["thickness"], mine["over_bound"],
                yerr=np.stack(
                    [
                        mine["over_bound"] - mine["over_bound_low"],
                        mine["over_bound_high"] - mine["over_bound"],
                    ]
                ),
                linestyle="none", marker="D", markersize=4, markerfacecolor="none",
                markeredgecolor=look.colour, ecolor=look.colour, elinewidth=0.8,
                label="scatter / response / bound", zorder=4,
            )  # fmt: skip
    axes.axhline(1, color=panels.BOUND_COLOUR, linewidth=1.0, linestyle=(0, (4, 2)))
    panels.error_axis(axes, metric, label=f"{quantity}: precision / bound")


def _bias(
    axes: "Axes",
    rows: pd.DataFrame,
    *,
    names: tuple[str, ...],
    quantity: str,
    styles: Mapping[str, RestorerStyle],
) -> None:
    metric = names[3]
    panels.curves(axes, rows, x="thickness", metric=metric, styles=styles)
    axes.axhline(0, color="#888888", linewidth=0.6, zorder=1)
    shown = [np.abs(np.asarray(line.get_ydata(), dtype=np.float64)) for line in axes.get_lines()]
    values = np.concatenate(shown)
    values = values[np.isfinite(values)]
    if values.size and values.max() > _WIDE * max(float(np.median(values)), 1e-12):
        axes.set_yscale("symlog", linthresh=max(float(np.round(np.quantile(values, 0.8))), 1.0))
        axes.minorticks_off()
        axes.yaxis.set_major_formatter(lambda value, _: f"{value:g}".replace("-", "−"))
    axes.set_ylabel(f"{'rms ' if 'rms' in metric else ''}bias of {quantity} ({names[4]})")
    even_grid(axes)


def _examples(
    page: "Drawing", run: Run, rows: pd.DataFrame, *, case: str, doses: list[float]
) -> None:
    """Noise-free, raw and restored image at both extremes, three on one grey scale."""
    names = list(rows["restorer"].unique())
    shown = [name for name in (run.restorers.raw(names), run.restorers.main(names)) if name]
    strip = page.add_gridspec(
        1, 6, **area(page, left=2, right=2, top=157, bottom=_HEIGHT - 1), wspace=0.05
    )
    sampling = run.case(case).sampling
    ordered = rows.sort_values("thickness")
    for k, (end, dose) in enumerate(((0, doses[0]), (-1, doses[-1]))):
        image, thickness = (ordered[name].iloc[end] for name in ("image", "thickness"))
        found = [("noise-free", run.examples.clean(case, str(image)))]
        found += [
            (run.restorers.label(n), run.examples.image(case, str(image), dose=dose, restorer=n))
            for n in shown
        ]
        there = [pixels for _, pixels in found if pixels is not None]
        # Counting noise of a few electrons would leave the noise-free image black.
        limits = shared_grey(there[:1] + there[2:]) if len(there) > 2 else None
        for j, (label, pixels) in enumerate(found):
            axes = page.add_subplot(strip[0, 3 * k + j])
            if pixels is None:
                panels.picture(axes, None, sampling=sampling)
            else:
                picture(axes, pixels, limits=limits, sampling=sampling)
            letter(axes, "mnopqr"[3 * k + j], label)
            if j == 0:
                tag(axes, f"{thickness} atoms, {short_dose_text(dose)} e/Å²")


def _table(rows: pd.DataFrame) -> pd.DataFrame:
    metrics = [name for names in _QUANTITIES.values() for name in names[:4]]
    kept = ["image", "thickness", "dose", "restorer", "metric", "value", "low", "high"]
    own = rows[rows["metric"].isin(metrics)]
    return own[[*kept, "n_realizations", "n_columns"]].reset_index(drop=True)


def _caption(run: Run, rows: pd.DataFrame, *, case: str) -> str:
    return (
        f"{run.title(case)}. (a–d) Standard deviation over realizations with 95 % intervals; "
        "dashed the Cramér-Rao bound of unbiased estimators without prior knowledge, dash-dotted "
        "the bound if a constant background is unknown too. Position per axis, root mean square "
        "of x and y. (e–h) The same over the bound; open diamonds: scatter over the measured "
        "response, which is what a restored image tells of a change, over the bound. Below 1 the "
        "scatter is less than unbiased estimates can have. (i–l) Bias against the fit of the "
        "noise-free image. (m–r) Noise-free, raw and restored image, the thinnest at the lowest "
        "and the thickest at the highest dose; three images on one grey scale, that of the "
        f"noise-free and the restored one. {sample_text(rows)} per point. "
        f"{case_settings(run.case(case))}{bound_caption(run, case=case, metric='scs_std_pct')}"
    )


FIGURES: Final = (
    PaperFigure(
        number="2",
        title="Precision and information against thickness",
        theirs="Precision of column position and scattering cross-section of bulk Pt [001] of 2 to "
        "75 atoms at 5e2 and 5e4 e/Å², raw and restored, beside the Cramér-Rao bound, with "
        "examples.",
        claims=(13, 14, 15, 16, 17, 18),
        needs="a run of pt_bulk with its example images",
        draw=_draw,
    ),
)
