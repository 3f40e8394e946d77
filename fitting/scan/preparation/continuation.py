"""Loose prior of columns at the frame's edge and beyond it, from the columns that they continue."""

from typing import Any, Final

import numpy as np
from scipy.spatial import cKDTree

from fitting.scan.preparation.surroundings import median_spacing
from stembench.arrays import Bools, Floats

#: A column continues its neighbours where it lies this near to where they point [spacing].
IN_LINE: Final = 0.3
#: Neighbours are nearer than this times the distance of the nearest one.
NEIGHBOURHOOD: Final = 1.6


def continuation_pull(
    places: Floats, loose: Bools, *, width: float, inside: Floats
) -> tuple[Any, Bools, float]:
    """Matrix (m, n) of how far loose columns lie from where neighbours point, over `width`.

    A column k that continues a neighbour a and the one behind it b lies near 2 a - b. Written of
    the unknown places of all three, that says nothing of where the crystal lies: a prior about
    places that were given or found beforehand would hold the lines to what is not known, the
    truth in a test of the fit, or to displacements that the places have followed.

    Parameters
    ----------
    places : ndarray, shape (n, 2)
        Where columns start (x, y) [px].
    loose : ndarray of bool, shape (n,)
        Columns that have such a prior.
    width : float
        Standard deviation of the distances [px].
    inside : ndarray, shape (n,)
        How far each column lies within the frame [px], negative beyond it: a column continues
        those that lie farther inside.

    Returns
    -------
    matrix : scipy.sparse.csr_array, shape (m, n)
    continued : ndarray of bool, shape (n,)
        Columns that have a row.
    reach : float
        Largest distance across the lines of two columns in one row [px].
    """
    from scipy.sparse import csr_array

    tree = cKDTree(places)
    spacing = median_spacing(places)
    rows: list[int] = []
    columns: list[int] = []
    values: list[float] = []
    continued = np.zeros(len(places), dtype=bool)
    reach, row = 0.0, 0
    for k in np.flatnonzero(loose):
        pairs = []
        for a in tree.query_ball_point(places[k], NEIGHBOURHOOD * spacing):
            if a == k or inside[a] <= inside[k]:
                continue
            gap, b = tree.query(2 * places[a] - places[k])
            if gap < IN_LINE * spacing and b not in (a, k):
                pairs.append((int(a), int(b)))
        if not pairs:
            continue
        near, behind = (list(each) for each in zip(*pairs, strict=True))
        share = 1 / (len(pairs) * width)
        rows += [row] * (1 + 2 * len(pairs))
        columns += [int(k), *near, *behind]
        values += [1 / width, *([-2 * share] * len(pairs)), *([share] * len(pairs))]
        continued[k] = True
        reach = max(reach, float(np.ptp(places[[k, *near, *behind], 1])))
        row += 1
    return csr_array((values, (rows, columns)), shape=(row, len(places))), continued, reach
