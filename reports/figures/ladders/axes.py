"""The figure of the axes of noise: errors and counts of one case and dose against each axis."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pandas as pd

from reports.figures import panels
from reports.figures.figure import FigureFile, smallest_picture
from reports.figures.ladders.panel import rung_panel
from reports.records.run_folder import Run
from reports.summaries.ladder_summary import SHOWN, LadderSummary
from reports.words.captions import noise_text, sample_text
from reports.words.numbers import dose_text
from reports.words.studies.axes import axes_title
from stembench.exact_numbers import exact

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_READING: Final = (
    "Errors and counts, with 95 % intervals, as one stage of the noise alone is stepped and the "
    "others stay the case's own; the values of an axis stand evenly spaced. Where a restorer's "
    "curve rises less than that of raw, it takes away a part of what the axis adds."
)


def write_axes_figure(run: Run, axes: Sequence[LadderSummary], folder: Path) -> FigureFile:
    """Draw the figure of the axes of one case and dose into a folder.

    Parameters
    ----------
    run : Run
    axes : sequence of LadderSummary
        Of one case and dose.
    folder : pathlib.Path
        Existing folder; ``figure_axes_<case>_<dose>.png`` and ``.pdf`` are written there.

    Returns
    -------
    FigureFile
    """
    from matplotlib import rc_context

    ladder = axes[0].ladder
    title = f"{axes_title(run, ladder.case)}, {dose_text(ladder.dose)} e/Å²"
    settings = _settings(run, axes)
    with rc_context(panels.RC):
        figure = _draw(run, axes, title=title, settings=settings)
        stem = folder / f"figure_axes_{ladder.case}_{exact(ladder.dose)}"
        # The dose is no suffix of a file, whatever points it has.
        png, pdf = panels.save(figure, stem.with_name(stem.name.replace(".", "p")))
    picture = smallest_picture(png)
    return FigureFile(ladder.case, title, _READING, settings, png, pdf, picture)


def _settings(run: Run, axes: Sequence[LadderSummary]) -> str:
    own = run.case(axes[0].ladder.case).as_dict()["noise"]
    summary = pd.concat([one.summary for one in axes])
    return (
        f"{sample_text(summary)} per point; bars: 95 % confidence intervals over realizations; no "
        "mark where no column could be fitted (columns not resolved, or failed fits). "
        f"The case's own noise: {noise_text(own)}. Fit, reference and counting are those of the "
        "case itself."
    )


def _draw(run: Run, axes: Sequence[LadderSummary], *, title: str, settings: str) -> "Figure":
    present = {metric for one in axes for metric in one.summary["metric"]}
    metrics = [metric for metric in SHOWN if metric in present]
    names = dict.fromkeys(name for one in axes for name in one.summary["restorer"])
    styles = run.restorers.styles(names)
    figure, bottom, top = panels.new_figure(
        0.55 + 1.9 * len(metrics), footer=settings, title=title, complete=run.complete
    )
    height = float(figure.get_size_inches()[1])
    grid = figure.add_gridspec(
        len(metrics),
        len(axes),
        left=0.075,
        right=0.985,
        bottom=bottom + 0.42 / height,
        top=top - 0.42 / height,
        wspace=0.12,
        hspace=0.28,
    )
    for row, metric in enumerate(metrics):
        drawn = []
        for column, one in enumerate(axes):
            plot = figure.add_subplot(grid[row, column])
            labels = [f"{rung.value:g}" for rung in one.rungs]
            rung_panel(plot, one.summary, metric=metric, styles=styles, labels=labels)
            if row == len(metrics) - 1:
                plot.set_xlabel(f"{one.ladder.quantity} ({one.ladder.unit})")
            panels.heading(plot, chr(ord("a") + row * len(axes) + column), "")
            drawn.append(plot)
        # One scale per metric: the axes are compared with each other.
        high = max(plot.get_ylim()[1] for plot in drawn)
        for plot in drawn:
            plot.set_ylim(0, high)
        for plot in drawn[1:]:
            plot.set_ylabel("")
            plot.tick_params(labelleft=False)
        if row == 0:
            panels.legend(figure, drawn[0], at=(0.53, top + 0.02 / height))
    return figure
