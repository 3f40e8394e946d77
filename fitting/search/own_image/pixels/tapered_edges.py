"""Edges along which an image was multiplied by a window that falls to nothing."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from fitting.search.own_image.pixels.pixel_noise import PixelNoise, measure_noise
from stembench.arrays import Bools, Floats

#: Windows by the depth d / width of a line: linear, of a sine, and of Hann.
_WINDOWS: Final[tuple[Callable[[Floats], Floats], ...]] = (
    lambda at: at,
    lambda at: np.sin(0.5 * np.pi * at),
    lambda at: np.sin(0.5 * np.pi * at) ** 2,
)
#: Narrowest window [px].
_LEAST: Final = 3
#: Part of each line that is looked at, and of the lines that tell the noise: the ends of lines may
#: be tapered themselves.
_MIDDLE: Final = (0.1, 0.9)
_INNER: Final = (0.35, 0.65)
#: Squared differences beyond so many of their typical size are no noise.
_CUT: Final = 25.0
#: Of unit noise the mixed difference, of second order across lines and of fourth along them, has
#: this variance, and so many of them tell as much as one alone (sums of squares of the
#: autocorrelation of both). A column of width σ leaves its height by 0.15/σ⁶.
_VARIANCE: Final = 420.0
_TOGETHER: Final = 1.94 * 2.63
#: Correlation of neighbouring mixed differences along lines: -56/70 for noise, above 0 for columns.
#: Above this what is left in differences is columns, as in smooth images, whatever their edges are.
_NOISE_CORRELATION: Final = -0.5
#: Excess kurtosis of a mixed difference of counts, over 2, times their number.
_FEW_COUNTS: Final = 0.092
#: Lines without light at an edge under a window.
_MOST_BLANK: Final = 2
#: Fewest counts of a pixel in the middle.
_FEWEST_COUNTS: Final = 2.0
_TINY: Final = 1e-300
#: Least gain of the logarithmic likelihood by a window, and the loss to which its width is known.
_GAIN: Final = 6.0
_KNOWN: Final = 2.0
#: Where the window is below the first, the mean is below this part of that of the middle.
_DIM: Final = 0.5
_DIM_MEAN: Final = 0.6
#: There noise over light is below this part of that of the other lines. By counting it is not.
_LESS_NOISE: Final = 0.6
#: Lines above this part of the window stay.
_WHOLE: Final = 0.99
#: If less than this part of the pixels is left, the whole image is tapered.
_LEFT: Final = 0.1
_FADED: Final = 0.9


@dataclass(frozen=True)
class TaperedEdges:
    """Pixels that a window dimmed.

    Attributes
    ----------
    pixels : ndarray of bool, shape (rows, columns)
        To be left out.
    depths : tuple of four int
        Lines of them at the top, bottom, left and right.
    dimmed : ndarray of bool, shape (rows, columns)
        Pixels that a window dimmed by more than a hundredth and that take part all the same, as
        hardly any others are left.
    """

    pixels: Bools
    depths: tuple[int, int, int, int]
    dimmed: Bools


def tapered_edges(image: Floats, valid: Bools) -> TaperedEdges:
    """Find edges that a window dimmed to nothing.

    A scene that ends in vacuum is dim too, but there noise is as large as few counts make it: its
    variance falls with the light, under a window with the square.

    Parameters
    ----------
    image : ndarray, shape (rows, columns)
        Image in any unit; finite where `valid`.
    valid : ndarray of bool, shape (rows, columns)

    Notes
    -----
    Compared are the likelihoods of the variance of mixed differences of neighbouring pixels, line
    by line from the edge. The window's form is one of three (linear, sine, Hann, those of Tukey
    between them), and its width the largest that the likelihood allows.
    """
    rows, cols = image.shape
    inner = np.zeros_like(valid)
    inner[_window(rows, _INNER), _window(cols, _INNER)] = True
    noise = measure_noise(image, valid & inner)
    depths = [0, 0, 0, 0]
    faded = [0, 0, 0, 0]
    if (noise.floor > 0 or noise.slope > 0) and _shows_noise(image, valid):
        sides = [
            (image, valid),
            (image[::-1], valid[::-1]),
            (image.T, valid.T),
            (image.T[::-1], valid.T[::-1]),
        ]
        for k, (lines, used) in enumerate(sides):
            depths[k], faded[k] = _depth(lines, used, noise)
    out = _frame(valid, depths)
    dimmed = np.zeros_like(valid)
    if np.count_nonzero(valid & ~out) < _LEFT * np.count_nonzero(valid):
        dimmed, out = out, _frame(valid, faded)
        dimmed &= ~out
    top, bottom, left, right = depths
    return TaperedEdges(out & valid, (top, bottom, left, right), dimmed & valid)


def _shows_noise(image: Floats, valid: Bools) -> bool:
    """Whether mixed differences are noise of single pixels rather than what columns leave there."""
    mixed = np.diff(np.diff(np.where(valid, image, np.nan), n=4, axis=1), n=2, axis=0)
    square = np.square(mixed)
    if not np.isfinite(square).any():
        return False
    mixed = np.where(square <= _CUT * np.nanmedian(square), mixed, np.nan)
    pairs = mixed[:, 1:] * mixed[:, :-1]
    power = float(np.nansum(np.square(mixed[:, 1:][np.isfinite(pairs)])))
    return power > 0 and float(np.nansum(pairs)) < _NOISE_CORRELATION * power


def _window(size: int, part: tuple[float, float]) -> slice:
    return slice(int(part[0] * size), int(np.ceil(part[1] * size)))


def _frame(valid: Bools, depths: list[int]) -> Bools:
    rows, cols = valid.shape
    out = np.ones_like(valid)
    out[depths[0] : rows - depths[1], depths[2] : cols - depths[3]] = False
    return out


def _depth(lines: Floats, valid: Bools, noise: PixelNoise) -> tuple[int, int]:
    """Lines from the first on that a window dimmed, by a hundredth and by a tenth; 0 if none."""
    half = len(lines) // 2
    part = _window(lines.shape[1], _MIDDLE)
    mean, square, number = _statistics(lines[: half + 2, part], valid[: half + 2, part], noise)
    middle = float(np.mean(lines[_window(len(lines), _INNER), part]))
    if _blank_lines(lines[: half + 2, part]) > _MOST_BLANK:
        return 0, 0  # the scene was cut out: what is beside has no light to dim
    if half <= _LEAST or not middle > _FEWEST_COUNTS * noise.slope:
        return 0, 0
    known = np.isfinite(mean)
    mean = np.where(known, mean, middle)
    weight = number[1 : half + 1] / (2 * _TOGETHER)
    # Squares of few counts scatter more than those of normal noise.
    single = noise.slope**2 / np.maximum(noise.variance(mean), _TINY)
    weight /= 1.0 + _FEW_COUNTS * single[1 : half + 1]

    def likelihood(window: Floats, noise: PixelNoise = noise) -> float:
        variance = np.square(window) * noise.variance(mean / np.maximum(window, 1e-6))
        expected = (variance[:-2] + 4 * variance[1:-1] + variance[2:]) / 6
        ratio = square[1 : half + 1] / np.maximum(expected, _TINY)
        # What columns leave in differences makes noise larger than stated.
        ratio = ratio / max(float(np.average(ratio, weights=weight)), _TINY)
        # a line of one value has no noise at all
        return -float(np.sum(weight * (ratio - np.log(np.maximum(ratio, 1e-6)))))

    at = np.arange(half + 2, dtype=np.float64)
    trials = []
    for form in _WINDOWS:
        for width in range(_LEAST, half + 1):
            window = form(np.clip(at / width, 0.0, 1.0))
            dim = (window < _DIM) & known
            if dim.any() and float(np.mean(mean[dim])) < _DIM_MEAN * middle:
                lost = tuple(int(np.argmax(window >= part)) for part in (_WHOLE, _FADED))
                trials.append((likelihood(window), lost, window))
    if not trials:
        return 0, 0
    best, _, window = max(trials, key=lambda trial: trial[0])
    dim = (window < _DIM)[1 : half + 1]
    expected = (mean[:-2] + 4 * mean[1:-1] + mean[2:]) / 6
    per_light = square[1 : half + 1] / np.maximum(expected, _TINY)
    if weight[dim].sum() == 0 or np.average(per_light[dim], weights=weight[dim]) > (
        _LESS_NOISE * float(np.median(per_light[~dim]))
    ):
        return 0, 0
    whole = np.ones(half + 2)
    # Counting noise alone, too: a floor may be what single columns leave in differences.
    counting = PixelNoise(0.0, float(noise.variance(np.array([middle]))[0]) / middle)
    if best - max(likelihood(whole), likelihood(whole, counting)) < _GAIN:
        return 0, 0
    allowed = [lost for value, lost, _ in trials if value > best - _KNOWN]
    return max(lost[0] for lost in allowed), max(lost[1] for lost in allowed)


def _blank_lines(lines: Floats) -> int:
    """Lines from the first on of which most pixels have one value."""
    for k, line in enumerate(lines):
        if 2 * int(np.unique(line, return_counts=True)[1].max()) <= len(line):
            return k
    return len(lines)


def _statistics(lines: Floats, valid: Bools, noise: PixelNoise) -> tuple[Floats, Floats, Floats]:
    """Mean of each line, mean squared mixed difference over that of unit noise, and their number.

    The differences are those of lines 1 to n - 2.
    """
    filled = np.where(valid, lines, np.nan)
    along = np.diff(filled, n=4, axis=1)
    square = np.full(along.shape, np.nan)
    square[1:-1] = np.diff(along, n=2, axis=0) ** 2 / _VARIANCE
    known = np.isfinite(square)
    number = known.sum(axis=1).astype(np.float64)
    kept = np.where(known, square, 0.0)
    typical = [
        np.median(own[use]) if use.any() else 0.0 for own, use in zip(square, known, strict=True)
    ]
    # Few counts have a median of next to nothing.
    limit = _CUT * np.maximum(np.array(typical) / 0.455, noise.slope**2)[:, None]
    mean = np.where(valid, lines, 0.0).sum(axis=1) / np.maximum(valid.sum(axis=1), 1)
    usual = valid.mean(axis=1) > 0.5
    value = np.minimum(kept, limit).sum(axis=1) / np.maximum(number, 1.0)
    return np.where(usual, mean, np.nan), value, number
