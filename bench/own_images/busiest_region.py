"""Region of a large image that is assessed: where most of its columns are."""

from typing import Final

import numpy as np
from scipy.ndimage import gaussian_filter, uniform_filter

from stembench.arrays import Floats

#: Largest side of a region that is chosen [px]: some thirty restorations of it take minutes.
LARGEST: Final = 512
#: Structure of columns lies between these widths [px].
_FINE: Final = 1.5
_COARSE: Final = 6.0
#: Contrast beyond this many times its median is that of an edge or a spike, not of columns.
_CLIP: Final = 3.0
#: Distance of the places that are tried, as a part of the side.
_STEPS: Final = 8


def busiest_region(image: Floats, *, largest: int = LARGEST) -> tuple[slice, slice]:
    """Rows and columns of the part of an image that holds most structure of the size of columns.

    Parameters
    ----------
    image : ndarray, shape (rows, columns)
        Finite values in any unit.
    largest : int
        Largest side [px]; an image that is not larger is taken whole.

    Returns
    -------
    tuple of slice
    """
    rows, cols = image.shape
    high, wide = min(rows, largest), min(cols, largest)
    if (high, wide) == (rows, cols):
        return slice(0, rows), slice(0, cols)
    contrast = np.abs(gaussian_filter(image, _FINE) - gaussian_filter(image, _COARSE))
    # One bright edge must not outweigh a field of columns.
    contrast = np.minimum(contrast, _CLIP * float(np.median(contrast)) + 1e-300)
    filled = uniform_filter(contrast, (high, wide), mode="constant")
    tops = _starts(rows, high)
    lefts = _starts(cols, wide)
    mean = filled[np.ix_([top + high // 2 for top in tops], [left + wide // 2 for left in lefts])]
    best = np.unravel_index(int(np.argmax(mean)), mean.shape)
    top, left = tops[int(best[0])], lefts[int(best[1])]
    return slice(top, top + high), slice(left, left + wide)


def _starts(size: int, side: int) -> list[int]:
    step = max(1, side // _STEPS)
    return sorted({*range(0, size - side + 1, step), size - side})
