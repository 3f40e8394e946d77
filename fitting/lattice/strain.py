"""Local strain of a fitted lattice: displacement gradients against a reference.

The displacement gradient of a column is that of the affine map that takes the vectors to its
neighbours from the reference to the fit.
"""

from typing import Final

import numpy as np

from stembench.arrays import Floats, Integers

#: Neighbours of a column that its displacement gradient is taken from.
NEIGHBOURS: Final = 8


def displacement_gradients(fitted: Floats, reference: Floats, *, of: Integers) -> Floats:
    """Displacement gradient of columns from reference to fit, by least squares over neighbours.

    Parameters
    ----------
    fitted, reference : ndarray, shape (n, 2)
        Positions (x, y) of the same columns; NaN where a fit failed.
    of : ndarray of int, shape (m,)
        Columns whose gradient is returned.

    Returns
    -------
    ndarray, shape (m, 2, 2)
        Rows ∂u_x, ∂u_y; columns ∂/∂x, ∂/∂y; without unit. NaN where fewer than three neighbours
        were fitted.
    """
    from scipy.spatial import KDTree

    _, near = KDTree(reference).query(reference[of], k=NEIGHBOURS + 1)
    gradients = np.full((len(of), 2, 2), np.nan)
    for number, (column, around) in enumerate(zip(of, np.asarray(near)[:, 1:], strict=True)):
        before = reference[around] - reference[column]
        after = fitted[around] - fitted[column]
        good = np.isfinite(after).all(axis=1)
        if good.sum() >= 3:
            # after = before @ (1 + gradient)ᵀ
            mapped = np.linalg.lstsq(before[good], after[good], rcond=None)[0]
            gradients[number] = mapped.T - np.eye(2)
    return gradients
