"""Gaussian filters of an image, by Fourier transforms where the kernel is long and the image large.

A filter of scipy.ndimage costs as many products a pixel as its kernel is long, which for the
widest scales of a search on a large image took most of its time.
"""

from typing import Final

import numpy as np
from scipy.ndimage import gaussian_filter, gaussian_laplace

from stembench.arrays import Floats

#: Images up to this many pixels are filtered by scipy.ndimage alone.
LARGE: Final = 400_000
#: And so are others with kernels that reach less far than this [px].
_FAR: Final = 24
#: Widths after which the kernel of a Laplacian ends.
_LAPLACIAN: Final = 6.0


def smoothed(image: Floats, scale: float) -> Floats:
    """`scipy.ndimage.gaussian_filter` with edges continued."""
    if not _by_transform(image, scale, truncate=4.0):
        return np.asarray(gaussian_filter(image, scale, mode="nearest"), dtype=np.float64)
    return _along(_along(image, scale, axis=0, truncate=4.0), scale, axis=1, truncate=4.0)


def laplacian(image: Floats, scale: float) -> Floats:
    """`scipy.ndimage.gaussian_laplace` with edges continued and kernels cut at six widths."""
    if not _by_transform(image, scale, truncate=_LAPLACIAN):
        return np.asarray(
            gaussian_laplace(image, scale, mode="nearest", truncate=_LAPLACIAN), dtype=np.float64
        )
    out = np.zeros_like(image)
    for bent in (0, 1):
        part = _along(image, scale, axis=1 - bent, truncate=_LAPLACIAN)
        out += _along(part, scale, axis=bent, truncate=_LAPLACIAN, second=True)
    return out


def squared_laplacian(scale: float) -> float:
    """Sum of the squared weights of `laplacian`: variance that it makes of white noise of 1."""
    smooth = _kernel(scale, truncate=_LAPLACIAN)
    bent = _kernel(scale, truncate=_LAPLACIAN, second=True)
    return float(2 * (bent @ bent) * (smooth @ smooth) + 2 * (bent @ smooth) ** 2)


def _kernel(scale: float, *, truncate: float, second: bool = False) -> Floats:
    """Gaussian or its second derivative, as `scipy.ndimage` samples them."""
    reach = int(truncate * scale + 0.5)
    x = np.arange(-reach, reach + 1)
    kernel: Floats = np.exp(-0.5 * (x / scale) ** 2)
    kernel /= kernel.sum()
    if second:
        kernel *= x**2 / scale**4 - 1 / scale**2
    return kernel


def _by_transform(image: Floats, scale: float, *, truncate: float) -> bool:
    return image.size > LARGE and truncate * scale > _FAR


def _along(
    image: Floats, scale: float, *, axis: int, truncate: float, second: bool = False
) -> Floats:
    """Filter along one axis by a Gaussian or its second derivative, with scipy.ndimage's kernel."""
    from scipy.signal import oaconvolve

    kernel = _kernel(scale, truncate=truncate, second=second)
    reach = len(kernel) // 2
    pad = [(0, 0), (0, 0)]
    pad[axis] = (reach, reach)
    shape = [1, 1]
    shape[axis] = len(kernel)
    padded = np.pad(image, pad, mode="edge")
    out = oaconvolve(padded, kernel.reshape(shape), mode="valid", axes=axis)
    return np.asarray(out, dtype=np.float64)
