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
    limits: tuple[float, float]


def figure_images(
    raw: Floats, restored: Floats, columns: AssessedColumns, *, sampling: float
) -> "Figure":
    """Draw the raw and the restored image, and the restored one with its columns.

    Parameters
    ----------
    raw, restored : ndarray, shape (rows, columns)
    columns : AssessedColumns
    sampling : float
        Å/px.
    """
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    rows, cols = raw.shape
    tall = panels.WIDTH / 3 * rows / cols
    with rc_context(panels.RC):
        figure = Figure(figsize=(panels.WIDTH, tall + 0.3))
        for place, (image, name) in enumerate(
            ((raw, "as recorded"), (restored, "restored"), (restored, "columns"))
        ):
            axes = figure.add_axes(
                (0.005 + place / 3, 0.01, 1 / 3 - 0.01, tall / (tall + 0.3) - 0.02)
            )
            panels.picture(axes, image, sampling=sampling, bar=_bar(cols * sampling))
            panels.heading(axes, "abc"[place], name)
        _mark(axes, columns)
    return figure


def figure_columns(columns: AssessedColumns, *, shape: tuple[int, ...]) -> "Figure":
    """Draw maps of the errors of place and SCS, one point per column.

    Parameters
    ----------
    columns : AssessedColumns
    shape : tuple of int
        Rows and columns of the region.
    """
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    rows, cols = shape
    side = 0.40
    tall = panels.WIDTH * side * rows / cols
    with rc_context(panels.RC):
        figure = Figure(figsize=(panels.WIDTH, tall + 0.65))
        for place, (values, limit, name) in enumerate(
            (
                (columns.position_error, columns.limits[0], "error of place (pm)"),
                (columns.scs_error, columns.limits[1], "error of SCS (%)"),
            )
        ):
            axes = figure.add_axes(
                (0.01 + 0.5 * place, 0.3 / (tall + 0.65), side, tall / (tall + 0.65))
            )
            _map(figure, axes, columns, values, limit=limit, shape=(rows, cols))
            panels.heading(axes, "ab"[place], name)
    return figure


def _map(
    figure: Any,
    axes: "Axes",
    columns: AssessedColumns,
    values: Floats,
    *,
    limit: float,
    shape: tuple[int, int],
) -> None:
    """Draw one error of every column; white is where trust ends."""
    size = float(np.clip(5e4 / max(len(values), 1) / 8, 4, 60))
    axes.set_facecolor("#DDDDDD")
    known = np.isfinite(values)
    drawn = axes.scatter(
        columns.x[known], columns.y[known], c=np.clip(values[known], 0, 2 * limit),
        cmap="RdBu_r", vmin=0, vmax=2 * limit, s=size, linewidths=0,
    )  # fmt: skip
    axes.scatter(
        columns.x[~known], columns.y[~known], marker="x", color="black", s=size, linewidths=0.7
    )
    _frame(axes, shape)
    bar = figure.colorbar(drawn, ax=axes, fraction=0.05, pad=0.02, extend="max")
    bar.ax.axhline(limit, color="black", linewidth=0.8)


def _mark(axes: "Axes", columns: AssessedColumns) -> None:
    """Mark every column by what is to be thought of it."""
    size = float(np.clip(6e3 / max(len(columns.x), 1), 3, 26))
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
            columns.x[which], columns.y[which], marker=marker, s=size, linewidths=0.6, **look
        )
    axes.scatter(
        columns.removed[:, 0], columns.removed[:, 1], marker="^", s=size, linewidths=0.8,
        facecolors="none", edgecolors=_REMOVED,
    )  # fmt: skip


def _frame(axes: "Axes", shape: tuple[int, int]) -> None:
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
