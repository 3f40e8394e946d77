"""The displacements of scan lines beside the image before and after they are undone."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from reports.figures import panels
from stembench.arrays import Floats
from stembench.atomic_files import replacing

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Largest height and width of the images' cut [px]: a displacement of half a pixel is still seen.
CUT: Final = 128
_COLOURS: Final = ("#0072B2", "#D55E00")
_HEIGHT: Final = 5.2


def write_displacement_figure(
    path: Path,
    before: Floats,
    after: Floats,
    *,
    displacements: Floats,
    errors: Floats,
    sampling: float,
    turned: bool = False,
    name: str = "",
) -> None:
    """Draw the middle of an image before and after, and the displacements of all its lines.

    Parameters
    ----------
    path : Path
        .png, .pdf or .svg to write.
    before, after : ndarray, shape (rows, columns)
        The image as recorded and on straight lines; lines run along its rows.
    displacements, errors : ndarray, shape (rows, 2)
        Along and across the lines, with standard errors [px].
    sampling : float
        Å/px.
    turned : bool
        Whether the image was transposed, its lines being vertical.
    name : str
        What the title calls the image.
    """
    from matplotlib import rc_context

    with rc_context(panels.RC), replacing(path) as temporary:
        _draw(
            before,
            after,
            displacements=displacements,
            errors=errors,
            sampling=sampling,
            turned=turned,
            name=name,
        ).savefig(temporary, dpi=200, format=path.suffix.lstrip(".").lower())


def _draw(
    before: Floats,
    after: Floats,
    *,
    displacements: Floats,
    errors: Floats,
    sampling: float,
    turned: bool,
    name: str,
) -> "Figure":
    rows, cols = before.shape
    high, wide = min(rows, CUT), min(cols, CUT)
    top, left = (rows - high) // 2, (cols - wide) // 2
    cut = np.s_[top : top + high, left : left + wide]
    whole = (high, wide) == (rows, cols)
    shown = "whole image" if whole else f"{high} x {wide} px of {rows} x {cols} px"
    footer = (
        f"{rows} lines, {sampling:.4g} Å/px; a, b: {shown}, each on its own grey scale"
        f"{'; transposed, lines run along rows' if turned else ''}. "
        "c: line l shows the specimen at (i + dx, l + dy); bands are 95 % intervals"
        f"{'' if whole else '; grey: lines of a and b'}."
    )
    figure, low, up = panels.new_figure(
        _HEIGHT,
        footer=footer,
        title=f"Displacements of scan lines{f', {name}' if name else ''}",
        complete=True,
    )
    tall = up - low
    grid = figure.add_gridspec(
        2,
        2,
        left=0.085,
        right=0.915,
        bottom=low + 0.08 * tall,
        top=up - 0.04 * tall,
        height_ratios=(2.0, 1.0),
        hspace=0.16,
        wspace=0.05,
    )
    bar = _round_length(wide * sampling / 5)
    for place, (letter, title, image) in enumerate(
        (("a", "as recorded", before), ("b", "on straight lines", after))
    ):
        axes = figure.add_subplot(grid[0, place])
        panels.heading(axes, letter, title)
        panels.picture(axes, image[cut], sampling=sampling, bar=bar)
    axes = figure.add_subplot(grid[1, :])
    panels.heading(axes, "c", "displacements")
    lines = np.arange(rows)
    if not whole:
        axes.axvspan(top - 0.5, top + high - 0.5, color="#EEEEEE", linewidth=0, zorder=0)
    for axis, (colour, label) in enumerate(
        zip(_COLOURS, ("dx, along the lines", "dy, across the lines"), strict=True)
    ):
        value, reach = displacements[:, axis], 1.96 * errors[:, axis]
        axes.fill_between(
            lines, value - reach, value + reach, color=colour, alpha=0.25, linewidth=0
        )
        axes.plot(lines, value, color=colour, linewidth=0.7, label=label)
    axes.set_xlim(-0.5, rows - 0.5)
    axes.set_xlabel("line")
    axes.set_ylabel("displacement (px)")
    scale = 100 * sampling

    def to_pm(px: Any) -> Any:
        return px * scale

    def to_px(pm: Any) -> Any:
        return pm / scale

    in_pm = axes.secondary_yaxis("right", functions=(to_pm, to_px))
    in_pm.set_ylabel("displacement (pm)")
    in_pm.spines["right"].set_visible(True)
    axes.axhline(0, color="#888888", linewidth=0.6, zorder=1)
    axes.legend(
        loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=2, frameon=False, borderaxespad=0.1
    )
    return figure


def _round_length(length: float) -> float:
    """Largest of 1, 2, 5 times a power of ten that is not above a length."""
    decade = 10.0 ** np.floor(np.log10(length))
    return float(max(step * decade for step in (1, 2, 5) if step * decade <= length))
