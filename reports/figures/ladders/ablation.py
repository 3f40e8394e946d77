"""The figure of an ablation: errors and counts against the rungs of the noise ladder."""

from pathlib import Path
from typing import TYPE_CHECKING, Final

from reports.figures import panels
from reports.figures.figure import FigureFile, smallest_picture
from reports.figures.ladders.panel import LABELS, rung_panel
from reports.records.run_folder import Run
from reports.summaries.ladder_summary import SHOWN, LadderSummary
from reports.words.captions import noise_text, sample_text
from reports.words.studies.ablation import ablation_title

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_READING: Final = (
    "Mean absolute error of position, mean absolute percentage error of the scattering "
    "cross-section and share of columns with the exact atom count, with 95 % intervals, as the "
    "noise gains one stage after the other from left to right. What restoration gains on the left "
    "is denoising; how it bears what jitter adds is unwarping."
)


def write_ablation_figure(run: Run, ablation: LadderSummary, folder: Path) -> FigureFile:
    """Draw the figure of an ablation into a folder.

    Parameters
    ----------
    run : Run
    ablation : LadderSummary
    folder : pathlib.Path
        Existing folder; ``figure_ablation_<case>.png`` and ``.pdf`` are written there.

    Returns
    -------
    FigureFile
    """
    from matplotlib import rc_context

    settings = _settings(ablation)
    with rc_context(panels.RC):
        figure = _draw(run, ablation, settings=settings)
        png, pdf = panels.save(figure, folder / f"figure_ablation_{ablation.ladder.case}")
    title = ablation_title(run, ablation)
    picture = smallest_picture(png)
    return FigureFile(ablation.ladder.case, title, _READING, settings, png, pdf, picture)


def _settings(ablation: LadderSummary) -> str:
    chain = ablation.rungs[-1].noise
    return (
        f"{sample_text(ablation.summary)} per point; bars: 95 % confidence intervals over "
        f"realizations. The whole chain: {noise_text(chain.as_dict())}. Fit, "
        "reference and counting are those of the case itself."
    )


def _draw(run: Run, ablation: LadderSummary, *, settings: str) -> "Figure":
    rows = ablation.summary
    styles = run.restorers.styles(rows["restorer"].unique())
    figure, bottom, top = panels.new_figure(
        2.75, footer=settings, title=ablation_title(run, ablation), complete=run.complete
    )
    height = float(figure.get_size_inches()[1])
    plots = figure.add_gridspec(
        1,
        3,
        left=0.075,
        right=0.985,
        bottom=bottom + 0.68 / height,
        top=top - 0.45 / height,
        wspace=0.36,
    )
    for k, metric in enumerate(SHOWN):
        axes = figure.add_subplot(plots[0, k])
        rung_panel(axes, rows, metric=metric, styles=styles, labels=ablation.labels, slanted=True)
        if metric != "count_accuracy":
            panels.error_axis(axes, metric, label=LABELS[metric])
        panels.heading(axes, "abc"[k], LABELS[metric].split(" (")[0])
        if k == 0:
            panels.legend(figure, axes, at=(0.53, top + 0.02 / height))
    return figure
