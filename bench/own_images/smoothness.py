"""Whether the noise of an image was smoothed: by a restorer, a filter or an interpolation."""

from typing import Final

import numpy as np

from stembench.arrays import Bools, Floats

#: Fewest differences that are compared.
_FEWEST: Final = 100


def smoothness(residual: Floats, valid: Bools) -> float:
    """Variance of differences of neighbouring pixels over that of pixels two apart.

    Parameters
    ----------
    residual : ndarray, shape (rows, columns)
        Image minus model; what it holds of columns is little, and less in differences.
    valid : ndarray of bool, shape (rows, columns)

    Returns
    -------
    float
        Of mixed second differences, by medians of squares: 1 for independent pixels, near 0 for a
        smoothed image; 1 where there are too few pixels or no difference at all.
    """
    near, far = (_differences(residual, valid, apart=apart) for apart in (1, 2))
    if min(len(near), len(far)) < _FEWEST or not float(np.median(far)) > 0:
        return 1.0
    return float(np.median(near) / np.median(far))


def _differences(image: Floats, valid: Bools, *, apart: int) -> Floats:
    """Squared mixed second differences of pixels some px apart, where all nine are valid."""
    filled = np.where(valid, image, np.nan)
    for _ in range(2):
        moved = filled.T
        filled = moved[2 * apart :] - 2 * moved[apart:-apart] + moved[: -2 * apart]
    return np.asarray(filled[np.isfinite(filled)] ** 2)
