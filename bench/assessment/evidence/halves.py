"""Halves of an image's counts, and what a restorer leaves of the image and its noise."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from bench.assessment.evidence.image_noise import Estimate
from fitting import FAILED, score_detection
from stembench.arrays import Bools, Floats
from stembench.errors import InputError

#: Values this near to whole numbers are such.
_WHOLE: Final = 1e-3
#: Largest share of values below zero that counts may have, and mean of what is cut off with them,
#: as a part of the mean value.
_NEGATIVE: Final = 0.05
_CUT: Final = 0.01
#: Largest correlation of the halves that rounding may make.
MOST_CORRELATION: Final = 0.05
#: Correlation of residuals, in standard errors, that is no chance for six lags of a white image.
_SURE: Final = 3.5


@dataclass(frozen=True, kw_only=True)
class HalfComparison:
    """Columns of two restored halves of one image's counts.

    Attributes
    ----------
    matched, only_first, only_second : int
        Columns that both halves show, and those of one alone.
    scatter_x, scatter_y : Estimate
        Standard deviation of a position [pm] as one half has it: that of the differences over √2.
        The whole image has it over √2 again, if the restorer is linear.
    scatter_scs : Estimate
        The same of the SCS, as a part of it.
    share_alone : float
        Share of the columns that only one half shows.
    """

    matched: int
    only_first: int
    only_second: int
    scatter_x: Estimate
    scatter_y: Estimate
    scatter_scs: Estimate
    share_alone: float


@dataclass(frozen=True, kw_only=True)
class Whiteness:
    """What a residual holds beside noise.

    Attributes
    ----------
    chi2 : float
        Mean of the squared residual over the variance of a pixel: 1 for noise alone.
    correlation : tuple of float
        Of neighbouring residuals at lags 1, 2, 3 along rows, then along columns.
    limit : float
        Size of a correlation that white noise does not reach.
    white : bool
        Whether none is larger.
    """

    chi2: float
    correlation: tuple[float, ...]
    limit: float
    white: bool


def rounding_correlation(electrons: Floats) -> float:
    """Correlation that stochastic rounding makes between the halves.

    A value with the fraction f is rounded with the variance f(1 - f). Counts of mean λ and
    variance λ + r fall into halves of covariance r / 4 and variance (2λ + r) / 4.
    """
    fraction = electrons - np.floor(electrons)
    added = float(np.mean(fraction * (1 - fraction)))
    mean = float(np.mean(electrons))
    return added / (2 * mean + added) if mean > 0 else float("nan")


def thinned_halves(electrons: Floats, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Fall counts into two halves, each electron by the toss of a coin.

    Halves of Poisson counts of mean λ are independent Poisson counts of mean λ / 2 (J. F. C.
    Kingman, Poisson Processes (1993), section 5.1). Values that are no whole numbers are rounded
    up or down at random, without bias; the halves then are correlated, see
    `rounding_correlation`.

    Parameters
    ----------
    electrons : ndarray, shape (rows, columns)
        Electrons per pixel, as `ImageNoise.electrons` of an image of which noise is `determined`.
    rng : numpy.random.Generator

    Returns
    -------
    tuple of two ndarray, shape (rows, columns)
        Whole numbers that add up to the rounded values.

    Raises
    ------
    InputError
        If values are not finite, more of them lie below zero than counts have, or rounding would
        correlate the halves.
    """
    values = np.asarray(electrons, dtype=np.float64)
    if not values.size or not np.isfinite(values).all():
        raise InputError("counts to be halved must be finite: fill or cut masked pixels first")
    mean = float(values.mean())
    below = values < -_WHOLE
    if mean <= 0 or (
        float(below.mean()) > _NEGATIVE and float(-values[below].sum()) > _CUT * values.size * mean
    ):
        raise InputError(
            f"{100 * below.mean():.0f} % of the values are below zero, which no counts are: the "
            "offset is wrong, or a detector adds noise of its own; counts cannot be halved"
        )
    values = np.maximum(values, 0.0)
    whole = np.rint(values)
    if np.abs(values - whole).max() > _WHOLE:
        correlation = rounding_correlation(values)
        if correlation > MOST_CORRELATION:
            raise InputError(
                f"with {mean:.2g} electrons per pixel that are no whole numbers, rounding would "
                f"correlate the halves by {correlation:.2f}; counts cannot be halved"
            )
        low = np.floor(values)
        whole = low + (rng.random(values.shape) < values - low)
    first = rng.binomial(whole.astype(np.int64), 0.5).astype(np.float64)
    return first, whole - first


def compare_halves(
    first: pd.DataFrame, second: pd.DataFrame, *, sampling: float, reach: float
) -> HalfComparison:
    """Compare the columns of two restored halves.

    Parameters
    ----------
    first, second : pandas.DataFrame
        Tables of the fits, with x, y, scs and flags.
    sampling : float
        Å/px.
    reach : float
        Distance [px] within which a column of the one is that of the other.
    """
    a, b = (table[(table["flags"] & FAILED) == 0] for table in (first, second))
    places = [table[["x", "y"]].to_numpy(dtype=np.float64) for table in (a, b)]
    nothing = Estimate(value=np.nan, low=np.nan, high=np.nan)
    pairs = score_detection(places[0], places[1], radius=reach).matches
    number = len(pairs)
    scatter = [nothing] * 3
    if number > 2:
        moved = 100 * sampling * (places[0][pairs[:, 0]] - places[1][pairs[:, 1]])
        scs = [t["scs"].to_numpy(dtype=np.float64)[pairs[:, k]] for k, t in enumerate((a, b))]
        change = 2 * (scs[0] - scs[1]) / (scs[0] + scs[1])
        scatter = [_scatter(values) for values in (moved[:, 0], moved[:, 1], change)]
    every = len(a) + len(b)
    return HalfComparison(
        matched=number,
        only_first=len(a) - number,
        only_second=len(b) - number,
        scatter_x=scatter[0],
        scatter_y=scatter[1],
        scatter_scs=scatter[2],
        share_alone=(every - 2 * number) / every if every else float("nan"),
    )


def _scatter(differences: Floats) -> Estimate:
    """Standard deviation of one of two independent halves from their differences.

    The common shift is no scatter. The interval is that of normal values (chi-square).
    """
    from scipy.stats import chi2

    freedom = len(differences) - 1
    squares = float(np.var(differences, ddof=1)) / 2
    ends = chi2.ppf([0.975, 0.025], freedom)
    low, high = np.sqrt(squares * freedom / ends)
    return Estimate(value=float(np.sqrt(squares)), low=float(low), high=float(high))


def whiteness(residual: Floats, valid: Bools, *, variance: Floats) -> Whiteness:
    """Hold a residual, raw image minus restored one, against white noise.

    Parameters
    ----------
    residual : ndarray, shape (rows, columns)
    valid : ndarray of bool, shape (rows, columns)
        Pixels that count.
    variance : ndarray, shape (rows, columns)
        Variance of single pixels, as `ImageNoise.variance` of the restored image.
    """
    used = valid & np.isfinite(residual)
    scaled = np.where(used, residual / np.sqrt(variance), 0.0)
    number = int(np.count_nonzero(used))
    size = float(np.sum(scaled**2)) / max(number, 1)
    out, least = [], number
    for axis in (1, 0):
        for lag in (1, 2, 3):
            ahead = [slice(None), slice(None)]
            behind = [slice(None), slice(None)]
            ahead[axis], behind[axis] = slice(lag, None), slice(None, -lag)
            both = used[tuple(ahead)] & used[tuple(behind)]
            products = scaled[tuple(ahead)] * scaled[tuple(behind)]
            count = max(int(np.count_nonzero(both)), 1)
            out.append(float(products[both].sum()) / count / max(size, 1e-300))
            least = min(least, count)
    limit = _SURE / float(np.sqrt(max(least, 1)))
    return Whiteness(
        chi2=size,
        correlation=tuple(out),
        limit=limit,
        white=bool(np.max(np.abs(out)) <= limit),
    )


def intensity_kept(
    raw: Floats, restored: Floats, valid: Bools, *, power: Floats, offset: float = 0.0
) -> Estimate:
    """Light of a restored image over that of the raw one, above the offset.

    Parameters
    ----------
    raw, restored : ndarray, shape (rows, columns)
    valid : ndarray of bool, shape (rows, columns)
    power : ndarray, shape (rows, columns)
        Variance per pixel of sums of the raw image's noise, which makes the interval.
    offset : float
        Value of no light.

    Raises
    ------
    InputError
        If there is no light above the offset.
    """
    used = valid & np.isfinite(raw) & np.isfinite(restored)
    total = float(np.sum(raw[used] - offset))
    if not total > 0:
        raise InputError("the image has no light above its offset; give the right --offset")
    value = float(np.sum(restored[used] - offset)) / total
    error = 1.96 * abs(value) * float(np.sqrt(np.sum(power[used]))) / total
    return Estimate(value=value, low=value - error, high=value + error)
