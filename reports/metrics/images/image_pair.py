"""The check that every comparison of two images begins with."""

import numpy as np
from numpy.typing import ArrayLike

from stembench.arrays import Floats
from stembench.errors import InputError


def image_pair(restored: ArrayLike, truth: ArrayLike) -> tuple[Floats, Floats]:
    """Check two images and return them as float64.

    Parameters
    ----------
    restored, truth : array_like, shape (h, w)

    Returns
    -------
    tuple of ndarray

    Raises
    ------
    InputError
        If the images are not two-dimensional, not of one shape, empty, or not finite.
    """
    first = np.asarray(restored, dtype=np.float64)
    second = np.asarray(truth, dtype=np.float64)
    if first.ndim != 2 or first.shape != second.shape or first.size == 0:
        raise InputError(
            f"two images of one shape (h, w) are compared, not {first.shape} and {second.shape}"
        )
    if not (np.isfinite(first).all() and np.isfinite(second).all()):
        raise InputError("an image to be compared holds values that are not finite")
    return first, second
