"""Intervals of means and shares, and claims judged by them."""

import numpy as np
import pytest

from bench.paper.verdicts import judged, mean_number, share_number
from reports import above, below, rule


def test_intervals_of_a_mean_hold_it_as_often_as_stated() -> None:
    """2000 means of 5 normal values: 95 % ± 4 standard errors of a share, 2 %."""
    rng = np.random.default_rng(3)
    numbers = [mean_number(rng.normal(size=5)) for _ in range(2000)]
    held = np.mean([number.low < 0 < number.high for number in numbers])
    assert abs(held - 0.95) < 4 * np.sqrt(0.95 * 0.05 / 2000)
    # Negative control: an interval of normal quantiles would be too narrow for five values.
    narrow = [abs(n.value) < (n.high - n.value) * 1.96 / 2.776 for n in numbers]
    assert np.mean(narrow) < 0.95 - 4 * np.sqrt(0.95 * 0.05 / 2000)


def test_a_single_value_has_no_interval() -> None:
    number = mean_number([3.0, np.nan])
    assert number.value == 3.0
    assert np.isnan(number.low)


def test_a_share_of_none_has_an_upper_end() -> None:
    number = share_number(0, 10)
    assert number.value == 0
    assert 20 < number.high < 35  # Wilson: 27.8 %


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
    assert "every interval above 0" in finding.text


def test_conditions_are_named() -> None:
    numbers = [mean_number([1, 1.1], condition="a"), mean_number([2, 2.1], condition="b")]
    finding = judged(32, rule(above(0.0, name="a"), below(0.0, name="b")), numbers)
    assert finding.outcome == "partly" or finding.outcome == "undecided"
    assert finding.text.startswith("a, ")
