"""Noise that pixels share at the size of columns, which noise of single pixels does not tell."""

from typing import Final

import numpy as np

from stembench.arrays import Bools, Floats

#: Light around a column is free in its fit: what is wider than this many widths is taken out.
_WIDER: Final = 2.0
#: Part of a filter's weight that must lie on valid pixels.
_COVERED: Final = 0.9
#: Fewest independent places that tell a variance.
_FEWEST: Final = 20
#: Standard errors by which the variance must exceed that of independent pixels.
_BEYOND: Final = 2.0
#: Median absolute deviation of a normal distribution, and the variance of its estimate times n
#: over that of the variance (efficiency 0.37, P. J. Huber, Robust Statistics (1981)).
_MAD: Final = 0.6744897501960817
_EFFICIENCY: Final = 0.37


def shared_at_columns(residual: Floats, power: Floats, *, width: float, valid: Bools) -> float:
    """Variance of noise summed over a column, over that of independent pixels of the same noise.

    The residual over the noise passes a filter of a column's width less one of twice that width.
    Of independent pixels the variance is the sum of the filter's squares. What a restorer
    took away, or drew, stands in few places: the median absolute deviation does not see it.

    Parameters
    ----------
    residual : ndarray, shape (rows, columns)
        Raw image less its model [image unit].
    power : ndarray, shape (rows, columns)
        Variance of the noise of single pixels [image unit squared].
    width : float
        Standard deviation of the columns [px].
    valid : ndarray of bool, shape (rows, columns)

    Returns
    -------
    float
        At least 1; 1 where it exceeds that by less than two standard errors or where fewer
        than 20 independent places are valid.
    """
    from scipy.ndimage import gaussian_filter

    used = valid & (power > 0) & np.isfinite(residual)
    white = np.zeros(residual.shape)
    white[used] = residual[used] / np.sqrt(power[used])

    def band(values: Floats) -> Floats:
        narrow = gaussian_filter(values, width, mode="constant", truncate=5.0)
        return np.asarray(narrow - gaussian_filter(values, _WIDER * width, mode="constant"))

    covered = gaussian_filter(used.astype(float), _WIDER * width, mode="constant") >= _COVERED
    side = 2 * int(np.ceil(16 * width)) + 1
    point = np.zeros((side, side))
    point[side // 2, side // 2] = 1.0
    kernel = band(point)
    expected = float(np.sum(kernel**2))
    # Filtered independent noise is correlated; as many independent places tell the variance as
    # its squared correlation has room for.
    correlation = np.fft.ifft2(np.abs(np.fft.fft2(kernel)) ** 2).real / expected
    independent = np.count_nonzero(covered) / float(np.sum(correlation**2))
    if independent < _FEWEST:
        return 1.0
    filtered = band(white)[covered]
    found = (np.median(np.abs(filtered - np.median(filtered))) / _MAD) ** 2 / expected
    error = np.sqrt(2 / (_EFFICIENCY * independent))
    return float(found) if found > 1 + _BEYOND * error else 1.0
