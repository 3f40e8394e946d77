"""Known changes of single columns: vacancies, other scattering cross-sections, displacements."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from scipy.spatial import cKDTree

from bench.assessment.column_fits import Columns
from stembench.arrays import Bools, Floats, Integers

Kind = Literal["vacancy", "shift", "scs"]
#: Kinds of change, by turns: one in each draw. A restorer that learns from the image itself would
#: else pass on a displacement because it has seen vacancies.
KINDS: Final[tuple[Kind, ...]] = ("vacancy", "shift", "scs")
#: Fewest draws of which two hold each kind: one has no interval.
FEWEST_WITH_INTERVALS: Final = 2 * len(KINDS)
#: Displacement [pm] and part of the SCS that are put in.
SHIFT_PM: Final = 15.0
SCS_PART: Final = 0.25
#: Changed columns of one draw lie at least this many spacings apart, and half as many from the rim.
_APART: Final = 3.0
_INSIDE: Final = 1.5
#: Two columns of one width are one maximum below this many widths (Sparrow): what each of them has
#: is decided by what the model lacks.
_RESOLVED: Final = 2.0
#: Most changed columns of one draw, and largest part of the columns. Vacancies are few, as they
#: are in a crystal: where CGRDN sees nine among 169 columns it fills each of them less.
_MOST: Final = 24
_PART: Final[dict[Kind, float]] = {"vacancy": 0.03, "shift": 0.1, "scs": 0.1}
_DIRECTIONS: Final = ((1.0, 0.0), (0.0, 1.0), (-1.0, 0.0), (0.0, -1.0))
_PM_PER_ANGSTROM: Final = 100.0


@dataclass(frozen=True, kw_only=True)
class Edit:
    """Change of one column.

    Attributes
    ----------
    column : int
        Number of the column.
    kind : {'vacancy', 'shift', 'scs'}
    dx, dy : float
        Displacement [px].
    factor : float
        Height afterwards over before: 0 for a vacancy.
    """

    column: int
    kind: Kind
    dx: float = 0.0
    dy: float = 0.0
    factor: float = 1.0


def planned_edits(
    columns: Columns,
    shape: tuple[int, int],
    *,
    spacing: float,
    sampling: float,
    number: int,
    rng: np.random.Generator,
) -> tuple[Edit, ...]:
    """Choose the columns that are changed in one draw, and how.

    Parameters
    ----------
    columns : Columns
        As fitted in the image that is taken as truth.
    shape : tuple of int
        Of the image.
    spacing : float
        Distance of neighbouring columns [px].
    sampling : float
        Å/px.
    number : int
        Of the draw: kinds go by turns, and directions on from draw to draw.
    rng : numpy.random.Generator
        Chooses the columns.

    Returns
    -------
    tuple of Edit
        All of one kind. Empty where no column is far enough from the rim.
    """
    kind, turn = KINDS[number % len(KINDS)], number // len(KINDS)
    chosen = _apart(columns, shape, spacing=spacing, part=_PART[kind], rng=rng)
    step = SHIFT_PM / _PM_PER_ANGSTROM / sampling
    edits = []
    for place, column in enumerate(chosen):
        direction = turn * len(chosen) + place
        if kind == "vacancy":
            edits.append(Edit(column=int(column), kind=kind, factor=0.0))
        elif kind == "shift":
            dx, dy = _DIRECTIONS[direction % len(_DIRECTIONS)]
            edits.append(Edit(column=int(column), kind=kind, dx=step * dx, dy=step * dy))
        else:
            sign = 1.0 if direction % 2 else -1.0
            edits.append(Edit(column=int(column), kind=kind, factor=1.0 + sign * SCS_PART))
    return tuple(edits)


def _apart(
    columns: Columns,
    shape: tuple[int, int],
    *,
    spacing: float,
    part: float,
    rng: np.random.Generator,
) -> Integers:
    """Numbers of resolved columns that are no neighbours of each other, in random order."""
    rows, cols = shape
    gap = spacing if np.isfinite(spacing) else 6.0 * float(np.nanmedian(columns.sigma))
    places = np.column_stack([columns.x, columns.y])
    rim = np.minimum.reduce(
        [places[:, 0], cols - 1 - places[:, 0], places[:, 1], rows - 1 - places[:, 1]]
    )
    usable = np.isfinite(places).all(axis=1) & (rim >= _INSIDE * gap)
    usable &= np.isfinite(columns.scs) & (columns.scs > 0) & _resolved(columns)
    order = rng.permutation(np.flatnonzero(usable))
    most = max(1, min(_MOST, int(part * np.count_nonzero(usable))))
    tree = cKDTree(np.nan_to_num(places, nan=-1e9))
    free = np.ones(len(places), dtype=np.bool_)
    chosen: list[int] = []
    for column in order:
        if len(chosen) == most:
            break
        if free[column]:
            chosen.append(int(column))
            free[tree.query_ball_point(places[column], _APART * gap)] = False
    return np.array(chosen, dtype=np.int64)


def _resolved(columns: Columns) -> Bools:
    """Whether each column, shape (n,), is a maximum apart from that of its nearest neighbour."""
    known = np.flatnonzero(np.isfinite(columns.x) & np.isfinite(columns.y))
    out = np.ones(len(columns.x), dtype=np.bool_)
    if len(known) > 1:
        places = np.column_stack([columns.x[known], columns.y[known]])
        distance = cKDTree(places).query(places, k=2)[0][:, 1]
        out[known] = distance > _RESOLVED * columns.sigma[known]
    return out


def edited_image(image: Floats, columns: Columns, edits: Sequence[Edit]) -> Floats:
    """Image in which the Gaussians of some columns are taken out and put back changed.

    Parameters
    ----------
    image : ndarray, shape (rows, columns)
        Expected electrons, >= 0.
    columns : Columns
        As fitted in `image`.
    edits : sequence of Edit

    Returns
    -------
    ndarray, shape (rows, columns)
        A new array, >= 0: a column is not taken out of more light than there is.
    """
    out = image.copy()
    y, x = np.arange(image.shape[0]), np.arange(image.shape[1])

    def gaussian(column: int, dx: float, dy: float) -> Floats:
        width = columns.sigma[column]
        along = np.exp(-0.5 * ((x - columns.x[column] - dx) / width) ** 2)
        down = np.exp(-0.5 * ((y - columns.y[column] - dy) / width) ** 2)
        return np.asarray(columns.height[column] * np.outer(down, along))

    for edit in edits:
        out -= gaussian(edit.column, 0.0, 0.0)
        if edit.factor:
            out += edit.factor * gaussian(edit.column, edit.dx, edit.dy)
    return np.maximum(out, 0.0)
