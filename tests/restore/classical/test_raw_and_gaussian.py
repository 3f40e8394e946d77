"""The restorers that are not trained, against closed forms and exact expectations."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import poisson

from restore import load_restorer
from restore.classical.anscombe import stabilise, unstabilise
from restore.classical.non_local_means import NonLocalMeans
from restore.classical.raw_and_gaussian import GAUSSIAN_SIGMA, GaussianFilter, estimate_noise


def expected_stabilised(mean: float) -> NDArray[np.float64]:
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


def test_noise_estimate() -> None:
    """White noise of 3 on a smooth slope.

    The median absolute value of m normal numbers has the relative standard error
    1.166 / sqrt(m): 0.9 % for the m = 128^2 blocks; four of them.
    """
    slope = np.linspace(0, 50, 256)[None, :]
    noisy = slope + np.random.default_rng(6).normal(0, 3, (256, 256))
    assert estimate_noise(noisy) == pytest.approx(3, rel=0.037)
    assert estimate_noise(np.zeros((1, 9))) == 0


def test_raw_and_its_alias_change_nothing() -> None:
    images = np.random.default_rng(7).normal(0, 5, (2, 6, 7))
    for name in ("raw", "identity"):
        restorer = load_restorer(name)
        assert restorer.metadata.name == "raw"
        np.testing.assert_array_equal(restorer.restore(images, sampling=0.1), images)


@pytest.mark.parametrize("sampling", [0.1, 0.2])
def test_gaussian_filter_widens_a_column_by_its_declared_width(sampling: float) -> None:
    """A Gaussian of 0.5 Å becomes one of sqrt(0.5^2 + 0.3^2) Å with the same volume."""
    rho = 0.5 / sampling
    y, x = np.mgrid[:96, :96] - 47.0
    column = np.exp(-(x**2 + y**2) / (2 * rho**2))
    restored = load_restorer("gaussian").restore(column[None], sampling=sampling)[0]
    wide = np.hypot(0.5, GAUSSIAN_SIGMA) / sampling
    expected = rho**2 / wide**2 * np.exp(-(x**2 + y**2) / (2 * wide**2))
    # The sampled filter ends at four sigma and is aliased a little: 1e-3 of the height.
    np.testing.assert_allclose(restored, expected, atol=2e-3)
    assert restored.sum() == pytest.approx(column.sum(), rel=1e-9)
    # Another width would be seen.
    other = GaussianFilter(sigma=0.25).restore_image(column, sampling=sampling)
    assert np.abs(other - expected).max() > 2e-2


def lattice(dose: float) -> NDArray[np.float64]:
    """Expected counts of columns every 2 Å at 0.2 Å/px, mean 5.2 * dose."""
    y, x = np.mgrid[:80, :80] * (2 * np.pi / 10)
    return dose * (5 * (1 + np.cos(x) * np.cos(y)) + 0.2)


@pytest.mark.parametrize("dose", [1.0, 10.0])
def test_non_local_means_denoises(dose: float) -> None:
    """Error less than half the noise, mean kept to 4 %, on a lattice at 5 and 52 counts."""
    truth = lattice(dose)
    noisy = np.random.default_rng(8).poisson(truth).astype(np.float64)
    restored = load_restorer("nlm").restore(noisy[None], sampling=0.2)[0]
    assert np.std(restored - truth) < 0.5 * np.std(noisy - truth)
    assert restored.mean() == pytest.approx(truth.mean(), rel=0.04)
    assert restored.min() >= 0


def test_non_local_means_counts_extra_noise() -> None:
    """Noise of three times Poisson's is still taken out, which sigma = 1 alone would leave."""
    truth = lattice(10.0)
    rng = np.random.default_rng(9)
    noisy = rng.poisson(truth) + rng.normal(0, np.sqrt(8 * truth))
    restored = NonLocalMeans().restore_image(noisy, sampling=0.2)
    assert np.std(restored - truth) < 0.5 * np.std(noisy - truth)


def test_non_local_means_keeps_the_mean_of_a_dark_image_with_read_noise() -> None:
    """0.3 electrons per pixel under read noise of 0.5: to 15 %; read as none it is over 30 %."""
    truth = lattice(0.06)
    rng = np.random.default_rng(10)
    noisy = rng.poisson(truth) + rng.normal(0, 0.5, truth.shape)
    restored = NonLocalMeans().restore_image(noisy, sampling=0.2)
    assert restored.mean() == pytest.approx(noisy.mean(), rel=0.15)
    clipped = NonLocalMeans().restore_image(np.maximum(noisy, 0), sampling=0.2)
    assert clipped.mean() > 1.3 * noisy.mean()


@pytest.mark.parametrize("name", ["raw", "gaussian", "nlm"])
@pytest.mark.parametrize("value", [0.0, 0.25, 300.0])
def test_constant_image(name: str, value: float) -> None:
    images = np.full((1, 9, 12), value)
    restored = load_restorer(name).restore(images, sampling=0.2)
    np.testing.assert_allclose(restored, images, rtol=1e-12)
