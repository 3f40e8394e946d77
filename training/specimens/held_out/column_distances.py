"""Distances of atomic columns: of any columns, and of those that a crystal shows along an axis."""

from collections.abc import Sequence
from itertools import product
from typing import Final

import numpy as np

from stembench.arrays import Floats

#: Å: atoms whose projections lie closer than this belong to one column.
_SAME_COLUMN: Final = 0.3
#: Neighbours of a column among which the second distance is looked for.
_NEIGHBOURS: Final = 25
#: Sine of the least angle between the two distances of a column.
_APART: Final = 0.3
#: Lattice translations along each axis among which the projected lattice's shortest are looked for.
_REACH: Final = 4
#: Å: vectors shorter than this are none.
_NOTHING: Final = 1e-6
#: Translations of the projected cell around which its columns have all of their neighbours.
_ROUND: Final = 2


def column_distances(centres: Floats, *, of: slice = slice(None)) -> tuple[float, float]:
    """Distances of neighbouring columns along the two directions in which they are nearest.

    Parameters
    ----------
    centres : ndarray, shape (n, 2)
        x and y of projected atoms or columns in Å; what lies within 0.3 Å counts as one column.
    of : slice
        Columns that are asked about; the others are their surroundings.

    Returns
    -------
    tuple of two float
        In Å, the shorter one first: medians over the columns of the distance to the nearest
        neighbour, and to the nearest one in another direction. NaN where there is none.
    """
    from scipy.spatial import cKDTree

    asked = centres[of]
    count = min(_NEIGHBOURS, len(centres))
    away, which = cKDTree(centres).query(asked, k=[*range(1, count + 1)])
    vectors = centres[which] - asked[:, None]
    away = np.where(away < _SAME_COLUMN, np.inf, away)
    nearest = away.argmin(axis=1)
    rows = np.arange(len(asked))
    first, along = away[rows, nearest], vectors[rows, nearest]
    across = np.abs(vectors[..., 0] * along[:, None, 1] - vectors[..., 1] * along[:, None, 0])
    with np.errstate(invalid="ignore"):
        collinear = across < _APART * away * first[:, None]
    second = np.where(collinear, np.inf, away).min(axis=1)
    return _median(first), _median(second)


def _median(distances: Floats) -> float:
    known = distances[np.isfinite(distances)]
    return float(np.median(known)) if len(known) else float("nan")


def projected_distances(
    vectors: Floats, places: Floats, *, axis: Sequence[int]
) -> tuple[float, float]:
    """Distances of the columns that a crystal shows along a zone axis.

    Parameters
    ----------
    vectors : ndarray, shape (3, 3)
        Cell vectors as rows in Å.
    places : ndarray, shape (n, 3)
        Atoms as fractions of the cell.
    axis : sequence of three int
        Zone axis [u, v, w].

    Returns
    -------
    tuple of two float
        As of `column_distances`.
    """
    beam = np.array(axis) @ vectors
    beam = beam / np.linalg.norm(beam)
    one = np.cross(beam, np.eye(3)[int(np.abs(beam).argmin())])
    one /= np.linalg.norm(one)
    plane = np.stack([one, np.cross(beam, one)], axis=1)
    flat = vectors @ plane
    cell = _projected_cell(flat)
    # Every atom folded into the cell that the projected lattice has.
    inside = places @ flat @ np.linalg.inv(cell)
    inside -= np.floor(inside)
    steps = np.array(list(product(range(-_ROUND, _ROUND + 1), repeat=2)))
    steps = steps[np.argsort(np.abs(steps).sum(axis=1), kind="stable")]  # its own cell first
    centres = (_merged(inside, cell)[None] + steps[:, None]).reshape(-1, 2) @ cell
    return column_distances(centres, of=slice(len(centres) // len(steps)))


def _projected_cell(flat: Floats) -> Floats:
    """Shortest vectors (2, 2) that span the lattice spanned by three vectors (3, 2) of a plane."""
    counts = np.array(list(product(range(-_REACH, _REACH + 1), repeat=3)))
    points = counts @ flat
    lengths = np.linalg.norm(points, axis=1)
    points = points[np.argsort(lengths, kind="stable")]
    points = points[np.linalg.norm(points, axis=1) > _NOTHING]
    across = np.abs(points[:, 0] * points[0, 1] - points[:, 1] * points[0, 0])
    other = int((across > _NOTHING + 1e-3 * np.sum(points[0] ** 2)).argmax())
    return np.stack([points[0], points[other]])


def _merged(inside: Floats, cell: Floats) -> Floats:
    """Fractions of a projected cell without those that lie on an earlier one."""
    from scipy.spatial import cKDTree

    places = inside @ cell
    pairs = cKDTree(places).query_pairs(_SAME_COLUMN, output_type="ndarray")
    kept = np.ones(len(inside), dtype=np.bool_)
    for earlier, later in pairs[np.argsort(pairs[:, 0], kind="stable")]:
        if kept[earlier]:
            kept[later] = False
    return np.asarray(inside[kept], dtype=np.float64)
