"""The figure of an ablation: errors and counts against the rungs of the noise ladder."""

from pathlib import Path
from typing import TYPE_CHECKING, Final

from reports.figures import panels
from reports.figures.figure import FigureFile
from reports.records.run_folder import Run
from reports.summaries.ablation import SHOWN, Ablation
from reports.words.captions import noise_text, sample_text
from reports.words.studies.ablation import ablation_title

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_LABELS: Final = {
    "position_mae_pm": "MAE of position (pm)",
    "scs_mpe_pct": "MPE of SCS (%)",
    "count_accuracy": "columns counted right (%)",
}
_READING: Final = (
    "Mean absolute error of position, mean absolute percentage error of the scattering "
    "cross-section and share of columns with the exact atom count, with 95 % intervals, as the "
    "noise gains one stage after the other from left to right. What restoration gains on the left "
    "is denoising; how it bears what jitter adds is unwarping."
)


def write_ablation_figure(run: Run, ablation: Ablation, folder: Path) -> FigureFile:
    """Draw the figure of an ablation into a folder.

    Parameters
    ----------
    run : Run
    ablation : Ablation
    folder : pathlib.Path
        Existing folder; ``figure_ablation_<case>.png`` and ``.pdf`` are written there.

    Returns
    -------
    FigureFile
    """
    from matplotlib import rc_context

    settings = _settings(run, ablation)
    with rc_context(panels.RC):
        figure = _draw(run, ablation, settings=settings)
        png, pdf = panels.save(figure, folder / f"figure_ablation_{ablation.case}")
    return FigureFile(ablation.case, ablation_title(run, ablation), _READING, settings, png, pdf)


def _settings(run: Run, ablation: Ablation) -> str:
    if run.info.ablation is None:
        raise ValueError(f"{run.folder} declares no ablation")
    chain = run.info.ablation.rungs[ablation.rungs[-1]]
    return (
        f"{sample_text(ablation.summary)} per point; bars: 95 % confidence intervals over "
        f"realizations. The whole chain: {noise_text(chain.as_dict())}. Fit, "
        "reference and counting are those of the case itself."
    )


def _draw(run: Run, ablation: Ablation, *, settings: str) -> "Figure":
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
        if metric == "count_accuracy":
            percent = rows[rows["metric"] == metric].copy()
            percent[["value", "low", "high"]] *= 100
            panels.curves(axes, percent, x="rung", metric=metric, styles=styles)
            axes.set_ylabel(_LABELS[metric])
            axes.set_ylim(0, 103)
            axes.grid(axis="y", color="#E3E3E3", linewidth=0.6)
            axes.set_axisbelow(True)
        else:
            panels.curves(axes, rows, x="rung", metric=metric, styles=styles)
            panels.error_axis(axes, metric, label=_LABELS[metric])
        axes.set_xticks(
            range(len(ablation.rungs)),
            ablation.rungs,
            rotation=35,
            ha="right",
            rotation_mode="anchor",
        )
        axes.set_xlim(-0.35, len(ablation.rungs) - 0.65)
        panels.heading(axes, "abc"[k], _LABELS[metric].split(" (")[0])
        if k == 0:
            handles, labels = axes.get_legend_handles_labels()
            figure.legend(
                handles,
                labels,
                loc="upper center",
                ncols=min(len(labels), 6),
                frameon=False,
                bbox_to_anchor=(0.53, top + 0.02 / height),
            )
    return figure
