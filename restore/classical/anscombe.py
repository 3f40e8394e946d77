"""The Anscombe transformation of counts and its exact unbiased inverse.

Forward: F. J. Anscombe, Biometrika 35, 246 (1948), doi:10.1093/biomet/35.3-4.246; with read noise
the generalised form of F. Murtagh, J.-L. Starck and A. Bijaoui (1995). Inverse: M. Mäkitalo and
A. Foi, doi:10.1109/TIP.2011.2121085 (closed form) and doi:10.1109/TIP.2012.2202675 (generalised).
"""

import math

import numpy as np
from numpy.typing import NDArray

_ROOT = math.sqrt(1.5)


def stabilise(counts: NDArray[np.float64], /, *, read_noise: float = 0.0) -> NDArray[np.float64]:
    """Transform counts so that their noise has standard deviation 1 where they are not few.

    Parameters
    ----------
    counts : ndarray
        Electrons per pixel, any shape; values below -3/8 - read_noise**2 count as that.
    read_noise : float
        Standard deviation of additive Gaussian noise, electrons.

    Returns
    -------
    ndarray
        2 sqrt(counts + 3/8 + read_noise**2), dimensionless.
    """
    transformed: NDArray[np.float64] = 2 * np.sqrt(np.maximum(counts + 3 / 8 + read_noise**2, 0))
    return transformed


def unstabilise(values: NDArray[np.float64], /, *, read_noise: float = 0.0) -> NDArray[np.float64]:
    """Return the expected counts whose stabilised mean is `values`.

    The plain algebraic inverse of a denoised value is too low, most at few counts, because the
    mean of a root is below the root of the mean.

    Parameters
    ----------
    values : ndarray
        Denoised output of `stabilise`, any shape.
    read_noise : float
        As given to `stabilise`, electrons.

    Returns
    -------
    ndarray
        Expected electrons per pixel, >= 0.
    """
    # Below the transform of zero counts there is no mean to be had, so that values end there.
    d = np.maximum(values, 2 * math.sqrt(3 / 8))
    counts = (
        d**2 / 4 + _ROOT / (4 * d) - 11 / (8 * d**2) + 5 * _ROOT / (8 * d**3) - 1 / 8
    ) - read_noise**2
    unbiased: NDArray[np.float64] = np.maximum(counts, 0)
    return unbiased
