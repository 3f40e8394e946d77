"""The figure after the paper's Fig. 4: atom counting on a nanoparticle against dose."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from reports.figures import panels
from reports.figures.figure import Figure
from reports.metrics.columns.atom_counts import counts_of, shares_right_of
from reports.names import RestorerStyle
from reports.records.run_folder import Run
from reports.summaries.bounds import drawn_bounds, summarise_bounds
from reports.words.captions import case_settings_text
from reports.words.numbers import dose_text
from reports.words.studies.atom_counts import BY_COUNT
from reports.words.verdict.bounds import bound_caption

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.collections import PatchCollection
    from matplotlib.figure import Figure as Drawing

#: The error of position that is shown, and the bound of it.
_POSITION: Final = "position_mae_unshifted_pm"


def figure_counting(run: Run, summary: pd.DataFrame, *, case: str) -> "Drawing":
    """Draw errors and counts against dose, the bias against the true count, and the particle.

    Parameters
    ----------
    run : Run
        Gives settings, records of single columns and the clean image.
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
    names = list(rows["restorer"].unique())
    styles = run.restorers.styles(names)
    bounds = run.once(summarise_bounds)
    bounds = bounds[bounds["image"] == image]
    doses = np.unique(rows["dose"].to_numpy())
    figure, bottom, top = panels.new_figure(
        7.65,
        footer="MAE: mean distance |r - r_ref|, each image's rigid shift (the mean error of its "
        "columns) taken off. MPE: mean absolute percentage error. A column is "
        "counted right if the nearest library SCS gives its exact number of atoms; failed fits "
        "count as wrong. Dotted: the noise-free image. Shape error: root mean square of the error "
        "of a column's length along the beam. " + _settings(run, rows, case=case),
        title=f"Atom counting against dose: {run.title(case)}",
        complete=run.complete,
    )
    height = float(figure.get_size_inches()[1])
    split = bottom + 2.65 / height
    upper = split + 2.3 / height
    plots = figure.add_gridspec(
        1,
        3,
        left=0.075,
        right=0.985,
        bottom=upper + 0.42 / height,
        top=top - 0.45 / height,
        wspace=0.36,
    )
    above = []
    for k, (metric, label) in enumerate(
        (
            (_POSITION, "MAE of position (pm)"),
            ("scs_mpe_pct", "MPE of SCS (%)"),
            ("count_accuracy", "columns counted right (%)"),
        )
    ):
        axes = figure.add_subplot(plots[0, k])
        if metric == "count_accuracy":
            percent = rows[rows["metric"] == metric].copy()
            percent[["value", "low", "high"]] *= 100
            panels.curves(axes, percent, x="dose", metric=metric, styles=styles)
            axes.set_ylabel(label)
            axes.set_ylim(0, 103)
            ceiling = rows[rows["metric"] == "count_accuracy_clean"]["value"]
            if len(ceiling):
                axes.axhline(100 * ceiling.iloc[0], color="black", linestyle=":", linewidth=1)
            axes.grid(axis="y", color="#E3E3E3", linewidth=0.6)
            axes.set_axisbelow(True)
        else:
            panels.curves(axes, rows, x="dose", metric=metric, styles=styles)
            panels.assumed_bounds(axes, drawn_bounds(bounds, case=case, metric=metric), x="dose")
            panels.error_axis(axes, metric, label=label)
        panels.dose_axis(axes, doses)
        panels.heading(axes, "abc"[k], label.split(" (")[0])
        above.append(axes)
    middle = figure.add_gridspec(
        1,
        3,
        left=0.075,
        right=0.985,
        bottom=split + 0.42 / height,
        top=upper - 0.25 / height,
        wspace=0.36,
    )
    below = [figure.add_subplot(middle[0, k]) for k in range(3)]
    _count_errors(below, run, case=case, image=image, styles=styles)
    panels.legend(figure, *above, *below, at=(0.53, top + 0.02 / height))
    maps = figure.add_gridspec(
        1,
        3,
        left=0.02,
        right=0.915,
        bottom=bottom + 0.06 / height,
        top=split - 0.2 / height,
        wspace=0.08,
    )
    sampling = run.case(case).sampling
    clean = run.examples.clean(case, image)
    axes = figure.add_subplot(maps[0, 0])
    panels.picture(axes, clean, sampling=sampling, bar=10)
    panels.heading(axes, "g", "noise-free image")
    raw = run.restorers.raw(names)
    drawn = None
    for k, restorer in enumerate((raw, run.restorers.main(names))):
        if restorer is None:
            continue
        axes = figure.add_subplot(maps[0, k + 1])
        drawn = counted_map(
            axes, run, case=case, image=image, dose=float(doses[0]), restorer=restorer
        )
        panels.heading(
            axes,
            "hi"[k],
            f"counted right: {styles[restorer].label}, {dose_text(float(doses[0]))} e/Å²",
        )
    if drawn is not None:
        bar = figure.colorbar(drawn, cax=axes.inset_axes((1.04, 0, 0.05, 1)))
        bar.set_label("% of realizations", labelpad=2)
        bar.outline.set_linewidth(0.5)
    return figure


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


def _settings(run: Run, summary: pd.DataFrame, *, case: str) -> str:
    """Declared settings of the case, and what the hybrid bound takes as known."""
    return case_settings_text(run, summary, case=case) + bound_caption(
        run, case=case, metric=_POSITION
    )


def _count_errors(
    panes: Sequence["Axes"], run: Run, *, case: str, image: str, styles: Mapping[str, RestorerStyle]
) -> None:
    """Bias of SCS against true count at the lowest dose, counts within one atom, shape error."""
    from matplotlib.ticker import MaxNLocator

    found = run.once(counts_of)
    found = found[(found["case"] == case) & (found["image"] == image)]
    bias, near, shape = panes
    if found.empty:
        for axes in panes:
            axes.set_axis_off()
        return
    doses = np.unique(found["dose"].to_numpy())
    lowest = found[(found["dose"] == doses[0]) & (found["metric"] == BY_COUNT)]
    panels.curves(bias, lowest, x="count_true", metric=BY_COUNT, styles=styles)
    bias.axhline(0, color="#888888", linewidth=0.7, zorder=1)
    bias.xaxis.set_major_locator(MaxNLocator(integer=True))
    bias.set_xlabel("true number of atoms")
    bias.set_ylabel("bias of SCS (%)")
    bias.grid(axis="y", color="#E3E3E3", linewidth=0.6)
    bias.set_axisbelow(True)
    panels.heading(bias, "d", f"bias by count, {dose_text(float(doses[0]))} e/Å²")
    percent = found[found["metric"] == "count_within_one"].copy()
    percent[["value", "low", "high"]] *= 100
    panels.curves(near, percent, x="dose", metric="count_within_one", styles=styles)
    panels.dose_axis(near, doses)
    near.set_ylabel("within ±1 atom (%)")
    near.set_ylim(0, 103)
    near.grid(axis="y", color="#E3E3E3", linewidth=0.6)
    near.set_axisbelow(True)
    panels.heading(near, "e", "counted within ±1 atom")
    panels.curves(shape, found, x="dose", metric="shape_error_A", styles=styles)
    panels.dose_axis(shape, doses)
    panels.error_axis(shape, "shape_error_A")
    panels.heading(shape, "f", "shape error")


FIGURE: Final = Figure(
    name="counting",
    title="Atom counting",
    reading="Errors of position (without rigid shift) and scattering cross-section and the share "
    "of columns with the exact atom count against dose; the bias of the cross-section against the "
    "true count at the lowest dose, columns counted within one atom and the error of the shape; "
    "below, the noise-free particle and where columns are counted right at the lowest dose.",
    draw=figure_counting,
    settings=_settings,
)
