"""Standardisation of an image before a network and its inverse, equivariant to scale.

The published network divides by max(std, 0.1). That floor spoils images in fractions of the beam,
whose standard deviation lies far below it. Here the division is by the standard deviation itself,
as if the image were scaled up to std >= 0.1, restored and scaled back.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stembench.arrays import Floats


@dataclass(frozen=True)
class Standardised:
    """An image of mean 0 and standard deviation 1, with the numbers that undo it."""

    image: NDArray[np.float32]
    """(h, w), dimensionless."""
    mean: float
    """Mean of the original over all its pixels, in its unit divided by `scale`."""
    std: float
    """Standard deviation of the original (population), in its unit divided by `scale`."""
    scale: float
    """Power of two that keeps the arithmetic clear of overflow; exact to multiply by."""

    def undo(self, image: NDArray[np.float32], /) -> Floats:
        """Return a standardised image (h, w) in the unit of the original, float64."""
        return (image.astype(np.float64) * self.std + self.mean) * self.scale


def standardise(image: Floats, /) -> Standardised | None:
    """Subtract the mean and divide by the standard deviation, both over the whole image.

    Parameters
    ----------
    image : ndarray
        (h, w), any unit, finite.

    Returns
    -------
    Standardised or None
        None for a constant image, which has no scale and nothing to restore.
    """
    largest = float(np.abs(image).max())
    if float(image.max()) == float(image.min()):
        return None
    # Clipped so that both the scale and its reciprocal are ordinary numbers.
    scale = 2.0 ** float(np.clip(np.frexp(largest)[1], -1000, 1000))
    scaled = image / scale
    mean = float(scaled.mean())
    deviations = scaled - mean
    std = float(np.sqrt(np.mean(deviations**2)))
    if std == 0.0:  # differences below the smallest square that can be represented
        return None
    return Standardised((deviations / std).astype(np.float32), mean, std, scale)


def pad_to_multiple(image: NDArray[np.float32], multiple: int, /) -> NDArray[np.float32]:
    """Mirror an image's lower and right edges until both sides are multiples of a number.

    Parameters
    ----------
    image : ndarray
        (h, w).
    multiple : int
        What height and width must be divisible by.

    Returns
    -------
    ndarray
        (h', w') with the image in its upper left corner; the edge pixels are not repeated.
    """
    missing = [(0, -size % multiple) for size in image.shape]
    return np.pad(image, missing, mode="reflect")
