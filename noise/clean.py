"""Check of the clean images that a chain starts from: shape, sign and finiteness."""

import numpy as np
import numpy.typing as npt

from stembench.arrays import Floats
from stembench.errors import InputError


def checked_images(images: npt.ArrayLike, *, count: int, margin: int) -> Floats:
    """Return clean images as float64 of shape (1 or count, h, w).

    Parameters
    ----------
    images : array_like, shape (h, w) or (n, h, w)
        Fractions of the incident beam.
    count : int
        Number of realizations: n must be 1 or this.
    margin : int
        Pixels to be cut off each side in the end.

    Raises
    ------
    InputError
        If the images are not finite, negative or of the wrong shape.
    """
    clean = np.asarray(images, dtype=np.float64)
    if clean.ndim == 2:
        clean = clean[None]
    if clean.ndim != 3:
        raise InputError(f"images must be (h, w) or (n, h, w), not of shape {clean.shape}")
    if clean.shape[0] not in (1, count):
        raise InputError(f"{clean.shape[0]} images were given with {count} random generators")
    if margin < 0 or min(clean.shape[1:]) <= 2 * margin:
        raise InputError(f"a margin of {margin} px leaves nothing of {clean.shape[1:]} px images")
    if not np.isfinite(clean).all():
        raise InputError("the clean image holds NaN or infinite values; remove them first")
    if clean.size and clean.min() < 0:
        raise InputError(
            f"the clean image holds negative values (down to {clean.min():.3g}); it must be a"
            " fraction of the incident beam: subtract its offset, or set ripples to zero"
        )
    return clean
