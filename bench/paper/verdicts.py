"""What the numbers of a figure decide: intervals of means, and claims by a stated rule."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from reports import Finding, Number, Rule


def mean_number(values: ArrayLike, *, unit: str = "", at: str = "", condition: str = "") -> Number:
    """Mean of independent values with its 95 % interval (t).

    Without one for a single value, and for several that are equal, which tell no scatter.

    Parameters
    ----------
    values : array_like, shape (n,)
    unit, at, condition : str
        As of `reports.Number`.
    """
    from scipy.stats import t

    own = np.asarray(values, dtype=np.float64)
    own = own[np.isfinite(own)]
    mean = float(own.mean()) if own.size else float("nan")
    if own.size < 2 or np.ptp(own) == 0:
        half = float("nan")
    else:
        error = float(own.std(ddof=1)) / np.sqrt(own.size)
        half = float(t.ppf(0.975, own.size - 1)) * error
    return Number(
        value=mean, low=mean - half, high=mean + half, unit=unit, at=at, condition=condition
    )


def rate_number(
    counts: ArrayLike, *, unit: str = "per image", at: str = "", condition: str = ""
) -> Number:
    """Mean of rare counts with the 95 % interval of a Poisson rate (F. Garwood, 1936).

    Parameters
    ----------
    counts : array_like of int, shape (n,)
        Events of each image, which happen independently of each other.
    unit, at, condition : str
        As of `reports.Number`.
    """
    from scipy.stats import chi2

    own = np.asarray(counts, dtype=np.float64)
    total = float(own.sum())
    low = float(chi2.ppf(0.025, 2 * total)) / 2 if total > 0 else 0.0
    high = float(chi2.ppf(0.975, 2 * total + 2)) / 2
    return Number(
        value=total / own.size, low=low / own.size, high=high / own.size,
        unit=unit, at=at, condition=condition,
    )  # fmt: skip


def difference(one: Number, other: Number, *, at: str = "", condition: str = "") -> Number:
    """Difference of two independent numbers, its interval from theirs.

    G. Y. Zou and A. Donner, Statistics in Medicine 27 (2008) 1693, doi:10.1002/sim.3095.
    """
    value = one.value - other.value
    low = value - float(np.hypot(one.value - one.low, other.high - other.value))
    high = value + float(np.hypot(one.high - one.value, other.value - other.low))
    return Number(value=value, low=low, high=high, unit=one.unit, at=at, condition=condition)


def judged(claim: int, rule: Rule, numbers: Sequence[Number]) -> Finding:
    """Decide a claim by a rule and the numbers of a figure.

    Parameters
    ----------
    claim : int
        As in docs/claims.md.
    rule : Rule
    numbers : sequence of Number
    """
    told = "; ".join(
        f"{number.condition}, {number.text}" if number.condition else number.text
        for number in numbers
    )
    several = len(rule.conditions) > 1
    deciding = rule.deciding(numbers)
    value, low, high = (
        (None, None, None)
        if deciding is None
        else tuple(
            end if math.isfinite(end) else None
            for end in (deciding.value, deciding.low, deciding.high)
        )
    )
    return Finding(
        claim=claim,
        outcome=rule.judge(numbers),
        text=told,
        rule=rule.text,
        conditions="; ".join(f"{c.name}: {c.judge(numbers)}" for c in rule.conditions)
        if several
        else "",
        n_numbers=len(numbers),
        value=value,
        low=low,
        high=high,
        unit="" if deciding is None else deciding.unit,
        at="" if deciding is None else _place(deciding),
    )


def _place(number: Number) -> str:
    """Condition and place of a number, which one row has for both."""
    return ", ".join(part for part in (number.condition, number.at) if part)
