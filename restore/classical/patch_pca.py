"""Principal components of an image's own patches: what they share is signal.

C.-A. Deledalle, J. Salmon and A. Dalalyan (2011), doi:10.5244/C.25.25, their global variant, with
the components weighed by their share of signal instead of cut off.
"""

import numpy as np
from numpy.typing import NDArray

_ROWS_PER_STEP = 64  # bounds memory: a step holds its rows' patches alone


def _patches(image: NDArray[np.float64], side: int, start: int, stop: int) -> NDArray[np.float64]:
    """Return all patches whose first row is in [start, stop) as (rows, columns, side**2)."""
    windows = np.lib.stride_tricks.sliding_window_view(image[start : stop + side - 1], (side, side))
    return windows.reshape(*windows.shape[:2], side * side)


def denoise_by_patches(image: NDArray[np.float64], /, *, side: int) -> NDArray[np.float64]:
    """Denoise an image whose noise is white with standard deviation 1.

    Parameters
    ----------
    image : ndarray
        (h, w), both at least `side`.
    side : int
        Side of the patches, px.

    Returns
    -------
    ndarray
        (h, w). Each pixel is the mean of its values in all the patches that cover it.

    Notes
    -----
    A component of variance v holds v - 1 of signal and is weighed by (v - 1) / v. One below the
    largest variance that noise alone gives, (1 + sqrt(d / n))**2 for n pixels and patches of d
    pixels (V. A. Marčenko and L. A. Pastur (1967), doi:10.1070/SM1967v001n04ABEH001994), is left
    out.
    """
    height, width = image.shape
    rows, columns = height - side + 1, width - side + 1
    size = side * side
    steps = [(start, min(start + _ROWS_PER_STEP, rows)) for start in range(0, rows, _ROWS_PER_STEP)]
    count = rows * columns
    centre = image.mean()
    total = np.zeros(size)
    products = np.zeros((size, size))
    for start, stop in steps:
        part = _patches(image, side, start, stop).reshape(-1, size) - centre
        total += part.sum(axis=0)
        products += part.T @ part
    mean = total / count
    covariance = products / count - np.outer(mean, mean)
    variances, components = np.linalg.eigh(covariance)
    edge = (1 + np.sqrt(size / count)) ** 2
    weights = np.where(variances > edge, 1 - 1 / np.maximum(variances, 1.0), 0.0)
    kept = weights > 0
    shrink = (components[:, kept] * weights[kept]) @ components[:, kept].T
    mean += centre
    summed = np.zeros_like(image)
    for start, stop in steps:
        part = _patches(image, side, start, stop)
        restored = (part - mean) @ shrink + mean
        for i in range(side):
            for j in range(side):
                summed[start + i : stop + i, j : j + columns] += restored[:, :, i * side + j]
    covering = np.outer(_covering(height, side), _covering(width, side))
    averaged: NDArray[np.float64] = summed / covering
    return averaged


def _covering(size: int, side: int) -> NDArray[np.float64]:
    """Return how many patches cover each place along one axis."""
    place = np.arange(size)
    first = np.maximum(0, place - side + 1)
    last = np.minimum(place, size - side)
    return (last - first + 1).astype(np.float64)
