"""Noise of the pixels of an image whose gain is not known, from differences of neighbours."""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from scipy.ndimage import binary_erosion, uniform_filter
from scipy.optimize import nnls

from stembench.arrays import Bools, Floats

#: White noise comes out of a mixed second difference this many times in variance, a column of
#: width σ at 1/σ⁴ of its height.
_GAIN: Final = 36.0
_BINS: Final = 12
#: Fewest pixels of a bin.
_FEW: Final = 40
#: The line of an image with an offset must leave less than this part of the other's misfit.
_BETTER: Final = 0.5
#: Noise that grows by less than this part of the steps between values is not that of counts in
#: steps; pixels with more different values than this part have no steps.
_COUNTING: Final = 0.5
_OWN_VALUES: Final = 0.1
#: Differences beyond this many standard deviations are not noise.
_CUT: Final = 5.0


@dataclass(frozen=True)
class PixelNoise:
    """Variance of a pixel as a straight line of its expected value.

    Attributes
    ----------
    floor : float
        Variance at the expected value `origin` [image unit squared].
    slope : float
        Variance per expected value [image unit].
    origin : float
        Expected value from which on noise grows [image unit]: 0, or the image's darkest level where
        values have an offset.
    """

    floor: float
    slope: float
    origin: float = 0.0

    def variance(self, level: Floats) -> Floats:
        """Variance at expected values, of their shape."""
        tiny = np.finfo(np.float64).tiny
        return np.maximum(self.floor + self.slope * np.maximum(level - self.origin, 0.0), tiny)

    def deviation(self, level: Floats) -> Floats:
        """Standard deviation at expected values, at least that of one count.

        Where nothing is expected a single count is far off in units of its standard deviation.
        """
        return np.sqrt(np.maximum(self.variance(level), self.slope**2))


def measure_noise(image: Floats, valid: Bools) -> PixelNoise:
    """Measure the noise of an image.

    Parameters
    ----------
    image : ndarray, shape (rows, columns)
        Image in any unit; finite where `valid`.
    valid : ndarray of bool, shape (rows, columns)

    Returns
    -------
    PixelNoise
        Both values 0 where there are too few pixels, or there is no noise.

    Notes
    -----
    The values of neighbouring pixels are taken as independent: noise that is correlated over
    pixels, as in interpolated and restored images, is measured too small. Columns narrower than
    about 1.5 px count as noise in part.
    """
    filled = np.where(valid, image, 0.0)
    checker = _differences(filled)
    # the level must not know the very difference, or low differences would gather in bins
    level = uniform_filter(filled, 3, mode="nearest")
    inner = binary_erosion(valid, np.ones((3, 3)), border_value=0)
    square, height = checker[inner] ** 2 / _GAIN, level[inner]
    if len(square) < _FEW:
        return PixelNoise(0.0, 0.0)
    n_bins = max(1, min(_BINS, len(square) // _FEW))
    order = np.argsort(height, kind="stable")
    means, variances = [], []
    for part in np.array_split(order, n_bins):
        means.append(float(np.mean(height[part])))
        variances.append(_clipped_mean(square[part]))
    line = _line(np.array(means), np.array(variances))
    step = _step(image[valid])
    if line.slope < _COUNTING * step:
        # Rounding to steps that are wider than the noise hides it from most differences.
        line = replace(line, floor=max(line.floor, step**2 / 12.0))
    return line


def _line(level: Floats, variance: Floats) -> PixelNoise:
    """Line of the variance; from zero on unless values have an offset, of either sign."""
    if not (variance > 0).any():
        return PixelNoise(0.0, 0.0)
    weight = 1.0 / np.maximum(variance, 1e-3 * float(variance.max()))
    lines = []
    for origin in (0.0, float(level.min())):
        at = np.maximum(level - origin, 0.0)
        design = np.column_stack([np.ones(len(at)), at]) * weight[:, None]
        (floor, slope), misfit = nnls(design, variance * weight)
        lines.append((misfit**2, PixelNoise(float(floor), float(slope), origin)))
    (misfit, line), (misfit_offset, offset) = lines
    shifted = level.min() < 0.0 or misfit_offset < _BETTER * misfit
    return offset if shifted else line


def _step(values: Floats) -> float:
    """Least difference of two values; 0 where most pixels have one of their own."""
    levels = np.unique(values)
    if len(levels) < 2 or len(levels) > _OWN_VALUES * len(values):
        return 0.0
    return float(np.min(np.diff(levels)))


def _differences(image: Floats) -> Floats:
    across = np.zeros_like(image)
    across[:, 1:-1] = image[:, 2:] - 2 * image[:, 1:-1] + image[:, :-2]
    out = np.zeros_like(image)
    out[1:-1] = across[2:] - 2 * across[1:-1] + across[:-2]
    return out


def _clipped_mean(square: Floats) -> float:
    """Mean of squares without those that are no noise."""
    kept = square
    middle = float(np.median(square)) / 0.455
    if middle > 0:  # few counts have a median of zero
        kept = kept[kept <= (2 * _CUT) ** 2 * middle]
    for _ in range(3):
        mean = float(np.mean(kept))
        less = kept[kept <= _CUT**2 * mean]
        if len(less) == len(kept) or not len(less):
            break
        kept = less
    return float(np.mean(kept))
