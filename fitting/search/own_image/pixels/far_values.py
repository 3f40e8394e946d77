"""Drawings in values that no column reaches: text, circles and arrows with smoothed edges."""

from typing import Final

import numpy as np
from scipy.ndimage import binary_dilation, label, maximum, median_filter

from fitting.search.own_image.pixels.outliers import filled_by_median
from fitting.search.own_image.pixels.pixel_noise import PixelNoise
from stembench.arrays import Bools, Floats

#: Percentiles between which the image's own values lie.
_OWN: Final = (10.0, 90.0)
#: Side of the median around a drawing [px].
_MEDIAN: Final = 5
#: Values beyond by this part of that range, and by so many standard deviations of the noise.
_BEYOND: Final = 0.5
_SIGNIFICANT: Final = 8.0
#: A drawing falls off by this part of its height within a pixel; a column of 0.7 px does by 0.64,
#: one of 1 px by 0.47.
_STEP: Final = 0.7
#: And by so many standard deviations of the noise more.
_CHANCE: Final = 3.0
#: Pixels beside a drawing are mixed with it where they are so many standard deviations off.
_MIXED: Final = 3.0
#: Edges are smoothed where this part of the pixels beside them is mixed.
_SMOOTHED: Final = 0.25
#: Fewest pixels that a gap of a drawing leaves.
_ISLAND: Final = 25


def far_marks(image: Floats, valid: Bools, noise: PixelNoise) -> Bools:
    """Find drawings in values far beyond those of the image, with the pixels mixed with them.

    A bright column among weak ones is far too, and falls off over more than a pixel.

    Parameters
    ----------
    image : ndarray, shape (rows, columns)
        Image in any unit; finite where `valid`.
    valid : ndarray of bool, shape (rows, columns)
    noise : PixelNoise

    Returns
    -------
    ndarray of bool, shape (rows, columns)
    """
    out = np.zeros_like(valid)
    if not valid.any():
        return out
    filled = filled_by_median(image, valid)
    low, high = np.percentile(image[valid], _OWN)
    for sign, end, other in ((1.0, high, low), (-1.0, low, high)):
        far = float(noise.deviation(np.array([end]))[0]) * _SIGNIFICANT
        beyond = valid & (sign * (image - end) > max(_BEYOND * (high - low), far))
        chance = _CHANCE * noise.deviation(filled)
        out |= _sharp(sign * (filled - other), beyond, chance=chance)
    if not out.any():
        return out
    rest = filled_by_median(image, valid & ~binary_dilation(out, np.ones((3, 3)), iterations=2))
    level = median_filter(rest, _MEDIAN, mode="nearest")
    off = np.abs(image - level) > _MIXED * noise.deviation(level)
    ring = binary_dilation(out, np.ones((3, 3))) & valid & ~out
    # Beside smoothed edges a tenth of the drawing hides in the noise.
    smoothed = bool(ring.any()) and float(np.mean(off[ring])) > _SMOOTHED
    beside = binary_dilation(out, np.ones((3, 3)), iterations=2) & smoothed
    for _ in range(2):
        out |= binary_dilation(out, np.ones((3, 3))) & off & valid
    return np.asarray((out | beside) & valid)


def islands(valid: Bools) -> Bools:
    """Few pixels that are left inside of what is left out, shape (rows, columns)."""
    parts, number = label(valid)
    if number < 2:
        return np.zeros_like(valid)
    small = np.bincount(parts.ravel()) < _ISLAND
    small[0] = False
    return np.asarray(small[parts])


def _sharp(height: Floats, beyond: Bools, *, chance: Floats) -> Bools:
    """Parts of `beyond` that fall off by most of their height and by `chance` within one pixel."""
    parts, number = label(beyond, np.ones((3, 3)))
    if not number:
        return beyond
    numbers = np.arange(1, number + 1)
    # The largest fall from a pixel to one of the four beside it.
    fall = np.zeros_like(height)
    for axis in (0, 1):
        for by in (1, -1):
            beside = np.roll(height, by, axis=axis)
            edge = [slice(None)] * 2
            edge[axis] = slice(0, 1) if by > 0 else slice(-1, None)
            beside[tuple(edge)] = height[tuple(edge)]
            fall = np.maximum(fall, height - beside)
    steep = np.asarray(maximum(fall, parts, numbers))
    tall = np.asarray(maximum(height, parts, numbers))
    by_chance = np.asarray(maximum(chance, parts, numbers))
    chosen = np.concatenate([[False], steep > _STEP * tall + by_chance])
    return np.asarray(chosen[parts])
