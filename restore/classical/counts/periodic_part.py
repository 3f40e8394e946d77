"""Fourier transform of an image's periodic part, free of the jumps between opposite edges."""

import numpy as np
from numpy.typing import NDArray

from stembench.arrays import Floats


def split_periodic(image: Floats, /) -> tuple[NDArray[np.complex128], Floats]:
    """Split an image into the sum of a periodic and a smooth part.

    An image does not continue periodically, as its discrete Fourier transform implies. The jumps
    between opposite edges, which would leak over the whole power spectrum, go into the smooth part
    (L. Moisan (2011), doi:10.1007/s10851-010-0227-1).

    Parameters
    ----------
    image : ndarray
        (h, w), any unit.

    Returns
    -------
    transform : ndarray
        (h, w), the discrete Fourier transform of the periodic part, with the image's mean.
    smooth : ndarray
        (h, w), in the image's unit, of mean 0.
    """
    from scipy.fft import fft2, ifft2

    height, width = image.shape
    jump = np.zeros_like(image)
    jump[0] += image[-1] - image[0]
    jump[-1] += image[0] - image[-1]
    jump[:, 0] += image[:, -1] - image[:, 0]
    jump[:, -1] += image[:, 0] - image[:, -1]
    laplacian = (
        2 * np.cos(2 * np.pi * np.arange(height) / height)[:, None]
        + 2 * np.cos(2 * np.pi * np.arange(width) / width)
        - 4
    )
    laplacian[0, 0] = 1.0  # the jumps sum to zero
    smooth = np.real(ifft2(fft2(jump) / laplacian))
    smooth -= smooth.mean()
    return fft2(image - smooth), smooth
