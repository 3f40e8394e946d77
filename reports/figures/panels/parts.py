"""The parts that figures are made of: curves with intervals, images with scale bars, footers."""

import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from reports.metrics.cells import MOST_AT_LIMIT
from reports.metrics.table import METRICS
from reports.names import RestorerStyle
from reports.records.bounds import BOUND_KINDS
from reports.words.numbers import short_dose_text
from stembench.arrays import Floats

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure


#: Colour of the Cramér-Rao bound.
BOUND_COLOUR: Final = "#000000"
#: Text sizes for a figure of text width (7.2 inches).
RC: Final[Any] = {
    "font.size": 8,
    "axes.titlesize": 8,
    "axes.labelsize": 8,
    "xtick.labelsize": 7.5,
    "ytick.labelsize": 7.5,
    "legend.fontsize": 8,
    "axes.linewidth": 0.7,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "lines.linewidth": 1.2,
    "pdf.fonttype": 42,
}
WIDTH: Final = 7.2
DPI: Final = 200
_FOOTER_SIZE: Final = 6.5
_FOOTER_LINE: Final = 0.125


def new_figure(
    height: float, *, footer: str, title: str, complete: bool
) -> "tuple[Figure, float, float]":
    """Make a figure with its title on top and the declared settings printed at its foot.

    Parameters
    ----------
    height : float
        Inches left for the panels.
    footer : str
        Settings, wrapped to the width of the figure.
    title : str
        One line.
    complete : bool
        Whether the run is complete; if not, the figure says so.

    Returns
    -------
    tuple of matplotlib.figure.Figure, float, float
        The figure and the lower and upper end of the panels' area as fractions of its height.
    """
    from matplotlib.figure import Figure

    lines = textwrap.wrap(footer, 148)
    foot = 0.12 + _FOOTER_LINE * len(lines)
    head = 0.3 if complete else 0.48
    total = foot + height + head
    figure = Figure(figsize=(WIDTH, total))
    figure.text(
        0.012,
        0.06 / total,
        "\n".join(lines),
        fontsize=_FOOTER_SIZE,
        color="#333333",
        va="bottom",
        linespacing=1.25,
    )
    figure.text(0.012, 1 - 0.08 / total, title, fontsize=9.5, fontweight="bold", va="top")
    if not complete:
        figure.text(
            0.012,
            1 - 0.27 / total,
            "INCOMPLETE RUN: not all realizations are in",
            fontsize=8,
            fontweight="bold",
            color="#B00020",
            va="top",
        )
    return figure, foot / total, (foot + height) / total


def save(figure: "Figure", stem: Path) -> tuple[Path, Path]:
    """Write a figure as ``stem``.png and ``stem``.pdf, the same bytes for the same figure."""
    png, pdf = stem.with_suffix(".png"), stem.with_suffix(".pdf")
    figure.savefig(png, dpi=DPI, metadata={"Software": None})
    figure.savefig(pdf, metadata={"CreationDate": None, "Producer": None, "Creator": None})
    return png, pdf


def heading(axes: "Axes", letter: str, text: str) -> None:
    """Write a panel's letter and its title above its upper left corner."""
    axes.annotate(
        letter,
        (0, 1),
        xycoords="axes fraction",
        xytext=(0, 4),
        textcoords="offset points",
        fontsize=9.5,
        fontweight="bold",
        va="baseline",
    )
    axes.annotate(
        text,
        (0, 1),
        xycoords="axes fraction",
        xytext=(14 if letter in "mw" else 11, 4),
        textcoords="offset points",
        fontsize=8,
        va="baseline",
    )


def curves(
    axes: "Axes", rows: pd.DataFrame, *, x: str, metric: str, styles: Mapping[str, RestorerStyle]
) -> None:
    """Draw one metric of every restorer against `x` with its 95 % intervals.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    rows : pandas.DataFrame
        Rows of a summary.
    x : str
        Column of the abscissa, 'dose' or 'thickness'.
    metric : str
        Name in `METRICS`.
    styles : mapping of str to RestorerStyle
        Restorers in drawing order.
    """
    for name, look in styles.items():
        own = rows[(rows["restorer"] == name) & (rows["metric"] == metric)].sort_values(x)
        own = own[own["value"].notna()]
        if own.empty:
            continue
        if not look.marker:
            axes.plot(
                own[x], own["value"], label=look.label, color=look.colour, linestyle=look.line
            )
            continue
        value = own["value"].to_numpy()
        reach = np.stack([value - own["low"].to_numpy(), own["high"].to_numpy() - value])
        # Of realizations that agree, an end may lie beyond the value by its last digit.
        reach = np.maximum(np.nan_to_num(reach), 0)
        dense = len(own) > 20
        axes.errorbar(
            own[x].to_numpy(),
            value,
            yerr=reach,
            label=look.label,
            color=look.colour,
            marker=look.marker,
            markersize=2.4 if dense else 4,
            markeredgecolor="white",
            markeredgewidth=0.2 if dense else 0.4,
            elinewidth=0.9,
            capsize=0 if dense else 2.2,
            capthick=0.8,
            linewidth=0.8 if dense else 1.2,
            linestyle=look.line,
        )
        open_ = own[own[x].isin(limited_at(rows, x=x, restorer=name))]
        axes.plot(
            open_[x],
            open_["value"],
            marker=look.marker,
            markersize=2.4 if dense else 4.5,
            markerfacecolor="white",
            markeredgecolor=look.colour,
            linestyle="",
            zorder=3,
        )


def limited_at(rows: pd.DataFrame, *, x: str, restorer: str) -> list[float]:
    """Places of `x` at which more fits than bearable ended with a parameter at its limit."""
    rates = rows[(rows["restorer"] == restorer) & (rows["metric"] == "at_limit_rate")]
    return [float(place) for place in rates[rates["value"] > MOST_AT_LIMIT][x]]


def companion(
    axes: "Axes", rows: pd.DataFrame, *, x: str, metric: str, styles: Mapping[str, RestorerStyle]
) -> None:
    """Draw a second metric as thin dotted lines in the restorers' colours."""
    for name, look in styles.items():
        own = rows[(rows["restorer"] == name) & (rows["metric"] == metric)].sort_values(x)
        if look.marker:
            axes.plot(
                own[x], own["value"], color=look.colour, linewidth=0.9, linestyle=":", zorder=1.5
            )


def bound(axes: "Axes", rows: pd.DataFrame, *, x: str, metric: str) -> None:
    """Draw the Cramér-Rao bound as a dashed line."""
    own = rows[rows["metric"] == metric].drop_duplicates(x).sort_values(x)
    if not own.empty:
        axes.plot(
            own[x],
            own["value"],
            color=BOUND_COLOUR,
            linewidth=1.1,
            linestyle=(0, (4, 2)),
            marker="_" if len(own) <= 20 else "",
            markersize=6,
            label="Cramér-Rao bound",
            zorder=3,
        )


def assumed_bounds(axes: "Axes", bounds: pd.DataFrame, *, x: str) -> None:
    """Draw bounds that rest on other assumptions than the Cramér-Rao bound of `bound`.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    bounds : pandas.DataFrame
        `reports.summaries.bounds.drawn_bounds` of what the panel shows; may be empty.
    x : str
        Column of the abscissa, 'dose' or 'thickness'.
    """
    for kind, rows in bounds.groupby("kind", observed=True):
        own = rows.sort_values(x)
        axes.plot(
            own[x],
            own["value"],
            color=BOUND_COLOUR,
            linewidth=1.1,
            linestyle=(0, (1, 1.2, 4, 1.2)),
            label=BOUND_KINDS[str(kind)].label,
            zorder=3,
        )


def key_of_bounds(axes: "Axes") -> None:
    """Name the lines of `assumed_bounds` within their panel, where the figure's legend does not."""
    names = {kind.label for kind in BOUND_KINDS.values()}
    lines = [line for line in axes.get_lines() if line.get_label() in names]
    if lines:
        axes.legend(
            handles=lines,
            loc="best",
            frameon=False,
            fontsize=6,
            handlelength=2.6,
            handletextpad=0.4,
            borderaxespad=0.2,
        )


def dose_axis(axes: "Axes", doses: Floats) -> None:
    """Make the abscissa a logarithmic dose axis with a tick at each dose of the run."""
    from matplotlib.ticker import NullLocator

    axes.set_xscale("log")
    axes.set_xticks(doses, [short_dose_text(d) for d in doses])
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xlim(doses.min() / 1.35, doses.max() * 1.35)
    axes.set_xlabel("dose (e/Å²)")


def error_axis(axes: "Axes", metric: str, *, label: str | None = None) -> None:
    """Label the ordinate and make it logarithmic if what it shows spans a factor of three."""
    described = METRICS[metric]
    axes.set_ylabel(label or described.heading)
    low, high = _span(axes)
    if low > 0 and high / low > 3:
        axes.set_yscale("log")
        axes.set_ylim(low / 1.25, high * 1.25)
        plain_log_ticks(axes.yaxis, decades=float(np.log10(high / low)))
    elif high > 0:
        axes.set_ylim(0, high * 1.12)
    axes.grid(axis="y", which="major", color="#E3E3E3", linewidth=0.6)
    axes.set_axisbelow(True)


def _span(axes: "Axes") -> tuple[float, float]:
    """Smallest and largest finite value drawn, error bars included where they are positive."""
    values = [np.asarray(line.get_ydata(), dtype=np.float64) for line in axes.get_lines()]
    found = np.concatenate([v[np.isfinite(v)] for v in values]) if values else np.empty(0)
    positive = found[found > 0]
    if positive.size == 0:
        return 0.0, float(found.max()) if found.size else 1.0
    return float(positive.min()), float(positive.max())


def plain_log_ticks(axis: "Axis", *, decades: float = 1.5) -> None:
    """Write the ticks of a logarithmic axis as plain numbers, so many that none overlap."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    subs = (1.0, 2.0, 5.0) if decades < 2.2 else (1.0, 3.0) if decades < 3.2 else (1.0,)
    axis.set_major_locator(LogLocator(base=10, subs=subs))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_locator(LogLocator(base=10, subs=[float(k) for k in range(2, 10)]))
    axis.set_minor_formatter(NullFormatter())


def picture(axes: "Axes", pixels: Floats | None, *, sampling: float, bar: float = 5.0) -> None:
    """Show an image in grey on its own scale with a scale bar, or say that none was kept.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    pixels : ndarray, shape (h, w), or None
    sampling : float
        Å/px.
    bar : float
        Length of the scale bar in Å.
    """
    from matplotlib.patches import Rectangle

    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines[:].set_visible(True)
    if pixels is None:
        axes.set_box_aspect(1)
        axes.text(
            0.5,
            0.5,
            "no example image\nin this run folder",
            transform=axes.transAxes,
            ha="center",
            va="center",
            color="#666666",
        )
        return
    low, high = np.percentile(pixels, (0.2, 99.8))
    axes.imshow(pixels, cmap="gray", vmin=low, vmax=max(high, low + 1e-12), interpolation="nearest")
    height, width = pixels.shape
    length = bar / sampling
    pad = 0.04 * width
    tall = 0.145 * height
    axes.add_patch(
        Rectangle(
            (pad * 0.5, height - tall - pad * 0.5),
            length + pad,
            tall,
            color="black",
            alpha=0.65,
            linewidth=0,
        )
    )
    axes.add_patch(
        Rectangle((pad, height - pad * 1.45), length, 0.022 * height, color="white", linewidth=0)
    )
    axes.text(
        pad + length / 2,
        height - pad * 1.75,
        f"{bar:g} Å",
        color="white",
        ha="center",
        va="bottom",
        fontsize=7,
    )
