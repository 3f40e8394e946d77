"""Marks of one grey value drawn into an image: thin lines, frames, arrows, text, dead pixels."""

from typing import Final

import numpy as np
from scipy.ndimage import binary_dilation, label, median_filter

from fitting.search.own_image.pixels.outliers import filled_by_median
from fitting.search.own_image.pixels.pixel_noise import PixelNoise
from stembench.arrays import Bools, Floats

#: Fewest pixels of a mark's value.
_FEWEST: Final = 12
#: A mark's value has so many times the pixels of each of the values beside it, and is this many
#: standard errors above that.
_PILE: Final = 2.0
_SURE: Final = 5.0
#: So many values to each side are held against it.
_BESIDE: Final = 3
#: A value with so many times the pixels of those beside it is drawn wherever pixels touch, if this
#: part of what lies around differs from it by its noise and by a part of the image's range.
_FAR_TOO_MANY: Final = 3.0
_UNLIKE: Final = 0.5
_JUMP: Final = 0.05
#: Most values that are looked at.
_CANDIDATES: Final = 8
#: Thickest mark [px]; what is thicker is an area.
_THICK: Final = 5
#: A mark stands out of the mean of the pixels on both sides by this many standard deviations of the
#: noise, and of each of them by so many.
_APART: Final = 4.0
_EACH: Final = 2.0
#: A mark of so many touching pixels may have mixed with those around it: it has where this part of
#: them lie so many standard deviations towards its value.
_LARGE: Final = 5
_MIXED: Final = 3.0
_MIXED_PART: Final = 0.25
_DIRECTIONS: Final = ((0, 1), (1, 0), (1, 1), (1, -1))


def drawn_marks(image: Floats, valid: Bools, noise: PixelNoise) -> Bools:
    """Find thin marks: pixels of a value that far too many pixels have, unlike what is beside.

    Parameters
    ----------
    image : ndarray, shape (rows, columns)
        Image in any unit; finite where `valid`.
    valid : ndarray of bool, shape (rows, columns)
    noise : PixelNoise

    Returns
    -------
    ndarray of bool, shape (rows, columns)
        Marks and, around large ones, the pixels that drawing mixed with them.
    """
    out = np.zeros_like(valid)
    for value, far_too_many in zip(*_piled_values(image[valid]), strict=True):
        equal = (image == value) & valid
        mark = equal & _stands_out(image, equal, value, valid=valid, noise=noise)
        if far_too_many:
            mark |= _bold(image, equal, value, valid=valid, noise=noise)
        if mark.any():
            out |= mark | _mixed(image, mark, value, valid=valid, noise=noise)
    return out


def _bold(image: Floats, equal: Bools, value: float, *, valid: Bools, noise: PixelNoise) -> Bools:
    """Touching pixels of a value that is unlike most of what lies around them, darker or brighter.

    The strokes of grey text are brighter than the ground and darker than the columns that it
    crosses. A vacuum of few counts, and a background of one value, go over into what lies around.
    """
    mark = _large(equal)
    near = binary_dilation(mark, np.ones((3, 3)))
    ring = binary_dilation(near, np.ones((3, 3))) & ~near & valid & ~equal
    if not ring.any():
        return np.zeros_like(equal)
    low, high = np.percentile(image[valid], [5.0, 95.0])
    least = np.maximum(_APART * noise.deviation(image[ring]), _JUMP * (high - low))
    unlike = float(np.mean(np.abs(image[ring] - value) > least)) > _UNLIKE
    return np.asarray(mark & unlike)


def _large(pixels: Bools) -> Bools:
    """Pixels that touch several others."""
    parts, _ = label(pixels, np.ones((3, 3)))
    large = np.bincount(parts.ravel()) >= _LARGE
    large[0] = False
    return np.asarray(large[parts], dtype=np.bool_)


def _mixed(image: Floats, mark: Bools, value: float, *, valid: Bools, noise: PixelNoise) -> Bools:
    """Pixels around the large marks of a value, if drawing mixed a good part of them with it."""
    fringe = np.asarray(binary_dilation(_large(mark), np.ones((3, 3))) & valid & ~mark)
    if not fringe.any():
        return fringe
    rest = filled_by_median(image, valid & ~mark & ~fringe)
    level = median_filter(rest, 5, mode="nearest")[fringe]
    towards = np.sign(value - level) * (image[fringe] - level) > _MIXED * noise.deviation(level)
    return fringe if float(np.mean(towards)) > _MIXED_PART else np.zeros_like(fringe)


def _piled_values(values: Floats) -> tuple[Floats, Bools]:
    """Values that more pixels have than those a little darker and brighter lead to expect.

    And whether so many more that hardly any of their pixels is one of the scene.
    """
    levels, number = np.unique(values, return_counts=True)
    # Values of single pixels, mixed by drawing, lie between those of counts.
    levels, number = levels[number > 1], number[number > 1]
    beside = np.zeros(len(levels))
    for by in range(1, min(_BESIDE, len(levels) - 1) + 1):
        beside[by:] = np.maximum(beside[by:], number[:-by])
        beside[:-by] = np.maximum(beside[:-by], number[by:])
    expected = _PILE * beside
    piled = number > np.maximum(expected + _SURE * np.sqrt(expected), _FEWEST)
    order = np.argsort(-number[piled])[:_CANDIDATES]
    return levels[piled][order], (number > _FAR_TOO_MANY * beside)[piled][order]


def _stands_out(
    image: Floats, equal: Bools, value: float, *, valid: Bools, noise: PixelNoise
) -> Bools:
    """Whether both pixels beside a run of the value, in some direction, lie on one side of it."""
    out = np.zeros_like(equal)
    for direction in _DIRECTIONS:
        ahead = _next_other(image, equal, direction, valid=valid)
        behind = _next_other(image, equal, (-direction[0], -direction[1]), valid=valid)
        for sign in (1.0, -1.0):
            nearer = sign * np.fmax(sign * ahead, sign * behind)
            middle = 0.5 * (
                np.where(np.isnan(ahead), behind, ahead) + np.where(np.isnan(behind), ahead, behind)
            )
            with np.errstate(invalid="ignore"):
                apart = sign * (value - middle) > _APART * noise.deviation(middle)
                out |= apart & (sign * (value - nearer) > _EACH * noise.deviation(nearer))
    return out


def _next_other(image: Floats, equal: Bools, direction: tuple[int, int], *, valid: Bools) -> Floats:
    """First pixel of another value in a direction.

    NaN where the run of the value reaches the edge, the value itself where the run is thick.
    """
    out = image.copy()
    inside = np.ones_like(image)
    other = np.where(valid & ~equal, image, np.nan)
    still = equal.copy()
    for steps in range(1, _THICK + 1):
        by = steps * direction[0], steps * direction[1]
        moved = _moved(other, *by)
        beyond = still & np.isnan(_moved(inside, *by))
        found = still & np.isfinite(moved)
        out[found] = moved[found]
        out[beyond] = np.nan
        still &= ~found & ~beyond
    return out


def _moved(image: Floats, by_y: int, by_x: int) -> Floats:
    """Image whose pixel (y, x) is that at (y + by_y, x + by_x); NaN beyond the edge."""
    rows, cols = image.shape
    out = np.full(image.shape, np.nan)
    if abs(by_y) >= rows or abs(by_x) >= cols:
        return out
    y, x = slice(max(0, -by_y), rows - max(0, by_y)), slice(max(0, -by_x), cols - max(0, by_x))
    from_y = slice(max(0, by_y), rows - max(0, -by_y))
    from_x = slice(max(0, by_x), cols - max(0, -by_x))
    out[y, x] = image[from_y, from_x]
    return out
