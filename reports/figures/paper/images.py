"""The figure of image metrics: example pairs as in the paper's Fig. 1, PSNR, agreement by ring."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from reports.figures import panels
from reports.metrics.images.agreement import psnr
from reports.metrics.images.ring_correlation import against_truth
from reports.names import NETWORK, RAW, RestorerStyle
from reports.records.image_folder import ImageRun
from reports.summaries.image_summary import PUBLISHED_DB

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_FOOTER: Final = (
    "a: published pairs with their PSNR, MAX = 65535. b: mean PSNR over the published pairs of "
    "each modality with 95 % intervals over pairs; lines: the paper's means over its validation "
    "set, which is not published. c: Fourier ring correlation with the truth, mean over the "
    "hrstem pairs; dashed: 1/2, which is 1/7 between two noisy halves. CGRDN is the network of "
    "each modality; filters are given the scale of the noise from the truth."
)


def figure_images(run: ImageRun, summary: pd.DataFrame) -> "Figure":
    """Draw examples, PSNR by modality and ring correlation.

    Parameters
    ----------
    run : ImageRun
    summary : pandas.DataFrame
        `reports.summaries.image_summary.summarise_images` of its rows.

    Returns
    -------
    matplotlib.figure.Figure
    """
    styles = run.restorers.styles(run.rows["restorer"].unique())
    shown = _shown(run, summary)
    pairs = sorted({name.rsplit("/", 1)[0] for name in run.examples})
    tall = 1.75 * len(pairs)
    figure, bottom, top = panels.new_figure(
        tall + 3.0, footer=_FOOTER, title="Image metrics on published test pairs", complete=True
    )
    height = float(figure.get_size_inches()[1])
    split = bottom + 2.85 / height
    if pairs:
        grid = figure.add_gridspec(
            len(pairs),
            len(shown),
            left=0.022,
            right=0.988,
            bottom=split + 0.1 / height,
            top=top - 0.2 / height,
            wspace=0.04,
            hspace=0.12,
        )
        for row, pair in enumerate(pairs):
            for column, name in enumerate(shown):
                axes = figure.add_subplot(grid[row, column])
                _example(axes, run, pair=pair, name=name, styles=styles, first=not row + column)
    plots = figure.add_gridspec(
        1,
        2,
        left=0.075,
        right=0.985,
        bottom=bottom + 0.4 / height,
        top=split - 0.75 / height,
        wspace=0.22,
    )
    left = figure.add_subplot(plots[0, 0])
    _psnr(left, summary, styles=styles)
    panels.heading(left, "b", "PSNR, MAX = 65535")
    right = figure.add_subplot(plots[0, 1])
    _rings(right, run.rings, styles=styles)
    panels.heading(right, "c", "agreement with the truth, hrstem")
    handles, labels = left.get_legend_handles_labels()
    figure.legend(
        handles,
        labels,
        loc="upper center",
        ncols=min(6, len(labels)),
        frameon=False,
        bbox_to_anchor=(0.53, split - 0.0 / height),
        columnspacing=1.1,
        handletextpad=0.4,
    )
    return figure


def _shown(run: ImageRun, summary: pd.DataFrame) -> list[str]:
    """Restorers of the example row: raw, the best filter, BM3D, CGRDN, and the truth."""
    own = summary[(summary["source"] == "hrstem") & (summary["metric"] == "psnr_db")]
    kept = {name.rsplit("/", 1)[1] for name in run.examples}
    others = own[own["restorer"].isin(kept - {RAW, NETWORK, "bm3d"})].sort_values("value")
    best = list(others["restorer"])[-1:]
    return [name for name in (RAW, *best, "bm3d", NETWORK, "truth") if name in kept]


def _example(
    axes: "Axes",
    run: ImageRun,
    *,
    pair: str,
    name: str,
    styles: Mapping[str, RestorerStyle],
    first: bool,
) -> None:
    image, truth = run.examples[f"{pair}/{name}"], run.examples[f"{pair}/truth"]
    low, high = np.percentile(truth, (0.2, 99.8))
    axes.imshow(image, cmap="gray", vmin=low, vmax=max(high, low + 1e-12), interpolation="nearest")
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines[:].set_visible(True)
    if name == "truth":
        text = "truth"
    else:
        label = "distorted" if name == RAW else styles[name].label
        text = f"{label}, {psnr(image, truth, maximum=65535):.1f} dB"
    axes.set_title(text, loc="left", fontsize=7.5, pad=3)
    if first:
        axes.annotate(
            "a",
            (0, 1),
            xycoords="axes fraction",
            xytext=(-9, 4),
            textcoords="offset points",
            fontsize=9.5,
            fontweight="bold",
            va="baseline",
            annotation_clip=False,
        )


def _psnr(axes: "Axes", summary: pd.DataFrame, *, styles: Mapping[str, RestorerStyle]) -> None:
    """Mean PSNR of each restorer, modalities side by side."""
    rows = summary[(summary["kind"] == "published") & (summary["metric"] == "psnr_db")]
    modalities = list(dict.fromkeys(rows["source"]))
    restored = set(rows["restorer"])
    names = [name for name in styles if name in restored]
    for k, name in enumerate(names):
        own = rows[rows["restorer"] == name].set_index("source")
        places = [
            i + 0.72 * ((k + 0.5) / len(names) - 0.5)
            for i, m in enumerate(modalities)
            if m in own.index
        ]
        own = own.loc[[m for m in modalities if m in own.index]]
        value = own["value"].to_numpy()
        reach = np.stack([value - own["low"].to_numpy(), own["high"].to_numpy() - value])
        look = styles[name]
        axes.errorbar(
            places,
            value,
            yerr=np.nan_to_num(reach),
            label=look.label,
            color=look.colour,
            marker=look.marker,
            markersize=4.5,
            linestyle="none",
            elinewidth=0.8,
            markeredgecolor="white",
            markeredgewidth=0.3,
        )
    if "hrstem" in modalities:
        place = modalities.index("hrstem")
        for name, published in PUBLISHED_DB.items():
            if name in styles:
                axes.plot(
                    [place - 0.48, place + 0.48],
                    [published, published],
                    color=styles[name].colour,
                    linewidth=0.9,
                    linestyle=(0, (4, 2)),
                )
    axes.set_xticks(range(len(modalities)), modalities)
    axes.set_ylabel("PSNR (dB)")
    axes.grid(axis="y", color="#E3E3E3", linewidth=0.6)
    axes.set_axisbelow(True)


def _rings(axes: "Axes", rings: pd.DataFrame, *, styles: Mapping[str, RestorerStyle]) -> None:
    """Mean ring correlation with the truth on the hrstem pairs."""
    own = rings[rings["source"] == "hrstem"] if len(rings) else rings
    if len(own):
        for name, look in styles.items():
            curve = own[own["restorer"] == name].groupby("frequency")["correlation"].mean()
            axes.plot(curve.index, curve.to_numpy(), color=look.colour, linewidth=1.1)
    half = float(against_truth(np.array([1 / 7]))[0])
    axes.axhline(half, color="#444444", linewidth=0.8, linestyle=(0, (4, 2)))
    axes.set_xlim(0, 0.5)
    axes.set_ylim(-0.05, 1.02)
    axes.set_xlabel("spatial frequency (cycles/px)")
    axes.set_ylabel("ring correlation")
