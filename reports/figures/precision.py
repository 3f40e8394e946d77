"""The figure after the paper's Fig. 2: precision against thickness, beside the bound."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from reports.figures import panels
from reports.figures.figure import Figure
from reports.names import RestorerStyle
from reports.records.run_folder import Run
from reports.summaries.bounds import drawn_bounds, summarise_bounds
from reports.summaries.response import summarise_response
from reports.words.captions import case_settings_text
from reports.words.numbers import dose_text, short_dose_text
from reports.words.verdict.bounds import bound_caption

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Drawing

_PANELS = (
    ("position_std_pm", "position_rmse_pm", "position_bound_pm", "precision of position (pm)"),
    ("scs_std_pct", "scs_rmse_pct", "scs_bound_pct", "precision of SCS (%)"),
)


def figure_precision(run: Run, summary: pd.DataFrame, *, case: str) -> "Drawing":
    """Draw precision of position and SCS against thickness at the lowest and highest dose.

    Parameters
    ----------
    run : Run
        Gives settings and example images.
    summary : pandas.DataFrame
        Summary of its records.
    case : str
        Name of the case.

    Returns
    -------
    matplotlib.figure.Figure
        Standard deviation with 95 % intervals, RMSE dotted, bound dashed; below, raw and restored
        example images of the thinnest at the lowest and the thickest at the highest dose.
    """
    rows = summary[summary["case"] == case]
    doses = np.unique(rows["dose"].to_numpy())
    shown = list(dict.fromkeys([float(doses[0]), float(doses[-1])]))
    styles = run.restorers.styles(rows["restorer"].unique())
    figure, bottom, top = panels.new_figure(
        2.35 * len(shown) + 2.35,
        footer="Position: per axis, root mean square of x and y. Dotted: RMSE, which counts bias "
        "too. Bounds hold for unbiased estimators without prior knowledge; diamonds: what an "
        "estimator is held to that follows changes of all columns as the restorer was measured "
        "to, where that was measured at this thickness and dose and lies below the bound. "
        + _settings(run, rows, case=case),
        title=f"Precision against thickness: {run.title(case)}",
        complete=run.complete,
    )
    height = float(figure.get_size_inches()[1])
    images_top = bottom + 1.95 / height
    grid = figure.add_gridspec(
        len(shown),
        2,
        left=0.085,
        right=0.985,
        bottom=images_top + 0.62 / height,
        top=top - 0.42 / height,
        hspace=0.42,
        wspace=0.22,
    )
    letters = iter("abcdefgh")
    bounds = run.once(summarise_bounds)
    told = run.once(summarise_response).information
    held = told[told["case"] == run.case(case).study.information]
    keyed: list[Axes] = []
    for i, dose in enumerate(shown):
        at_dose = rows[rows["dose"] == dose]
        for j, (std, rmse, bound, label) in enumerate(_PANELS):
            axes = figure.add_subplot(grid[i, j])
            panels.companion(axes, at_dose, x="thickness", metric=rmse, styles=styles)
            panels.curves(axes, at_dose, x="thickness", metric=std, styles=styles)
            panels.bound(axes, at_dose, x="thickness", metric=bound)
            others = drawn_bounds(bounds, case=case, metric=std)
            panels.assumed_bounds(axes, others[others["dose"] == dose], x="thickness")
            own = held[(held["dose"] == dose) & (held["quantity"] == std.partition("_")[0])]
            _bounds_at_response(axes, own, styles=styles)
            panels.error_axis(axes, std, label=label)
            axes.set_xlim(0, rows["thickness"].max() * 1.03)
            axes.set_xlabel("thickness (atoms)")
            panels.heading(axes, next(letters), f"{dose_text(dose)} e/Å²")
            if i == 0:
                keyed.append(axes)
            if i == 0 and j == len(_PANELS) - 1:
                panels.legend(figure, *keyed, at=(0.53, top + 0.02 / height))
    row = figure.add_gridspec(
        1, 4, left=0.02, right=0.985, bottom=bottom + 0.03 / height, top=images_top, wspace=0.06
    )
    for k, letter in zip(range(4), letters, strict=False):
        axes = figure.add_subplot(row[0, k])
        _example(axes, run, rows, letter=letter, thick=k >= 2, restored=k % 2 == 1)
    return figure


def _bounds_at_response(
    axes: "Axes", information: pd.DataFrame, *, styles: Mapping[str, RestorerStyle]
) -> None:
    """Draw what estimators are bounded by that pass on less than the whole of a change."""
    below = information[information["held_bound_high"] < information["bound"]]
    for name, look in styles.items():
        own = below[(below["restorer"] == name) & (below["held_bound"] > 0)]
        if len(own):
            axes.plot(
                own["thickness"].to_numpy(dtype=np.float64),
                own["held_bound"].to_numpy(dtype=np.float64),
                marker="D",
                markersize=4.5,
                markerfacecolor="none",
                markeredgecolor=look.colour,
                markeredgewidth=1.1,
                linestyle="none",
                label="bound at the measured response",
                zorder=4,
            )


def _settings(run: Run, summary: pd.DataFrame, *, case: str) -> str:
    """Declared settings of the case, and what the second bound of SCS takes as known."""
    return case_settings_text(run, summary, case=case) + bound_caption(
        run, case=case, metric=_PANELS[1][0]
    )


def _example(
    axes: "Axes", run: Run, rows: pd.DataFrame, *, letter: str, thick: bool, restored: bool
) -> None:
    """The example image at one extreme of the signal-to-noise ratio."""
    names = list(rows["restorer"].unique())
    restorer = run.restorers.main(names) if restored else run.restorers.raw(names)
    if restorer is None:
        axes.set_axis_off()
        return
    extreme = rows.sort_values("thickness").iloc[-1 if thick else 0]
    dose = float(rows["dose"].max() if thick else rows["dose"].min())
    case, image = str(extreme["case"]), str(extreme["image"])
    panels.picture(
        axes,
        run.examples.image(case, image, dose=dose, restorer=restorer),
        sampling=run.case(case).sampling,
    )
    label = run.restorers.label(restorer)
    panels.heading(
        axes, letter, f"{label}, {extreme['thickness']} atoms, {short_dose_text(dose)} e/Å²"
    )


FIGURE: Final = Figure(
    name="precision",
    title="Precision against thickness",
    reading="Standard deviation over realizations with 95 % intervals (solid), RMSE (dotted) "
    "and Cramér-Rao bound (dashed; dash-dotted if a constant background is unknown too), for the "
    "lowest and the highest dose; below, examples of the thinnest crystal at the lowest and the "
    "thickest at the highest dose.",
    draw=figure_precision,
    settings=_settings,
)
