"""Quotients and differences of numbers: coverage against simulation, and numbers without ends."""

import math

import numpy as np
import pytest

from reports.claims.rules import Number
from reports.claims.table_numbers import difference, exact, quotient
from reports.statistics.intervals import Replicates, estimate

#: Trials of the coverage: the share of hits has a standard error of 0.7 %.
_TRIALS = 1000


def _interval(values: np.ndarray, scale: str) -> Number:
    """Jackknife interval of a mean of positive values."""
    left_out = (values.sum() - values) / (values.size - 1)
    found = estimate(Replicates(float(values.mean()), left_out, scale))  # type: ignore[arg-type]
    return Number(value=found.value, low=found.low, high=found.high)


@pytest.mark.parametrize(("combine", "truth"), [(quotient, 0.4), (difference, -6.0)])
def test_intervals_of_independent_numbers_cover(combine: object, truth: float) -> None:
    """95 % within k = 4 standard errors, 1000 trials of 12 realizations each."""
    rng = np.random.default_rng(5)
    scale = "log" if combine is quotient else "linear"
    hits = narrow = 0
    for _ in range(_TRIALS):
        new = _interval(rng.normal(4.0, 0.5, 12), scale)
        old = _interval(rng.normal(10.0, 3.0, 12), scale)
        found = combine(new, old, at="")  # type: ignore[operator]
        hits += found.low < truth < found.high
        # Half as wide is wrong, and the test sees it.
        middle = found.value
        narrow += (
            abs(truth - middle) < abs((found.high if truth > middle else found.low) - middle) / 2
        )
    error = math.sqrt(0.05 * 0.95 / _TRIALS)
    assert abs(hits / _TRIALS - 0.95) < 4 * error
    assert abs(narrow / _TRIALS - 0.95) > 4 * error


def test_exact_numbers_stay_exact() -> None:
    found = quotient(exact(6.0), exact(3.0), at="here")
    assert (found.value, found.low, found.high) == (2.0, 2.0, 2.0)
    assert found.text == "here: 2"


def test_what_has_no_quotient_says_so() -> None:
    endless = quotient(Number(value=math.inf, low=5.0, high=math.inf), exact(2.0), at="")
    assert (endless.value, endless.low) == (math.inf, 2.5)
    assert endless.text == "above 2.50"
    assert math.isnan(quotient(exact(0.0), exact(1.0), at="").value)
    assert math.isnan(quotient(exact(1.0), Number(value=2.0, low=math.nan, high=3.0), at="").high)
    assert quotient(exact(1.0), Number(value=2.0, low=0.0, high=3.0), at="").high == math.inf
