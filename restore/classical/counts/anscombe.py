"""Anscombe transformation of counts, its exact unbiased inverse, and denoising between the two.

Forward: F. J. Anscombe, Biometrika 35, 246 (1948), doi:10.1093/biomet/35.3-4.246; with read noise
the generalised form of F. Murtagh, J.-L. Starck and A. Bijaoui (1995). Inverse: M. Mäkitalo and
A. Foi, doi:10.1109/TIP.2011.2121085 (closed form) and doi:10.1109/TIP.2012.2202675 (generalised).
"""

import math
from collections.abc import Callable

import numpy as np

from restore.classical.counts.noise_level import estimate_noise, estimate_read_noise
from stembench.arrays import Floats

STABILISED = "counts, stabilised by the Anscombe transformation"
"""Input scale of the restorers that work on stabilised counts."""

_ROOT = math.sqrt(1.5)


def stabilise(counts: Floats, /, *, read_noise: float = 0.0) -> Floats:
    """Transform counts so that their noise has standard deviation 1, from a few electrons on.

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
    transformed: Floats = 2 * np.sqrt(np.maximum(counts + 3 / 8 + read_noise**2, 0))
    return transformed


def unstabilise(values: Floats, /, *, read_noise: float = 0.0) -> Floats:
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
    # No mean count is transformed to less than zero counts are, so that values are cut off there.
    d = np.maximum(values, 2 * math.sqrt(3 / 8))
    counts = (
        d**2 / 4 + _ROOT / (4 * d) - 11 / (8 * d**2) + 5 * _ROOT / (8 * d**3) - 1 / 8
    ) - read_noise**2
    unbiased: Floats = np.maximum(counts, 0)
    return unbiased


def restore_stabilised(
    image: Floats, denoise: Callable[[Floats], Floats], /, *, least_side: int
) -> Floats:
    """Denoise an image of counts with a method for white noise of standard deviation 1.

    Parameters
    ----------
    image : ndarray
        (h, w), electrons per pixel.
    denoise : callable
        Takes and returns stabilised images (h', w').
    least_side : int
        Least height and width that `denoise` takes; a smaller image is mirrored up to it.

    Returns
    -------
    ndarray
        (h, w), electrons per pixel, >= 0; a constant image is returned unchanged.

    Notes
    -----
    The noise is estimated from the stabilised image and taken as at least that of Poisson
    counts (1), since a detector can only add to it; the detector's part is `estimate_read_noise`.
    """
    if image.max() == image.min():
        return image
    height, width = image.shape
    below = estimate_read_noise(image)
    stable = stabilise(image, read_noise=below)
    sigma = max(1.0, estimate_noise(stable))
    missing = [(0, max(0, least_side - size)) for size in image.shape]
    padded = np.pad(stable / sigma, missing, mode="symmetric")
    return unstabilise(sigma * denoise(padded)[:height, :width], read_noise=below)
