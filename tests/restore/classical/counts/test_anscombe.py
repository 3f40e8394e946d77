"""The Anscombe transformation and its inverse, against exact expectations."""

import numpy as np
import pytest
from scipy.stats import poisson

from restore.classical.counts.anscombe import stabilise, unstabilise
from stembench.arrays import Floats


def expected_stabilised(mean: float) -> Floats:
    """Mean of the stabilised Poisson counts, summed over their probabilities."""
    counts = np.arange(0.0, mean + 20 * np.sqrt(mean) + 50)
    return np.sum(poisson.pmf(counts, mean) * stabilise(counts))


@pytest.mark.parametrize("mean", [0.05, 0.1, 0.5, 1.0, 2.0, 5.0, 10.0, 100.0, 1e4])
def test_inverse_is_unbiased(mean: float) -> None:
    """The closed form's own error is below 1 % from 0.05 counts on; the plain inverse is not."""
    value = expected_stabilised(mean)
    assert unstabilise(value) == pytest.approx(mean, rel=0.01)
    plain = (value / 2) ** 2 - 3 / 8
    assert plain < mean
    if mean <= 2:
        assert plain < 0.9 * mean


def test_inverse_with_read_noise() -> None:
    """Poisson counts of mean 10 with Gaussian noise of 3 electrons, 400 000 draws.

    The stabilised mean's standard error is 1/sqrt(n) = 0.0016, which times sqrt(mean + 9), the
    inverse's slope, is 0.007 counts; five of them, and 0.02 for the closed form's own error.
    """
    rng = np.random.default_rng(5)
    counts = rng.poisson(10.0, 400_000) + rng.normal(0, 3, 400_000)
    value = stabilise(counts, read_noise=3.0).mean()
    assert unstabilise(value, read_noise=3.0) == pytest.approx(10, abs=0.055)
    # Taken for pure Poisson counts the same data come out too low.
    assert unstabilise(stabilise(np.maximum(counts, 0)).mean()) < 9.8


@pytest.mark.parametrize("mean", [5.0, 30.0, 1000.0])
def test_stabilised_noise_is_one(mean: float) -> None:
    """Variance 1 to 2 % from 5 counts on, exactly summed."""
    counts = np.arange(0.0, mean + 20 * np.sqrt(mean) + 50)
    probability = poisson.pmf(counts, mean)
    value = stabilise(counts)
    variance = np.sum(probability * value**2) - np.sum(probability * value) ** 2
    assert variance == pytest.approx(1, abs=0.02)
