"""Halves of counts are independent; comparisons of tables and residuals against closed forms."""

import numpy as np
import pandas as pd
import pytest

from bench.assessment.evidence.halves import (
    compare_halves,
    intensity_kept,
    rounding_correlation,
    thinned_halves,
    whiteness,
)
from stembench.errors import InputError


def correlation(first, second, mean):
    return float(np.mean((first - mean / 2) * (second - mean / 2)) / (mean / 2))


def test_halves_of_counts_are_independent_poisson_counts():
    """Means, variances and correlation of 250 000 pixels within 4 standard errors."""
    rng = np.random.default_rng(1)
    mean, shape = 6.0, (500, 500)
    counts = rng.poisson(mean, shape).astype(float)
    first, second = thinned_halves(counts, rng)
    assert (first + second == counts).all()
    error = 4 / np.sqrt(counts.size)
    for half in (first, second):
        assert half.mean() == pytest.approx(mean / 2, abs=error * np.sqrt(mean / 2))
        assert half.var() / (mean / 2) == pytest.approx(1, abs=error * np.sqrt(2 + 2 / mean))
    assert abs(correlation(first, second, mean)) < error
    # Negative control: halves of counts of twice the variance are not independent.
    wide = 2.0 * rng.poisson(mean / 2, shape)
    assert correlation(*thinned_halves(wide, rng), mean) > 10 * error


def test_rounding_correlates_halves_as_stated():
    """Gaussian values of Poisson variance; within 4 standard errors of a correlation."""
    rng = np.random.default_rng(2)
    mean = 20.0
    values = mean + np.sqrt(mean) * rng.normal(size=(600, 600))
    stated = rounding_correlation(values)
    assert stated == pytest.approx((1 / 6) / (2 * mean + 1 / 6), rel=0.01)
    first, second = thinned_halves(values, rng)
    assert (first >= 0).all()
    assert (first == np.rint(first)).all()
    assert abs(correlation(first, second, mean) - stated) < 4 / np.sqrt(values.size)
    assert first.mean() == pytest.approx(mean / 2, abs=4 * np.sqrt(mean / 2 / values.size))


@pytest.mark.parametrize(
    ("values", "named"),
    [
        (np.random.default_rng(3).normal(0.5, 1, (50, 50)), "below zero"),
        (np.random.default_rng(3).random((50, 50)), "rounding"),
        (np.full((5, 5), np.nan), "finite"),
        (np.zeros((5, 5)), "below zero"),
    ],
)
def test_values_that_are_no_counts_are_refused(values, named):
    with pytest.raises(InputError, match=named):
        thinned_halves(values, np.random.default_rng(4))


def table(places, scs):
    return pd.DataFrame({"x": places[:, 0], "y": places[:, 1], "scs": scs, "flags": 0})


def test_scatter_of_halves_is_that_of_one():
    """400 columns: the interval of the scatter holds it; a common shift is none."""
    rng = np.random.default_rng(5)
    places = np.array([(x, y) for x in range(0, 200, 10) for y in range(0, 200, 10)], float)
    halves = [
        table(
            places + rng.normal(scale=(0.3, 0.5), size=places.shape) + shift,
            5.0 * (1 + 0.1 * rng.normal(size=400)),
        )
        for shift in (0.0, 0.4)
    ]
    halves[1] = halves[1].iloc[:-5]
    found = compare_halves(*halves, sampling=0.2, reach=4.0)
    assert (found.matched, found.only_first, found.only_second) == (395, 5, 0)
    assert found.share_alone == pytest.approx(5 / 795)
    for estimate, truth in (
        (found.scatter_x, 6.0),
        (found.scatter_y, 10.0),
        (found.scatter_scs, 0.1),
    ):
        assert estimate.low < truth < estimate.high
        # 95 % interval of a standard deviation of 395 values: 7 % to either side.
        assert (estimate.high - estimate.low) / estimate.value == pytest.approx(0.14, abs=0.01)
        assert not estimate.low < 1.3 * truth < estimate.high


def test_scatter_interval_is_the_textbook_one():
    """Interval of a variance from chi-square quantiles, 10 columns."""
    from scipy.stats import chi2

    rng = np.random.default_rng(6)
    places = np.column_stack([np.arange(0, 100, 10.0), np.zeros(10)])
    moved = places + rng.normal(scale=0.2, size=places.shape)
    found = compare_halves(table(places, 1.0), table(moved, 1.0), sampling=0.1, reach=4.0)
    squares = np.sum((10 * (moved - places)[:, 0] - np.mean(10 * (moved - places)[:, 0])) ** 2) / 2
    assert found.scatter_x.value == pytest.approx(np.sqrt(squares / 9))
    assert found.scatter_x.low == pytest.approx(np.sqrt(squares / chi2.ppf(0.975, 9)))
    assert found.scatter_x.high == pytest.approx(np.sqrt(squares / chi2.ppf(0.025, 9)))


def test_tables_without_columns_match_nothing():
    empty = table(np.zeros((0, 2)), 1.0)
    found = compare_halves(empty, table(np.zeros((1, 2)), 1.0), sampling=0.1, reach=1.0)
    assert (found.matched, found.only_second, found.share_alone) == (0, 1, 1.0)
    assert np.isnan(found.scatter_x.value)


def test_white_residuals_are_white_and_smooth_ones_are_not():
    """50 fields of noise: at most 3 of them not white (chance of six lags beyond 3.5 is 0.3 %)."""
    rng = np.random.default_rng(7)
    valid = np.ones((64, 64), dtype=bool)
    variance = np.full(valid.shape, 4.0)
    found = [
        whiteness(2 * rng.normal(size=valid.shape), valid, variance=variance) for _ in range(50)
    ]
    assert sum(not each.white for each in found) <= 3
    assert np.mean([each.chi2 for each in found]) == pytest.approx(
        1, abs=4 * np.sqrt(2 / valid.size / 50)
    )
    noise = rng.normal(size=(64, 65))
    along = whiteness(noise[:, 1:] + noise[:, :-1], valid, variance=variance)
    assert not along.white
    assert along.correlation[0] == pytest.approx(0.5, abs=4 / 64)
    assert np.abs(along.correlation[1:]).max() < 4 / 64


def test_intensity_kept_has_the_error_of_the_counts():
    """Intervals of 200 draws hold the share kept in 95 % within 4 binomial errors."""
    rng = np.random.default_rng(8)
    truth = np.full((40, 40), 3.0)
    valid = np.ones(truth.shape, dtype=bool)
    held = 0
    for _ in range(200):
        raw = 100 + 2.0 * rng.poisson(truth)
        found = intensity_kept(raw, 100 + 2.0 * 0.9 * truth, valid, power=4.0 * truth, offset=100.0)
        held += found.low <= 0.9 <= found.high
    assert held / 200 == pytest.approx(0.95, abs=4 * np.sqrt(0.95 * 0.05 / 200))
    assert not found.low <= 1.0 <= found.high
    with pytest.raises(InputError, match="offset"):
        intensity_kept(raw, truth, valid, power=truth, offset=1e4)
