"""Weak pull of columns towards the mean of their opposite neighbours."""

from typing import Any, Final

import numpy as np
from scipy.spatial import cKDTree

from fitting.scan.preparation.surroundings import median_spacing
from stembench.arrays import Floats

#: Neighbours are nearer than this times the median distance of the fourth: two pairs at least, so
#: that columns are held along either direction of a lattice whose spacings differ.
NEIGHBOURHOOD: Final = 1.15
NUMBER: Final = 4
#: Two neighbours are opposite where their middle is nearer to the column than this part of it.
OPPOSITE: Final = 0.125


def lattice_pull(places: Floats, *, width: float) -> tuple[Any, float]:
    """Matrix (m, n) of the columns' distances from their neighbours' mean, over `width`.

    Parameters
    ----------
    places : ndarray, shape (n, 2)
        Where the fit starts (x, y) [px]: neighbours are looked up here once. Looked up in a noisy
        fit they would change with the noise.
    width : float
        Standard deviation of the distances [px].

    Returns
    -------
    matrix : scipy.sparse.csr_array, shape (m, n)
        A row for each column that has a pair of opposite neighbours.
    reach : float
        Largest distance across the lines of two columns in one row [px].
    """
    from scipy.sparse import csr_array

    tree = cKDTree(places)
    spacing = median_spacing(places)
    rows: list[int] = []
    columns: list[int] = []
    values: list[float] = []
    reach, row = 0.0, 0
    fourth = tree.query(places, k=min(NUMBER + 1, len(places)))[0][:, -1]
    radius = NEIGHBOURHOOD * float(np.median(fourth))
    for k, near in enumerate(tree.query_ball_point(places, radius)):
        others = [j for j in near if j != k]
        pairs = [
            (a, b)
            for at, a in enumerate(others)
            for b in others[:at]
            if np.hypot(*(places[a] + places[b] - 2 * places[k])) < 2 * OPPOSITE * spacing
        ]
        if not pairs:
            continue
        members = [j for pair in pairs for j in pair]
        rows += [row] * (1 + len(members))
        columns += [k, *members]
        values += [1 / width, *([-0.5 / len(pairs) / width] * len(members))]
        reach = max(reach, float(np.ptp(places[[k, *members], 1])))
        row += 1
    return csr_array((values, (rows, columns)), shape=(row, len(places))), reach
