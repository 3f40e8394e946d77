"""Areas of one value (borders of aligned or rotated frames, scale bars, saturated peaks)."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.ndimage import (
    binary_dilation,
    binary_fill_holes,
    distance_transform_edt,
    label,
    maximum_filter,
    median_filter,
    minimum_filter,
)

from stembench.arrays import Bools, Floats

#: An area of one value that noise makes less often than this in the whole image is no noise.
_CHANCE: Final = 1e-3
#: Least share of a value among the pixels around, where pixels share values.
_WHOLE: Final = 0.05
#: Fewer different values than this part of the pixels are those of counts.
_FEW_VALUES: Final = 0.5
#: Most values that are looked at.
_CANDIDATES: Final = 20
#: The range is that of all pixels if fewer than this part lie outside areas of one value.
_FEW_LEFT: Final = 0.05
#: An area differs from what lies around it by this part of the image's range, or what lies
#: around is rougher than this part: else it may be a smooth background.
_JUMP: Final = 0.05
_ROUGH: Final = 0.01
#: So many other pixels inside an area make its value a frequent one and no mark.
_HOLES: Final = 4
_FEW_TOUCHING: Final = 3
#: Length of a run of one value that chance does not make [px], if the value is rare.
_RUN: Final = 4
#: Pixels around such an area that interpolation may have mixed.
MIXED: Final = 2
#: A saturated peak falls off from its top by less than this part of its height per pixel.
_SLOPE: Final = 0.35
#: Fewest touching pixels of a saturated peak.
_PLATEAU: Final = 5
#: Letters are longer than so many times their thickness.
_LONG: Final = 3.0
#: Values are cut off where the largest has this many pixels, this many times those of the value
#: below, and not more than this part of all: a vacuum of no counts is not cut off.
_GATHERED: Final = 5
_PILE: Final = 3.0
_MOST_CUT: Final = 0.1
#: Below such a value values go on: at most this part of the way to the median is empty.
_GAP: Final = 0.1
#: The same below hot pixels, which are at most this part of all: tails hold such a value by chance.
_GATHERED_BELOW: Final = 10
_PILE_BELOW: Final = 5.0
_HOT: Final = 1e-3


@dataclass(frozen=True)
class ConstantAreas:
    """Pixels that hold one value over an area.

    Attributes
    ----------
    areas : ndarray of bool, shape (rows, columns)
        Borders, corners and annotations, with the pixels that interpolation mixed with them.
    saturated : ndarray of bool, shape (rows, columns)
        Flat tops at the largest value.
    cut : ndarray of bool, shape (rows, columns)
        Other pixels at a largest value that more pixels have than unbounded noise gives it: noise
        was cut off there. They take part; without them, which noise has chosen, the SCS of columns
        is farther off (+3.7 in place of +2.2 %, one image cut off at 0.8 of its largest value).
    values : tuple of float
        Values of the areas.
    """

    areas: Bools
    saturated: Bools
    cut: Bools
    values: tuple[float, ...]


def constant_areas(image: Floats, valid: Bools) -> ConstantAreas:
    """Find areas that hold one value although the image around them varies.

    Parameters
    ----------
    image : ndarray, shape (rows, columns)
        Image in any unit.
    valid : ndarray of bool, shape (rows, columns)
        Pixels that hold a value.

    Notes
    -----
    A vacuum of few counts is zero over areas too: there zeros are as frequent beside an area, and
    the least size of an area is the one that chance does not reach with that frequency. A smooth
    background without noise goes over into its surroundings without a jump.
    """
    none = np.zeros(image.shape, dtype=np.bool_)
    if not valid.any():
        return ConstantAreas(none, none, none, ())
    inside = image[valid]
    if np.ptp(inside) == 0.0:
        return ConstantAreas(none, none, none, ())
    filled = np.where(valid, image, np.inf)
    flat = (
        maximum_filter(filled, 2, mode="nearest") == minimum_filter(filled, 2, mode="nearest")
    ) & valid
    few = quantised(inside)
    # The most frequent values first; more than a few are no borders.
    candidates, frequency = np.unique(filled[flat], return_counts=True)
    of_value = {
        float(value): _beyond_chance(filled == value, valid, few=few) | _edge_lines(filled == value)
        for value in candidates[np.argsort(-frequency)][:_CANDIDATES]
    }
    span = _span(image, valid, apart_from=of_value.values())
    top = _cut_off(inside)
    largest = float(inside.max()) if top is None else top
    drawn = _strokes_mostly(filled, (filled == largest) & valid, valid)
    saturated = none if drawn else _saturated(filled, valid, top=largest)
    areas, values = none.copy(), []
    for value, found in of_value.items():
        area = _set_apart(found & ~saturated, filled, valid & ~areas, span=span)
        if area.any():
            areas |= area | _strokes((filled == value) & ~saturated, valid, area)
            values.append(value)
    grown = binary_dilation(areas, np.ones((3, 3)), iterations=MIXED) if areas.any() else areas
    saturated &= ~grown
    # The value of an annotation is no largest value of the image.
    rest = image[valid & ~grown]
    top = _cut_off(rest) if len(rest) else None
    at_top = none if top is None else (filled == top) & valid & ~grown
    cut = none if _strokes_mostly(filled, at_top, valid) else at_top & ~saturated
    return ConstantAreas(grown & valid, saturated, cut, tuple(values))


def quantised(values: Floats) -> bool:
    """Whether pixels share values as those of whole counts do, whatever a count's grey level is."""
    return len(np.unique(values)) < _FEW_VALUES * len(values)


def _span(image: Floats, valid: Bools, *, apart_from: Iterable[Bools]) -> float:
    """Range of an image without spikes, lines and areas of one value, which may hold any number."""
    smooth = median_filter(np.where(valid, image, float(np.median(image[valid]))), 5)
    kept = valid.copy()
    for area in apart_from:
        kept &= ~area
    if np.count_nonzero(kept) < _FEW_LEFT * np.count_nonzero(valid):
        kept = valid
    low, high = np.percentile(smooth[kept], [0.1, 99.9])
    return float(high - low) or float(np.ptp(image[kept])) or float(np.ptp(image[valid]))


def _beyond_chance(equal: Bools, valid: Bools, *, few: bool) -> Bools:
    """Parts of `equal` that are larger squares than chance makes of pixels of one value."""
    size, area = 0, equal
    needed = 3 if few else 2
    while needed > size:
        size = needed
        if size > min(equal.shape):
            return np.zeros_like(equal)
        area = _opened(equal, size)
        if not area.any():
            return area
        ring = binary_dilation(area, np.ones((3, 3)), iterations=3) & ~area & valid
        share = int(np.count_nonzero(equal & ring)) / max(1, int(np.count_nonzero(ring)))
        share = max(share, _WHOLE if few else 1e-9)
        # Single counts in a vacuum of zeros are holes in its areas; the text of a box is larger.
        holes = _single(binary_fill_holes(area) & ~equal)
        if holes >= _HOLES:
            share = max(share, 1.0 - holes / (holes + int(np.count_nonzero(area))))
        if share >= 1.0:
            return np.zeros_like(equal)
        needed = int(np.ceil(np.sqrt(np.log(_CHANCE / equal.size) / np.log(share))))
    # pixels of the value that touch the area belong to it
    return np.asarray(binary_dilation(area, np.ones((3, 3))) & equal)


def _single(pixels: Bools) -> int:
    """Number of pixels in groups of at most a few that touch."""
    parts, _ = label(pixels, np.ones((3, 3)))
    sizes = np.bincount(parts.ravel())[1:]
    return int(sizes[sizes <= _FEW_TOUCHING].sum())


def _opened(equal: Bools, size: int) -> Bools:
    """Union of all squares of `size` pixels inside `equal`."""
    eroded = minimum_filter(equal.astype(np.uint8), size, mode="constant", cval=0)
    # a filter of even size is not centred: its opposite is
    origin = -1 if size % 2 == 0 else 0
    opened = maximum_filter(eroded, size, mode="constant", cval=0, origin=origin)
    return np.asarray(opened.astype(np.bool_) & equal)


def _strokes(equal: Bools, valid: Bools, area: Bools) -> Bools:
    """Runs of the value of an area elsewhere, such as the strokes of a scale bar's text."""
    beside = ~binary_dilation(area, iterations=MIXED) & valid
    share = int(np.count_nonzero(equal & beside)) / max(1, int(np.count_nonzero(beside)))
    out = np.zeros_like(equal)
    if share**_RUN * equal.size > _CHANCE:
        return out
    for size in ((1, _RUN), (_RUN, 1)):
        # centred on the second half of a run: the opposite filter mirrors that
        origin = tuple(-1 if length > 1 else 0 for length in size)
        eroded = minimum_filter(equal.astype(np.uint8), size, mode="constant", cval=0)
        opened = maximum_filter(eroded, size, mode="constant", cval=0, origin=origin)
        out |= opened.astype(np.bool_)
    return np.asarray(out & equal)


def _edge_lines(equal: Bools) -> Bools:
    """Whole rows and columns of one value at the edges."""
    out = np.zeros_like(equal)
    for view, full in ((out, equal), (out.T, equal.T)):
        for lines, filled in ((view, full), (view[::-1], full[::-1])):
            number = int(np.argmin(np.append(filled.all(axis=1), False)))
            lines[:number] = True
    return out


def _set_apart(area: Bools, image: Floats, valid: Bools, *, span: float) -> Bools:
    """Connected parts of `area` that differ from their surroundings in value or in roughness."""
    parts, number = label(area, np.ones((3, 3)))
    out = np.zeros_like(area)
    finite = np.where(np.isfinite(image), image, np.nan)
    for part in range(1, number + 1):
        own = parts == part
        ring = binary_dilation(own, np.ones((3, 3)), iterations=4)
        ring &= ~binary_dilation(own, np.ones((3, 3))) & valid & ~area
        if not ring.any():
            continue
        value = float(image[own][0])
        jump = abs(float(np.median(image[ring])) - value)
        step = np.abs(np.diff(finite, axis=1))[(ring[:, 1:] & ring[:, :-1])]
        rough = float(np.median(step)) if len(step) else 0.0
        if jump > _JUMP * span or rough > _ROUGH * span:
            out |= own
    return out


def _strokes_mostly(image: Floats, pixels: Bools, valid: Bools) -> bool:
    """Whether most pixels lie in long parts with steep sides, as letters have, and not in tops."""
    if not pixels.any():
        return False
    top = float(image[pixels][0])
    least = _SLOPE * (top - float(np.percentile(image[valid], 0.1)))
    parts, number = label(pixels, np.ones((3, 3)))
    sizes = np.bincount(parts.ravel(), minlength=number + 1)
    sizes[0] = 0  # what is no part
    long = 0
    for part in np.flatnonzero(sizes >= _PLATEAU):
        own = parts == part
        extent = max(int(np.ptp(at)) + 1 for at in np.nonzero(own))
        thick = 2.0 * float(distance_transform_edt(np.pad(own, 1)).max()) - 1.0
        ring = binary_dilation(own, np.ones((3, 3))) & ~own & valid
        steep = ring.any() and top - float(np.median(image[ring])) > least
        long += int(sizes[part]) if steep and extent >= _LONG * thick else 0
    return 2 * long > int(np.count_nonzero(pixels))


def _cut_off(values: Floats) -> float | None:
    """Value at which the image is cut off, None where it is not; above it hot pixels may lie."""
    levels, number = np.unique(values, return_counts=True)
    above = np.cumsum(number[::-1])[::-1] - number
    middle = float(np.median(values))
    for at in range(len(levels) - 1, 0, -1):
        if above[at] > _HOT * len(values):
            break
        fewest, pile = (_GATHERED_BELOW, _PILE_BELOW) if above[at] else (_GATHERED, _PILE)
        if (
            fewest <= number[at] <= _MOST_CUT * len(values)
            and number[at] > pile * number[at - 1]
            and number[at] > pile * above[at]
            # what lies far above all others was drawn into the image
            and levels[at] - levels[at - 1] <= _GAP * (levels[at] - middle)
        ):
            return float(levels[at])
    return None


def _saturated(image: Floats, valid: Bools, *, top: float) -> Bools:
    """Flat tops at a value."""
    above_dark = top - float(np.percentile(image[valid], 0.1))
    at_top = (image == top) & valid
    parts, number = label(at_top)
    sizes = np.bincount(parts.ravel(), minlength=number + 1)
    large = np.flatnonzero(sizes >= _PLATEAU)
    out = np.zeros_like(at_top)
    for part in large[large > 0]:
        own = parts == part
        ring = binary_dilation(own, np.ones((3, 3))) & ~own & valid
        if ring.any() and top - float(np.median(image[ring])) < _SLOPE * above_dark:
            out |= own
    return np.asarray(out, dtype=np.bool_)
