"""Paired comparison of two versions over realizations: effects, p-values, equivalence, planning.

An effect is a number with its standard error and degrees of freedom; positive is worse. Effects
come from one number per realization (`reports.summaries.per_realization`), new against old on the
same noise, so that what the two versions share cancels.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri, stdtr, stdtrit

from stembench.arrays import Floats

#: Chance with which `realizations_needed` is to decide.
POWER = 0.8
#: More realizations than this are not worth naming.
_MANY = 100_000


@dataclass(frozen=True)
class Effect:
    """How much worse the new version is, on the scale of its test.

    Attributes
    ----------
    value : float
        Positive is worse; NaN if it cannot be estimated.
    error : float
        Standard error; NaN if it cannot be estimated. Zero for identical results.
    freedom : float
        Degrees of freedom of the standard error.
    n : int
        Realizations that entered.
    """

    value: float
    error: float
    freedom: float
    n: int

    @property
    def known(self) -> bool:
        """Whether value and standard error are known."""
        return math.isfinite(self.value) and math.isfinite(self.error) and self.freedom > 0

    def interval(self, level: float = 0.95) -> tuple[float, float]:
        """Two-sided t interval; NaN where none can be stated."""
        if not self.known:
            return math.nan, math.nan
        half = float(stdtrit(self.freedom, 0.5 + level / 2)) * self.error
        return self.value - half, self.value + half

    def p_value(self) -> float:
        """Two-sided p of no change; 1 if it cannot be estimated, so that it never decides."""
        if not self.known or self.value == 0:
            return 1.0
        if self.error == 0:
            return 0.0
        return float(2 * stdtr(self.freedom, -abs(self.value) / self.error))

    def equivalent(self, margin: float, *, alpha: float) -> bool:
        """Two one-sided tests (D. J. Schuirmann 1987, doi:10.1007/BF01068419).

        Parameters
        ----------
        margin : float
            Largest change that does not matter, on the effect's scale.
        alpha : float
            Chance of calling a change as large as the margin equivalent.
        """
        low, high = self.interval(1 - 2 * alpha)
        return -margin < low and high < margin


def _of(differences: Floats, *, inflation: float = 1.0, floor: float = 0.0) -> Effect:
    """Effect of the mean of paired differences.

    `inflation` multiplies the standard error; `floor` is the standard deviation that rounding
    puts into each difference unless all are zero.
    """
    n = differences.size
    if n == 0 or not np.isfinite(differences).all():
        return Effect(math.nan, math.nan, 0.0, n)
    value = float(differences.mean())
    if not differences.any():
        return Effect(0.0, 0.0 if n > 1 else math.nan, n - 1.0, n)
    if n < 2:
        return Effect(value, math.nan, 0.0, n)
    deviation = math.hypot(float(differences.std(ddof=1)), floor)
    return Effect(value, inflation * deviation / math.sqrt(n), n - 1.0, n)


def ratio_effect(old: Floats, new: Floats) -> Effect:
    """Log of the ratio new / old of root mean square errors.

    The mean over realizations of half the log ratio of their mean squares: the ratio of a typical
    image. The ratio of the pooled RMSE has the same aim, but its interval fails at 8 to 50
    realizations where the two versions scatter unequally (docs/gate.md).

    Parameters
    ----------
    old, new : ndarray, shape (n,)
        Mean square errors of the same realizations.
    """
    tiny = np.finfo(np.float64).tiny
    same = old == new
    differences = np.log(np.maximum(new, tiny)) - np.log(np.maximum(old, tiny))
    return _of(np.where(same, 0.0, differences / 2))


def mean_effect(values: Floats) -> Effect:
    """Mean over realizations, as an effect against zero."""
    return _of(values)


def difference_effect(old: Floats, new: Floats, *, n_columns: int) -> Effect:
    """Loss old - new of a share of columns.

    Parameters
    ----------
    old, new : ndarray, shape (n,)
        Shares in the same realizations.
    n_columns : int
        Columns per realization: shares come in steps of one column, and the rounding to a step
        is added to the scatter.
    """
    return _of(old - new, floor=1 / (n_columns * math.sqrt(12)))


def target_effect(old: Floats, new: Floats, *, target: float) -> Effect:
    """Growth of the distance from what a value should be.

    Parameters
    ----------
    old, new : ndarray, shape (n,)
        Values of the same realizations.
    target : float
        What they should be.
    """
    return _of(np.abs(new - target) - np.abs(old - target))


def bias_effect(old: Floats, new: Floats, *, mean_square: float) -> Effect:
    """Growth of the squared bias as a share of the old version's mean square error.

    A relative change of the bias itself has no meaning where it is near zero. With x the effect,
    the RMSE changes by the factor sqrt(1 + x) if the scatter stays.

    Parameters
    ----------
    old, new : ndarray, shape (n,)
        Bias products of the same realizations (`reports.statistics.moments.bias_products`).
    mean_square : float
        Mean square error of the old version.

    Notes
    -----
    The mean of the products is a U statistic of order two; its jackknife standard error is that
    of the mean times 2 (n - 1) / (n - 2), which errs on the safe side where there is no bias.
    """
    n = old.size
    same = np.array_equal(old, new)
    if (n < 3 or not mean_square > 0) and not same:
        return Effect(math.nan, math.nan, 0.0, n)
    if same:
        return _of(np.zeros(n))
    return _of((new - old) / mean_square, inflation=2 * (n - 1) / (n - 2))


def pooled_effect(effects: Sequence[Effect]) -> Effect:
    """Mean of the effects of independent cells, each counting the same.

    Degrees of freedom after Satterthwaite (1946, doi:10.2307/3002019). Effects that are not known
    are left out.
    """
    known = [effect for effect in effects if effect.known]
    if not known:
        return Effect(math.nan, math.nan, 0.0, 0)
    k = len(known)
    variances = [(effect.error / k) ** 2 for effect in known]
    total = sum(variances)
    shares = sum(v**2 / e.freedom for v, e in zip(variances, known, strict=True))
    freedom = total**2 / shares if shares > 0 else sum(effect.freedom for effect in known)
    value = sum(effect.value for effect in known) / k
    return Effect(value, math.sqrt(total), freedom, min(effect.n for effect in known))


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjusted p-values of S. Holm's step-down procedure (Scand. J. Statist. 6 (1979) 65).

    Rejecting those at or below alpha keeps the chance of any false rejection at or below alpha,
    whatever the dependence.
    """
    count = len(p_values)
    adjusted = [1.0] * count
    running = 0.0
    for rank, index in enumerate(sorted(range(count), key=lambda i: p_values[i])):
        running = max(running, min(1.0, (count - rank) * p_values[index]))
        adjusted[index] = running
    return adjusted


def realizations_needed(
    effect: Effect, margin: float, *, alpha: float, tests: int, power: float = POWER
) -> int | None:
    """Realizations per cell that would decide, if the effect and the scatter stay as they are.

    An effect beyond the margin is to become significant at alpha / tests (the first step of
    Holm), a smaller one equivalent.

    Parameters
    ----------
    effect : Effect
        An undecided one.
    margin : float
        On the effect's scale.
    alpha : float
        Of the family.
    tests : int
        Size of the family.
    power : float
        Chance of deciding.

    Returns
    -------
    int or None
        None if it cannot be estimated or is above 100 000.
    """
    if not effect.known or effect.error == 0:
        return None
    size = abs(effect.value)
    beyond = size >= margin
    gap = size if beyond else margin - size
    level = 1 - alpha / (2 * tests) if beyond else 1 - alpha
    if gap <= 0:
        return None
    factor = 1.0
    for _ in range(50):
        # Quantile and factor depend on each other through the degrees of freedom.
        freedom = max(effect.freedom * factor, 1.0)
        wanted = (float(stdtrit(freedom, level)) + float(ndtri(power))) * effect.error / gap
        if abs(wanted**2 - factor) < 1e-3 * factor:
            break
        factor = math.sqrt(factor * wanted**2)
    needed = math.ceil(effect.n * max(factor, wanted**2))
    return max(needed, effect.n + 1) if needed <= _MANY else None
