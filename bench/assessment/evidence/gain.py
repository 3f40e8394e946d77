"""Gain of an image: variance against mean in differences along lines that hold noise alone."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from stembench.arrays import Bools, Floats, Integers

#: Lower ends [1/px] of the band of differences, the widest that the specimen leaves free is taken.
_BANDS: Final = (0.25, 0.32, 0.39)
_TAPS: Final = 13
_TAPER: Final = 5.0
#: Share of the modelled light that fits leave over, and the part of the power of the differences
#: that it may be.
_LEFT_OVER: Final = 0.3
_LEFT_PART: Final = 0.01
#: Weights of the lines beside one, which say how bright it is without its own noise.
_BESIDE: Final = (0.5, 1.0, 0.0, 1.0, 0.5)
#: Passes in which weights follow the variance that was found.
_PASSES: Final = 4
#: Least variance by which weights are made, as a part of the mean one.
_LEAST: Final = 0.05


@dataclass(frozen=True, kw_only=True)
class VarianceLine:
    """Variance of differences as a straight line of the level: variance = floor + gain * level.

    Attributes
    ----------
    floor, gain : float
        Of pixels, for white noise.
    replicates : ndarray, shape (blocks, 2)
        Floor and gain with one block left out.
    overlap : ndarray, shape (taps - 1,)
        Autocorrelation of the filter at lags 1, 2, ... px: what noise correlated at such a lag
        changes.
    """

    floor: float
    gain: float
    replicates: Floats
    overlap: Floats


def difference_filter(lowest: float) -> Floats:
    """Filter (taps,) along lines that passes frequencies above `lowest` [1/px], squares of sum 1.

    White noise comes out of it with its own variance.
    """
    from scipy.signal import firwin

    taps = firwin(_TAPS, lowest, fs=1.0, pass_zero=False, window=("kaiser", _TAPER))
    taps = taps - taps.mean()
    return np.asarray(taps / np.sqrt((taps**2).sum()), dtype=np.float64)


def free_filter(modelled: Floats, residual: Floats, *, usable: Bools) -> Floats | None:
    """Filter of the widest band that the light of the specimen leaves free; None if none is free.

    Parameters
    ----------
    modelled, residual : ndarray, shape (rows, columns)
        Model, and image minus model.
    usable : ndarray of bool, shape (rows, columns)
    """
    from scipy.ndimage import correlate1d

    for lowest in _BANDS:
        taps = difference_filter(lowest)
        inner = whole_filters(usable, taps)
        if not inner.any():
            return None
        light = float(np.mean(correlate1d(modelled, taps, axis=1)[inner] ** 2))
        power = float(np.mean(correlate1d(residual, taps, axis=1)[inner] ** 2))
        if _LEFT_OVER**2 * light <= _LEFT_PART * power:
            return taps
    return None


def whole_filters(usable: Bools, taps: Floats) -> Bools:
    """Pixels whose whole filter, and lines beside, hold usable pixels."""
    from scipy.ndimage import binary_erosion

    window = np.ones((len(_BESIDE), len(taps)), dtype=np.bool_)
    return np.asarray(binary_erosion(usable, window, border_value=0), dtype=np.bool_)


def variance_line(
    image: Floats, modelled: Floats, *, taps: Floats, usable: Bools, blocks: Integers
) -> VarianceLine | None:
    """Line of variance against level, or None where all levels are alike.

    The squared difference d² of each pixel has the expectation Σ w² variance(level) over its
    filter w, and Σ w² image is an unbiased estimate of Σ w² level. Floor a and gain g solve
    Σ z (d² - a - g Σ w² image) = 0 for z = 1 and for z = the level as the model and the lines
    beside tell it, which know nothing of the pixel's own noise: instrumental variables, without
    the bias that noise in a regressor makes. Weights are the inverse variances of d².

    Parameters
    ----------
    image, modelled : ndarray, shape (rows, columns)
        White noise about the specimen; finite.
    taps : ndarray, shape (taps,)
    usable : ndarray of bool, shape (rows, columns)
    blocks : ndarray of int, shape (rows,)
    """
    from scipy.ndimage import correlate1d

    inner = whole_filters(usable, taps)
    if not inner.any():
        return None
    count = int(blocks.max()) + 1
    block = np.broadcast_to(blocks[:, None], image.shape)[inner]
    square = correlate1d(image - modelled, taps, axis=1)[inner] ** 2
    level = correlate1d(image, taps**2, axis=1)
    own = level[inner]
    beside = np.array(_BESIDE) / sum(_BESIDE)
    terms = np.column_stack(
        [
            np.ones(len(own)),
            correlate1d(modelled, taps**2, axis=1)[inner],
            correlate1d(correlate1d(level, beside, axis=0), np.ones(3) / 3, axis=1)[inner],
        ]
    )
    place = terms @ np.linalg.lstsq(terms, own, rcond=None)[0]
    spread = float(np.std(place))
    if not (spread > 1e-9 * max(float(np.abs(own).max()), 1e-300) and square.any()):
        return None
    variance = np.full(len(own), float(square.mean()))
    fourth, gain = float((taps**4).sum()), 0.0
    for _ in range(_PASSES):
        # Fourth moment of sums of counts: twice the squared variance, and the excess of counts.
        weight = 1.0 / (2 * variance**2 + max(gain, 0.0) ** 2 * fourth * variance)
        weight = weight / weight.mean()
        lever = weight * (place - np.average(place, weights=weight))
        moments = np.stack(
            [
                np.bincount(block, weights=values, minlength=count)
                for values in (
                    weight * square, weight * own, weight, lever * square, lever * own, lever,
                )
            ]
        )  # fmt: skip
        total = moments.sum(axis=1)
        floor, gain = _solved(total)
        variance = np.maximum(floor + gain * place, _LEAST * float(square.mean()))
    replicates = np.array([_solved(total - moments[:, k]) for k in range(count)])
    overlap = np.correlate(taps, taps, mode="full")[len(taps) :]
    return VarianceLine(floor=floor, gain=gain, replicates=replicates, overlap=overlap)


def _solved(moments: Floats) -> tuple[float, float]:
    """Floor and gain of the two equations' moments."""
    squares, own, weight, of_squares, of_own, lever = moments
    gain = (of_squares - lever * squares / weight) / (of_own - lever * own / weight)
    return float((squares - gain * own) / weight), float(gain)
