"""Figures at the widths of a journal's columns: sizes of letters, pages, panel letters, files."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np

from reports.figures import panels
from stembench.arrays import Floats

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.image import AxesImage

_INCH: Final = 25.4
#: Widths of one column and of two, mm, and the height of a page.
COLUMNS: Final[dict[int, float]] = {1: 88.0, 2: 180.0}
_TALLEST: Final = 225.0
#: Letters of 7 points: between the 5 and 7 that the journal asks for, at the printed size.
_RC: Final[Any] = {
    **panels.RC,
    "font.size": 7,
    "axes.titlesize": 7,
    "axes.labelsize": 7,
    "xtick.labelsize": 6.5,
    "ytick.labelsize": 6.5,
    "legend.fontsize": 6.5,
    "axes.linewidth": 0.6,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.major.size": 2.5,
    "ytick.major.size": 2.5,
    "xtick.minor.size": 1.5,
    "ytick.minor.size": 1.5,
    "axes.labelpad": 2.0,
    "xtick.major.pad": 2.0,
    "ytick.major.pad": 2.0,
    "lines.linewidth": 1.0,
}
_DPI: Final = 300


@contextmanager
def journal_letters() -> Iterator[None]:
    """Draw within this with the letters and lines of a journal's figure."""
    from matplotlib import rc_context

    with rc_context(_RC):
        yield


def new_page(height: float, *, columns: Literal[1, 2] = 2) -> "Figure":
    """Make an empty figure as wide as one or two columns, `height` in mm.

    Raises
    ------
    ValueError
        If it is higher than a page.
    """
    from matplotlib.figure import Figure

    if not 0 < height <= _TALLEST:
        raise ValueError(f"a page is {_TALLEST:g} mm high, not {height:g}")
    # Letters are wider at few dots per inch: what fits is measured at those that are written.
    return Figure(figsize=(COLUMNS[columns] / _INCH, height / _INCH), dpi=_DPI)


def area(
    page: "Figure", *, left: float, right: float, top: float, bottom: float
) -> dict[str, float]:
    """Turn distances in mm from the page's edges into the borders of a grid of panels.

    Parameters
    ----------
    page : matplotlib.figure.Figure
    left, right : float
        From the left and the right edge.
    top, bottom : float
        Both from the upper edge, so that rows are laid out downwards.
    """
    width, height = (float(side) * _INCH for side in page.get_size_inches())
    return {
        "left": left / width,
        "right": 1 - right / width,
        "top": 1 - top / height,
        "bottom": 1 - bottom / height,
    }


def letter(axes: "Axes", mark: str, text: str = "") -> None:
    """Write a panel's letter, and a few words, above its upper left corner."""
    panels.heading(axes, mark, text)
    for written in axes.texts[-2:]:
        written.set_fontsize(8 if written.get_text() == mark else 6.5)


def shared_grey(images: Sequence[Floats]) -> tuple[float, float]:
    """Limits of one grey scale for images: quantiles 0.002 and 0.998 of all their pixels."""
    every = np.concatenate([np.ravel(image) for image in images])
    low, high = np.percentile(every, (0.2, 99.8))
    return float(low), max(float(high), float(low) + 1e-12)


def picture(
    axes: "Axes",
    pixels: Floats,
    *,
    limits: tuple[float, float] | None = None,
    sampling: float | None = None,
    bar: float = 5.0,
    unit: str = "Å",
) -> "AxesImage":
    """Show an image in grey, with a scale bar if its sampling is known.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    pixels : ndarray, shape (h, w)
    limits : tuple of float, optional
        Grey values of black and white; the image's own quantiles 0.002 and 0.998 by default.
    sampling : float, optional
        Units per pixel.
    bar : float
        Length of the scale bar in `unit`.
    unit : str
    """
    low, high = limits if limits is not None else shared_grey([pixels])
    shown = axes.imshow(pixels, cmap="gray", vmin=low, vmax=high, interpolation="nearest")
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines[:].set_visible(True)
    axes.spines[:].set_linewidth(0.4)
    if sampling is not None:
        scale_bar(axes, pixels.shape, length=bar / sampling, text=f"{bar:g} {unit}")
    return shown


def scale_bar(axes: "Axes", shape: tuple[int, ...], *, length: float, text: str) -> None:
    """Draw a scale bar of `length` px with its text, white on a dark ground."""
    from matplotlib.patches import Rectangle

    height, width = shape
    pad, tall = 0.03 * width, 0.13 * height
    ground = Rectangle(
        (0.5 * pad, height - tall - 0.5 * pad), length + 1.6 * pad, tall, color="black", alpha=0.6,
        linewidth=0,
    )  # fmt: skip
    axes.add_patch(ground)
    axes.add_patch(
        Rectangle((1.3 * pad, height - 1.7 * pad), length, 0.6 * pad, color="white", linewidth=0)
    )
    axes.text(
        1.3 * pad + length / 2, height - 1.9 * pad, text, color="white", ha="center", va="bottom",
        fontsize=5.5,
    )  # fmt: skip


def tag(axes: "Axes", text: str) -> None:
    """Write a number or a few words into an image's upper left corner, on a dark ground."""
    axes.text(
        0.03, 0.97, text, transform=axes.transAxes, color="white", fontsize=6, va="top",
        bbox={"facecolor": "black", "alpha": 0.65, "linewidth": 0, "pad": 1.2},
    )  # fmt: skip


def side_label(axes: "Axes", text: str) -> None:
    """Name a row of images at the left of its first one."""
    axes.annotate(
        text, (0, 0.5), xycoords="axes fraction", xytext=(-3, 0), textcoords="offset points",
        rotation=90, ha="right", va="center", fontsize=7,
    )  # fmt: skip


def narrow_dose_axis(axes: "Axes", doses: Floats) -> None:
    """Make the abscissa of a narrow panel a dose axis; every second dose is named if many are."""
    panels.dose_axis(axes, doses)
    if len(doses) > 3:
        for k, label in enumerate(axes.get_xticklabels()):
            label.set_visible(k % 2 == 0)


def even_grid(axes: "Axes") -> None:
    """Draw pale lines behind a panel at the ticks of its ordinate."""
    axes.grid(axis="y", which="major", color="#E3E3E3", linewidth=0.5)
    axes.set_axisbelow(True)


def save_page(page: "Figure", stem: Path) -> tuple[Path, Path]:
    """Write a figure as ``stem``.png and ``stem``.pdf, the same bytes for the same figure."""
    png, pdf = (stem.with_name(f"{stem.name}.{ending}") for ending in ("png", "pdf"))
    page.savefig(png, dpi=_DPI, metadata={"Software": None})
    page.savefig(pdf, metadata={"CreationDate": None, "Producer": None, "Creator": None})
    return png, pdf
