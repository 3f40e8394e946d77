"""Intervals of means and shares, and claims judged by them."""

import numpy as np
import pytest

from bench.paper.verdicts import (
    difference,
    judged,
    mean_number,
    rate_number,
)
from reports import Number, above, below, rule


def test_intervals_of_a_mean_hold_it_as_often_as_stated() -> None:
    """2000 means of 5 normal values: 95 % ± 4 standard errors of a share, 2 %."""
    rng = np.random.default_rng(3)
    numbers = [mean_number(rng.normal(size=5)) for _ in range(2000)]
    held = np.mean([number.low < 0 < number.high for number in numbers])
    assert abs(held - 0.95) < 4 * np.sqrt(0.95 * 0.05 / 2000)
    # Negative control: an interval of normal quantiles would be too narrow for five values.
    narrow = [abs(n.value) < (n.high - n.value) * 1.96 / 2.776 for n in numbers]
    assert np.mean(narrow) < 0.95 - 4 * np.sqrt(0.95 * 0.05 / 2000)


def test_equal_values_tell_no_scatter() -> None:
    assert np.isnan(mean_number([1.0, 1.0, 1.0]).low)


def test_rates_of_rare_counts_have_exact_intervals() -> None:
    """Garwood's table: none in one image is below 3.689, five are 1.623 to 11.668."""
    none, five = rate_number([0]), rate_number([2, 3])
    assert (none.low, none.high) == pytest.approx((0, 3.689), abs=1e-3)
    assert (five.value, five.low, five.high) == pytest.approx(
        (2.5, 1.623 / 2, 11.668 / 2), abs=1e-3
    )


def test_a_difference_of_symmetric_numbers_adds_squares() -> None:
    one, other = (Number(value=v, low=v - h, high=v + h) for v, h in ((5.0, 3.0), (1.0, 4.0)))
    found = difference(one, other)
    assert (found.value, found.low, found.high) == pytest.approx((4.0, -1.0, 9.0))


def test_a_single_value_has_no_interval() -> None:
    number = mean_number([3.0, np.nan])
    assert number.value == 3.0
    assert np.isnan(number.low)


@pytest.mark.parametrize(
    ("values", "outcome"),
    [
        ((1.0, 1.1, 0.9), "confirmed"),
        ((-1.0, -1.1, -0.9), "refuted"),
        ((1.0, -1.0, 0.1), "undecided"),
    ],
)
def test_a_claim_follows_from_its_interval(values: tuple[float, ...], outcome: str) -> None:
    finding = judged(5, rule(above(0.0)), [mean_number(values, unit="dB")])
    assert finding.outcome == outcome
    assert "every interval above 0" in finding.rule


def test_conditions_are_named() -> None:
    numbers = [mean_number([1, 1.1], condition="a"), mean_number([2, 2.1], condition="b")]
    finding = judged(32, rule(above(0.0, name="a"), below(0.0, name="b")), numbers)
    assert finding.outcome == "partly"
    assert finding.text.startswith("a, ")
    assert finding.conditions == "a: confirmed; b: refuted"
    # What speaks against the claim decides.
    assert (finding.at, finding.value, finding.n_numbers) == ("b", pytest.approx(2.05), 2)


def test_a_number_without_interval_is_kept_without_one() -> None:
    finding = judged(5, rule(above(0.0)), [mean_number([1.0, 1.0])])
    assert (finding.value, finding.low, finding.high) == (1.0, None, None)
    assert finding.outcome == "undecided"
