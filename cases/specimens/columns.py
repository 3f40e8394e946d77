"""Atomic columns: atoms that stand above each other along the beam, grouped and counted."""

from typing import Final

import numpy as np

from stembench.arrays import Floats, Integers

#: Atoms whose projections lie closer than this (Å) belong to one column; columns are >= 1.3 apart.
SAME_COLUMN: Final = 0.3


def find_columns(positions: Floats, *, tolerance: float = SAME_COLUMN) -> tuple[Floats, Integers]:
    """Group atoms into columns along z.

    Parameters
    ----------
    positions : ndarray, shape (n, 3)
        Atoms without thermal displacements, in Å.
    tolerance : float
        Atoms are of one column if a chain of neighbours closer than this links them.

    Returns
    -------
    centres : ndarray, shape (columns, 2)
        Mean x and y of each column's atoms, ordered by y, then x.
    counts : ndarray, shape (columns,)
        Number of atoms.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components
    from scipy.spatial import cKDTree

    flat = positions[:, :2]
    pairs = cKDTree(flat).query_pairs(tolerance, output_type="ndarray")
    n = len(flat)
    links = coo_array((np.ones(len(pairs), dtype=np.int8), (pairs[:, 0], pairs[:, 1])), (n, n))
    number, member = connected_components(links, directed=False)
    counts = np.bincount(member, minlength=number)
    centres = np.stack(
        [np.bincount(member, weights=flat[:, axis], minlength=number) / counts for axis in (0, 1)],
        axis=1,
    )
    order = np.lexsort((centres[:, 0].round(3), centres[:, 1].round(3)))
    return centres[order], counts[order].astype(np.int64)
