"""Local whitening transform: fine detail of an image without its intensity, equation (7)."""

from typing import Final

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from stembench.arrays import Floats
from stembench.limits import require

#: Window sizes in px over which equation (8) averages.
WINDOWS: Final = (2, 4, 8, 16)


def whiten(image: npt.ArrayLike, window: int, *, sigma_min: float) -> Floats:
    """Subtract the local mean and divide by the local standard deviation, equation (7).

    Parameters
    ----------
    image : array_like, shape (h, w)
    window : int
        Side S of the square neighbourhood in px, >= 1. An even window reaches one pixel further
        towards smaller indices.
    sigma_min : float
        Smallest standard deviation divided by, in the unit of `image`, > 0.

    Returns
    -------
    ndarray, shape (h, w)
        Without unit. The image is mirrored at its edges.

    Raises
    ------
    InputError
        If `window` or `sigma_min` is out of range.
    """
    require(window, "whitening window", low=1, unit="px")
    require(sigma_min, "smallest standard deviation", low=0, open_low=True)
    values = np.asarray(image, dtype=np.float64)
    # About the mean, so that the variance is not the small difference of large squares.
    centred = values - values.mean()
    mean = ndimage.uniform_filter(centred, window, mode="reflect")
    square = ndimage.uniform_filter(centred**2, window, mode="reflect")
    deviation = np.sqrt(np.maximum(square - mean**2, 0.0))
    return np.asarray((centred - mean) / np.maximum(deviation, sigma_min), dtype=np.float64)
