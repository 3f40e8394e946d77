"""Figures of an assessment: the image with its columns, and maps of the error of each."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from reports.figures import panels
from stembench.arrays import Bools, Floats

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_TRUSTED: Final = "#56B4E9"
_NOT: Final = "#D55E00"
_REMOVED: Final = "#F0E442"
#: Points where trust ends are white: without it they are lost on a light ground.
_OUTLINE: Final = "#333333"
#: Width of a picture, its edges at the side and below, room for its heading and a colour bar [in].
_SIDE: Final = 3.4
_EDGE: Final = 0.02
_FOOT: Final = 0.07
_HEAD: Final = 0.22
_SCALE: Final = 0.5
#: Length of the scale bar [Å] at least this part of the width.
_BAR: Final = 0.15
_BARS: Final = (1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0)


@dataclass(frozen=True, kw_only=True)
class AssessedColumns:
    """Columns of an assessed image.

    Attributes
    ----------
    x, y : ndarray, shape (n,)
        Places in the region [px].
    position_error, scs_error : ndarray, shape (n,)
        [pm] and [%]; NaN where unknown.
    trusted, supported : ndarray of bool, shape (n,)
    removed : ndarray, shape (m, 2)
        Places (x, y) [px] of columns that the raw image supports and the restored one lacks.
    dark, bright : ndarray, shape (k, 4)
        Left, top, right and bottom edges [px] of places that lost and gained light.
    limits : (float, float)
        Errors of place [pm] and SCS [%] at which trust ends.
    """

    x: Floats
    y: Floats
    position_error: Floats
    scs_error: Floats
    trusted: Bools
    supported: Bools
    removed: Floats = field(default_factory=lambda: np.zeros((0, 2)))
    dark: Floats = field(default_factory=lambda: np.zeros((0, 4)))
    bright: Floats = field(default_factory=lambda: np.zeros((0, 4)))
    limits: tuple[float, float]


def image_figures(
    raw: Floats, restored: Floats, columns: AssessedColumns, *, sampling: float
) -> tuple["Figure", ...]:
    """Draw the raw and the restored image, and the restored one with its columns.

    Parameters
    ----------
    raw, restored : ndarray, shape (rows, columns)
    columns : AssessedColumns
    sampling : float
        Å/px.

    Returns
    -------
    tuple of Figure
        One for each picture, so that a page can put them beside or below each other.
    """
    figures = []
    for letter, image, name in (
        ("a", raw, "as recorded"),
        ("b", restored, "restored"),
        ("c", restored, "columns"),
    ):
        figure, axes = _panel(raw.shape, right=0.0)
        with _looks():
            panels.picture(axes, image, sampling=sampling, bar=_bar(raw.shape[1] * sampling))
            panels.heading(axes, letter, name)
            if letter == "c":
                _mark(axes, columns)
        figures.append(figure)
    return tuple(figures)


def error_figures(columns: AssessedColumns, *, shape: tuple[int, ...]) -> tuple["Figure", ...]:
    """Draw maps of the errors of place and SCS, one point per column and one figure per map.

    Parameters
    ----------
    columns : AssessedColumns
    shape : tuple of int
        Rows and columns of the region.
    """
    figures = []
    for letter, values, limit, name in (
        ("d", columns.position_error, columns.limits[0], "error of place (pm)"),
        ("e", columns.scs_error, columns.limits[1], "error of SCS (%)"),
    ):
        figure, axes = _panel(shape, right=_SCALE)
        with _looks():
            _map(figure, axes, columns, values, limit=limit, shape=shape)
            panels.heading(axes, letter, name)
        figures.append(figure)
    return tuple(figures)


def _looks() -> Any:
    from matplotlib import rc_context

    return rc_context(panels.RC)


def _panel(shape: tuple[int, ...], *, right: float) -> tuple["Figure", "Axes"]:
    """Figure of one picture with a heading, and room [in] for a colour bar at its right."""
    from matplotlib.figure import Figure

    tall = _SIDE * shape[0] / shape[1]
    width, height = _SIDE + right + 2 * _EDGE, tall + _HEAD + _FOOT
    with _looks():
        figure = Figure(figsize=(width, height))
        axes = figure.add_axes((_EDGE / width, _FOOT / height, _SIDE / width, tall / height))
    return figure, axes


def _map(
    figure: Any,
    axes: "Axes",
    columns: AssessedColumns,
    values: Floats,
    *,
    limit: float,
    shape: tuple[int, ...],
) -> None:
    """Draw one error of every column; white is where trust ends."""
    size = float(np.clip(9e3 / max(len(values), 1), 5, 90))
    axes.set_facecolor("#DDDDDD")
    known = np.isfinite(values)
    drawn = axes.scatter(
        columns.x[known], columns.y[known], c=np.clip(values[known], 0, 2 * limit),
        cmap="RdBu_r", vmin=0, vmax=2 * limit, s=size, linewidths=0.4, edgecolors=_OUTLINE,
    )  # fmt: skip
    axes.scatter(
        columns.x[~known], columns.y[~known], marker="x", color="black", s=size, linewidths=0.7
    )
    _frame(axes, shape)
    width = figure.get_figwidth()
    inside = axes.get_position()
    beside = figure.add_axes(((width - _SCALE) / width, inside.y0, 0.12 / width, inside.height))
    bar = figure.colorbar(drawn, cax=beside, extend="max")
    bar.ax.axhline(limit, color="black", linewidth=0.8)


def _mark(axes: "Axes", columns: AssessedColumns) -> None:
    """Mark every column by what is to be thought of it."""
    size = float(np.clip(5e3 / max(len(columns.x), 1), 5, 45))
    for which, marker, colour in (
        (columns.trusted, "o", _TRUSTED),
        (~columns.trusted & columns.supported, "x", _NOT),
        (~columns.supported, "s", _NOT),
    ):
        # a cross has no face
        look: Any = (
            {"color": colour} if marker == "x" else {"facecolors": "none", "edgecolors": colour}
        )
        axes.scatter(
            columns.x[which], columns.y[which], marker=marker, s=size, linewidths=1.0, **look
        )
    axes.scatter(
        columns.removed[:, 0], columns.removed[:, 1], marker="^", s=size, linewidths=1.0,
        facecolors="none", edgecolors=_REMOVED,
    )  # fmt: skip
    for boxes, colour, style in ((columns.dark, _TRUSTED, "-"), (columns.bright, _REMOVED, "--")):
        for left, top, right, bottom in boxes:
            axes.plot(
                [left, right, right, left, left], [top, top, bottom, bottom, top],
                color=colour, linestyle=style, linewidth=0.6,
            )  # fmt: skip


def _frame(axes: "Axes", shape: tuple[int, ...]) -> None:
    axes.set_xlim(-0.5, shape[1] - 0.5)
    axes.set_ylim(shape[0] - 0.5, -0.5)
    axes.set_aspect("equal")
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines[:].set_visible(True)


def _bar(width: float) -> float:
    """Length of a scale bar [Å] in an image of some width [Å]."""
    fitting = [length for length in _BARS if length >= _BAR * width]
    return fitting[0] if fitting else _BARS[-1]
