"""Statistics of what distortion adds to an image, free of the image's zero and unit.

They let our chain be held against pairs of distorted and clean images whose grey scale is unknown.
"""

from collections.abc import Mapping
from typing import Final

import numpy as np
from scipy import ndimage

from stembench.arrays import Bools, Floats

#: Residuals further from the median than this many robust standard deviations are outliers.
_OUTLIER: Final = 5.0
#: Differences of this size relative to the image are round-off of its storage.
_ROUND_OFF: Final = 1e-9
#: 1 / (√2 · erfinv(1/2)): standard deviation of a Gaussian over its median absolute deviation.
_MAD: Final = 1.4826022185056018


def distorted_part(x: Floats, y: Floats) -> Bools:
    """Pixels of a pair that distortion reached: not inside cropped or annotated areas.

    There the images differ by a constant, which is zero if their grey scales are the same. Two
    neighbouring pixels may do so by chance, nine do not.

    Parameters
    ----------
    x, y : ndarray, shape (h, w)

    Returns
    -------
    ndarray of bool, shape (h, w)
    """
    residual = x - y
    spread = ndimage.maximum_filter(residual, 3) - ndimage.minimum_filter(residual, 3)
    flat = spread <= _ROUND_OFF * np.abs(x).max()
    # The filter loses a border of one pixel; interpolation reaches one or two beyond.
    return np.asarray(
        ~ndimage.binary_dilation(flat, np.ones((3, 3), dtype=np.bool_), 3), dtype=np.bool_
    )


def autocorrelation(residual: Floats, part: Bools, *, axis: int, lag: int) -> float:
    """Autocorrelation of a residual along one axis.

    Parameters
    ----------
    residual : ndarray, shape (h, w)
        Of mean zero over `part`.
    part : ndarray of bool, shape (h, w)
        Pixels that count.
    axis : int
        1 along the fast scan (rows), 0 across it (columns).
    lag : int
        Distance in px.

    Returns
    -------
    float
        In [-1, 1] up to sampling error.
    """
    length = residual.shape[axis]
    first = [slice(None)] * 2
    second = [slice(None)] * 2
    first[axis], second[axis] = slice(0, length - lag), slice(lag, length)
    both = part[tuple(first)] & part[tuple(second)]
    products = (residual[tuple(first)] * residual[tuple(second)])[both]
    return float(products.mean() / np.square(residual[part]).mean())


def residual_statistics(x: Floats, y: Floats, *, part: Bools) -> dict[str, float]:
    """Statistics of x - y for a distorted image x and its clean image y.

    Parameters
    ----------
    x, y : ndarray, shape (h, w)
        In one unit, whatever it is.
    part : ndarray of bool, shape (h, w)
        Pixels that count, see `distorted_part`.

    Returns
    -------
    dict of str to float
        The keys of `STATISTICS`.
    """
    residual = x - y
    residual = residual - np.median(residual[part])
    width = max(_MAD * float(np.median(np.abs(residual[part]))), np.finfo(np.float64).tiny)
    outliers = (np.abs(residual) > _OUTLIER * width) & part
    # Second moments without the outliers, which have a statistic of their own.
    core = np.clip(residual, -_OUTLIER * width, _OUTLIER * width)
    core = core - core[part].mean()
    low, high = np.quantile(y[part], (0.2, 0.8))
    dark, bright = core[part & (y <= low)], core[part & (y >= high)]
    return {
        "row_1": autocorrelation(core, part, axis=1, lag=1),
        "row_4": autocorrelation(core, part, axis=1, lag=4),
        "column_1": autocorrelation(core, part, axis=0, lag=1),
        "column_4": autocorrelation(core, part, axis=0, lag=4),
        "variance_ratio": float(np.log(bright.var() / dark.var())),
        "outliers": float(outliers.sum() / part.sum()),
    }


#: What each statistic is called in a figure.
STATISTICS: Final[Mapping[str, str]] = {
    "row_1": "row autocorrelation, lag 1",
    "row_4": "row autocorrelation, lag 4",
    "column_1": "column autocorrelation, lag 1",
    "column_4": "column autocorrelation, lag 4",
    "variance_ratio": "ln(variance where bright / dark)",
    "outliers": "outlier fraction",
}
