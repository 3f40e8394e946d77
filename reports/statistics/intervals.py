"""Confidence intervals over realizations: jackknife with Student t, and Wilson score intervals.

The columns of one image share its distortions and its restoration, so they are not independent
trials; the realizations are. A statistic is therefore recomputed with each realization left out
in turn (Quenouille-Tukey jackknife). For a mean this is exactly Student's t interval over
realizations; unlike it, it also holds for pooled standard deviations, ratios and missing values.
"""

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from scipy.special import ndtri, stdtrit

from stembench.arrays import Floats

LEVEL: Final = 0.95
#: How an interval is made: 'log' for positive quantities, 'linear' for signed ones, 'square' for
#: a root of an estimate that may come out below zero, 'fraction' for shares of columns, 'exact'
#: for what no noise touches.
Scale = Literal["log", "linear", "square", "fraction", "exact"]


@dataclass(frozen=True)
class Replicates:
    """A statistic and its jackknife replicates.

    Attributes
    ----------
    value : float
        The statistic from all realizations; NaN if there is none. On scale 'square' the square.
    left_out : ndarray, shape (n_realizations,)
        The statistic without realization r; empty if no noise touches it.
    scale : {'log', 'linear', 'square', 'fraction', 'exact'}
        See `Scale`.
    """

    value: float
    left_out: Floats
    scale: Scale


@dataclass(frozen=True)
class Estimate:
    """A value with its two-sided interval and the method of it, 'none' without an interval."""

    value: float
    low: float
    high: float
    method: str


def wilson(successes: float, trials: int, *, level: float = LEVEL) -> tuple[float, float]:
    """Wilson score interval of a share (E. B. Wilson 1927, doi:10.1080/01621459.1927.10502953).

    Parameters
    ----------
    successes : float
        0 <= successes <= trials; may be a fraction (a mean share times the trials).
    trials : int
        Number of independent trials, >= 1.
    level : float
        Two-sided confidence.

    Returns
    -------
    tuple of float
        Lower and upper end within [0, 1].
    """
    z = float(ndtri(0.5 + level / 2))
    share = successes / trials
    centre = (share + z * z / (2 * trials)) / (1 + z * z / trials)
    half = z / (1 + z * z / trials)
    half *= float(np.sqrt(share * (1 - share) / trials + z * z / (4 * trials * trials)))
    low = 0.0 if successes <= 0 else max(0.0, centre - half)
    high = 1.0 if successes >= trials else min(1.0, centre + half)
    return low, high


def _half_width(value: float, left_out: Floats, *, level: float) -> float:
    """Half the t interval of a statistic on the scale it is given in; NaN if not estimable."""
    n = left_out.size
    if n < 2 or not np.isfinite(value) or not np.isfinite(left_out).all():
        return float("nan")
    deviation = left_out - left_out.mean()
    standard_error = float(np.sqrt((n - 1) / n * np.sum(deviation**2)))
    return float(stdtrit(n - 1, 0.5 + level / 2)) * standard_error


def _log(values: Floats) -> Floats:
    """Logarithm, NaN where there is none."""
    positive = values > 0
    return np.where(positive, np.log(np.where(positive, values, 1.0)), np.nan)


def _exp(value: float) -> float:
    """Exponential, infinite rather than a warning where a hopelessly wide interval overflows."""
    with np.errstate(over="ignore"):
        return float(np.exp(value))


def _root(square: float) -> float:
    """Root of an estimated square, 0 where the estimate is negative; NaN stays NaN."""
    return float("nan") if np.isnan(square) else float(np.sqrt(max(square, 0.0)))


def estimate(replicates: Replicates, *, level: float = LEVEL) -> Estimate:
    """Confidence interval of a statistic from its jackknife replicates.

    Parameters
    ----------
    replicates : Replicates
        The statistic and its leave-one-realization-out values.
    level : float
        Two-sided confidence.

    Returns
    -------
    Estimate
        The ends are NaN where no interval can be stated: one realization, fewer than three for a
        standard deviation, a statistic of exactly zero on the log scale. Fractions that are the
        same in every realization get Wilson's interval with the realizations as trials.
    """
    value, left_out, scale = replicates.value, replicates.left_out, replicates.scale
    nan = float("nan")
    if scale == "exact":
        return Estimate(value, nan, nan, "none")
    if scale == "log":
        centre = float(_log(np.array(value)))
        half = _half_width(centre, _log(left_out), level=level)
        low, high, method = _exp(centre - half), _exp(centre + half), "log-t"
    elif scale == "square":
        half = _half_width(value, left_out, level=level)
        low, high = _root(value - half), _root(value + half)
        value, method = _root(value), "square-t"
    elif scale == "fraction":
        if left_out.size >= 2 and np.ptp(left_out) < 1e-12:
            low, high = wilson(value * left_out.size, left_out.size, level=level)
            return Estimate(value, low, high, "wilson")
        half = _half_width(value, left_out, level=level)
        low, high, method = np.clip(value - half, 0, 1), np.clip(value + half, 0, 1), "t"
    else:
        half = _half_width(value, left_out, level=level)
        low, high, method = value - half, value + half, "t"
    if np.isnan(low) or np.isnan(high):
        return Estimate(value, nan, nan, "none")
    return Estimate(value, float(low), float(high), method)


def paired_comparison(new: Replicates, old: Replicates, *, level: float = LEVEL) -> Estimate:
    """Paired comparison of one statistic of two restorers on the same noise.

    Both must hold the same realizations in the same order: leaving one out leaves it out of both,
    so what the two share cancels.

    Parameters
    ----------
    new, old : Replicates
        The same metric; the scale decides whether it is a ratio or a difference.
    level : float
        Two-sided confidence.

    Returns
    -------
    Estimate
        The ratio new / old on the log scale, otherwise the difference new - old. Shares that
        differ by the same amount in every realization get Newcombe's hybrid of two Wilson
        intervals (R. G. Newcombe, Statistics in Medicine 17 (1998) 873, method 10).

    Raises
    ------
    ValueError
        If the two differ in scale or in number of realizations, or the scale has no paired
        comparison ('square', 'exact').
    """
    if new.scale != old.scale or new.left_out.size != old.left_out.size:
        raise ValueError("a paired comparison needs one metric over the same realizations")
    if new.scale in ("square", "exact"):
        raise ValueError(f"no paired comparison is defined on the scale {new.scale}")
    n = new.left_out.size
    if new.scale == "log":
        value = float(_log(np.array(new.value)) - _log(np.array(old.value)))
        half = _half_width(value, _log(new.left_out) - _log(old.left_out), level=level)
        method = "none" if np.isnan(half) else "paired log-t"
        return Estimate(_exp(value), _exp(value - half), _exp(value + half), method)
    value = new.value - old.value
    left_out = new.left_out - old.left_out
    if new.scale == "fraction" and n >= 2 and np.ptp(left_out) < 1e-12:
        low_new, high_new = wilson(new.value * n, n, level=level)
        low_old, high_old = wilson(old.value * n, n, level=level)
        low = value - np.hypot(new.value - low_new, high_old - old.value)
        high = value + np.hypot(high_new - new.value, old.value - low_old)
        return Estimate(value, float(low), float(high), "newcombe")
    half = _half_width(value, left_out, level=level)
    method = "none" if np.isnan(half) else "paired t"
    return Estimate(value, value - half, value + half, method)
