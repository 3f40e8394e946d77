"""What the numbers of a figure decide: intervals of means, and claims by a stated rule."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from reports import Finding, Number, Rule


def mean_number(values: ArrayLike, *, unit: str = "", at: str = "", condition: str = "") -> Number:
    """Mean of independent values with its 95 % interval (t); without one for a single value.

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
    if own.size < 2:
        half = float("nan")
    else:
        error = float(own.std(ddof=1)) / np.sqrt(own.size)
        half = float(t.ppf(0.975, own.size - 1)) * error
    return Number(
        value=mean, low=mean - half, high=mean + half, unit=unit, at=at, condition=condition
    )


def share_number(
    hits: int, trials: int, *, unit: str = "%", at: str = "", condition: str = ""
) -> Number:
    """Share of trials in percent with its 95 % interval (E. B. Wilson, 1927)."""
    from scipy.stats import binomtest

    ends = binomtest(hits, trials).proportion_ci(method="wilson")
    return Number(
        value=100 * hits / trials, low=100 * float(ends.low), high=100 * float(ends.high),
        unit=unit, at=at, condition=condition,
    )  # fmt: skip


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
    return Finding(claim=claim, outcome=rule.judge(numbers), text=f"{told}. Rule: {rule.text}")
