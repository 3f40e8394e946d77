"""Burgers circuit on column positions, whether they come from atoms or from fits."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from noise.errors import InputError

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Circuit:
    """A closed circuit over columns.

    Attributes
    ----------
    path : ndarray, shape (steps + 1,)
        Indices of the columns visited, counter-clockwise where y points up; the last is the first.
    vector : ndarray, shape (2,)
        Sum of the perfect lattice's vectors along the path, the negative of the closure failure in
        the perfect crystal (FS/RH convention up to the sign of the line); in units of the basis's
        lengths.
    """

    path: IntArray
    vector: FloatArray


def burgers_circuit(
    positions: FloatArray,
    *,
    center: tuple[float, float],
    radius: float,
    basis: FloatArray,
) -> Circuit:
    """Go round a point from column to column and add up the perfect lattice's vectors.

    Parameters
    ----------
    positions : ndarray, shape (n, 2)
        Columns, x and y in any length unit.
    center : tuple of two float
        Point to go round.
    radius : float
        Radius of the circle that the circuit follows; large against the columns' distance.
    basis : ndarray, shape (2, 2)
        Rows are the two vectors between neighbouring columns of the perfect lattice.

    Returns
    -------
    Circuit

    Raises
    ------
    InputError
        If the columns do not reach round the circle.
    """
    spacing = float(np.linalg.norm(basis, axis=1).max())
    steps = max(16, round(4 * np.pi * radius / spacing))
    angle = np.linspace(0, 2 * np.pi, steps, endpoint=False)
    circle = np.stack([np.cos(angle), np.sin(angle)], axis=1) * radius + np.array(center)
    distance, nearest = map(np.asarray, cKDTree(positions).query(circle))
    if distance.max() > spacing:
        raise InputError(
            f"a circuit of radius {radius:g} round {center} leaves the region with columns"
        )
    visited = nearest[np.flatnonzero(np.diff(nearest, prepend=nearest[-1]))]
    path = np.append(visited, visited[0]).astype(np.int64)
    moves = np.diff(positions[path], axis=0)
    whole = np.rint(moves @ np.linalg.inv(basis))
    return Circuit(path=path, vector=(whole @ basis).sum(axis=0))
