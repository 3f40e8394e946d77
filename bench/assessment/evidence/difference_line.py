"""Noise of pixels against their level, from mixed second differences of what a fit leaves."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from stembench.arrays import Bools, Floats

#: Second difference, along the lines and across them.
_TAPS: Final = np.array([1.0, -2.0, 1.0])
_BINS: Final = 12
#: Fewest pixels of a bin, and bins of which a line is made.
_FEW: Final = 40
_FEWEST_BINS: Final = 4
#: Least variance by which bins are weighed, as a part of the largest: a ground that was cut off has
#: next to none, and would weigh more than all of the specimen.
_LEAST: Final = 1e-2
#: Differences beyond this many standard deviations are not noise.
_CUT: Final = 5.0


@dataclass(frozen=True, kw_only=True)
class DifferenceLine:
    """Variance as a straight line of the level: gain * (level - offset).

    Attributes
    ----------
    gain, offset : float
        Grey levels per electron, and of no electron. Of noise that a response shapes it is the
        variance of sums over many pixels.
    """

    gain: float
    offset: float


def passed_on(taps: Floats, trailing: Sequence[float]) -> float:
    """Power of noise with a response that a filter along the lines passes, over that without.

    Parameters
    ----------
    taps : ndarray, shape (taps,)
    trailing : sequence of float
        Response at lags 0, 1, ... px, sum 1; empty for none.
    """
    if not len(trailing):
        return 1.0
    shaped = np.convolve(taps, np.asarray(trailing, dtype=np.float64))
    return float(np.sum(shaped**2) / np.sum(taps**2))


def difference_line(
    residual: Floats, modelled: Floats, *, valid: Bools, trailing: Sequence[float]
) -> DifferenceLine | None:
    """Line of the variance against the level; None where noise does not grow with the level.

    The level of no electron may lie anywhere: a line through zero takes the offset of a detector
    for light, and states too little noise at bright columns.

    Parameters
    ----------
    residual, modelled : ndarray, shape (rows, columns)
        Image minus model where `valid`, and model; rows are scan lines.
    valid : ndarray of bool, shape (rows, columns)
    trailing : sequence of float
        Response of the noise along the lines, empty for none; see `passed_on`.
    """
    from scipy.ndimage import binary_erosion, correlate

    mixed = np.outer(_TAPS, _TAPS)
    weights = mixed**2 / np.sum(mixed**2)
    inner = binary_erosion(valid, np.ones(mixed.shape), border_value=0)
    square = correlate(np.where(valid, residual, 0.0), mixed, mode="nearest")[inner] ** 2
    square /= np.sum(mixed**2) * passed_on(_TAPS, trailing)
    level = correlate(modelled, weights, mode="nearest")[inner]
    bins = min(_BINS, len(square) // _FEW)
    if bins < _FEWEST_BINS:
        return None
    parts = np.array_split(np.argsort(level, kind="stable"), bins)
    means = np.array([float(np.mean(level[part])) for part in parts])
    variances = np.array([_clipped_mean(square[part]) for part in parts])
    if not (variances > 0).all() or np.ptp(means) <= 1e-9 * np.abs(means).max():
        return None
    # The error of a variance is in proportion to it.
    known = np.maximum(variances, _LEAST * variances.max())
    gain, floor = np.polyfit(means, variances, 1, w=1.0 / known)
    if not gain > 0:
        return None
    return DifferenceLine(gain=float(gain), offset=float(-floor / gain))


def _clipped_mean(square: Floats) -> float:
    """Mean of squares without those that are no noise, as steps between lines are."""
    kept = square
    for _ in range(3):
        kept = kept[kept <= _CUT**2 * float(np.mean(kept))]
    return float(np.mean(kept))
