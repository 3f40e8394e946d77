"""Pixels that no column can make: spikes, hot pixels, streaks and bright rows."""

from typing import Final

import numpy as np
from scipy.ndimage import binary_dilation, median_filter

from fitting.search.own_image.pixels.pixel_noise import PixelNoise
from stembench.arrays import Bools, Floats

#: Least excess over the surroundings in standard deviations of the noise.
SIGNIFICANT: Final = 8.0
#: Least part of that excess over the direct neighbours on both sides. It is 0.65 for a column of
#: 0.7 px, 0.46 for one of 1 px, and 1 for what is one pixel thin.
_SHARP: Final = 0.7
#: How often what was found is filled in and the rest looked at.
_ROUNDS: Final = 4
#: Half side of the window that fills in [px], and the largest part of the image that is filled so.
_NEAR: Final = 3
_MOST_FILLED: Final = 0.3
#: Same for a whole line, whose mean is less noisy.
_LINE: Final = 8.0


def thin_outliers(image: Floats, valid: Bools, noise: PixelNoise) -> Bools:
    """Find pixels, streaks and lines a few pixels thin that stand out of their surroundings.

    Parameters
    ----------
    image : ndarray, shape (rows, columns)
    valid : ndarray of bool, shape (rows, columns)
        Pixels that hold a value.
    noise : PixelNoise

    Returns
    -------
    ndarray of bool, shape (rows, columns)

    Notes
    -----
    What is found is filled in and looked at again: pixels where two lines meet, or beside a hot
    one, stand out only then.
    """
    out = np.zeros_like(valid)
    for _ in range(_ROUNDS):
        found = _thin(image, valid & ~out, noise) & ~out
        if not found.any():
            break
        out |= found
    return out


def _thin(image: Floats, valid: Bools, noise: PixelNoise) -> Bools:
    filled = filled_by_median(image, valid)
    out = np.zeros_like(valid)
    deviation = noise.deviation(median_filter(filled, 5, mode="nearest"))
    for axis in (0, 1):
        size = (7, 1) if axis == 0 else (1, 7)
        middle = median_filter(filled, size, mode="nearest")
        before, after = _shifted(filled, 1, axis), _shifted(filled, -1, axis)
        for sign in (1.0, -1.0):
            excess = sign * (filled - middle)
            over = np.minimum(sign * (filled - before), sign * (filled - after))
            out |= (excess > SIGNIFICANT * deviation) & (over > _SHARP * excess)
    # The end of a streak across a line is no excess of that line.
    single = valid & ~out
    for axis in (0, 1):
        out |= _outlying_lines(filled, single, axis=axis)
    return out & valid


def filled_by_median(image: Floats, valid: Bools) -> Floats:
    """Image whose other pixels take the median of the valid ones around, if there are any."""
    if valid.all():
        return image
    out = np.where(valid, image, float(np.median(image[valid])))
    rows, cols = np.nonzero(~valid)
    if len(rows) > _MOST_FILLED * valid.size:
        return out
    padded = np.pad(np.where(valid, image, np.nan), _NEAR, constant_values=np.nan)
    side = np.arange(2 * _NEAR + 1)
    around = padded[rows[:, None, None] + side[:, None], cols[:, None, None] + side]
    known = np.isfinite(around).any(axis=(1, 2))
    out[rows[known], cols[known]] = np.nanmedian(around[known], axis=(1, 2))
    return out


def residual_outliers(
    residual: Floats, expected: Floats, valid: Bools, noise: PixelNoise, *, height: float
) -> Bools:
    """Find pixels far from a fitted model, and their neighbours.

    What a real column's shape leaves of a Gaussian is no outlier: the distance must be a good part
    of a typical `height` too.
    """
    deviation = noise.deviation(expected)
    far = np.abs(residual) > np.maximum(SIGNIFICANT * deviation, 0.5 * height)
    far &= valid
    if not far.any():
        return far
    near = binary_dilation(far, np.ones((3, 3))) & (np.abs(residual) > 3.0 * deviation)
    return np.asarray((far | near) & valid)


def _shifted(image: Floats, by: int, axis: int) -> Floats:
    """Image moved by one pixel, its edge repeated from the other side of the pixel."""
    out = np.roll(image, by, axis=axis)
    first, second = (0, 1) if by > 0 else (-1, -2)
    if axis == 0:
        out[first] = image[second]
    else:
        out[:, first] = image[:, second]
    return out


def _outlying_lines(image: Floats, valid: Bools, *, axis: int) -> Bools:
    """Lines across `axis` whose mean excess over the lines beside them is like no other's."""
    lines = image if axis == 0 else image.T
    known = valid if axis == 0 else valid.T
    above, below = _shifted(lines, 1, 0), _shifted(lines, -1, 0)
    both = known & _shifted(known.astype(np.float64), 1, 0).astype(bool)
    both &= _shifted(known.astype(np.float64), -1, 0).astype(bool)
    count = both.sum(axis=1)
    excess = np.where(both, lines - 0.5 * (above + below), 0.0)
    mean = excess.sum(axis=1) / np.maximum(count, 1)
    usual = count > 0.3 * lines.shape[1]
    out = np.zeros_like(known)
    if usual.sum() < 8:
        return out if axis == 0 else out.T
    scatter = 1.4826 * float(np.median(np.abs(mean[usual])))
    # columns in rows make an excess too: only what exceeds all but a few lines counts
    scatter = max(scatter, float(np.percentile(np.abs(mean[usual]), 90)) / 3.0)
    odd = usual & (np.abs(mean) > _LINE * scatter)
    # the lines beside an odd one have half its excess, of the other sign
    for k in np.flatnonzero(odd):
        beside = np.abs(mean[max(0, k - 1) : k + 2]).max()
        if abs(mean[k]) == beside:
            out[k] = True
    return out if axis == 0 else out.T
