"""Noise levels of single images, within the standard errors of their estimators."""

import numpy as np
import pytest

from restore.classical.counts.noise_level import estimate_noise, estimate_read_noise, noise_power


def test_noise_estimate() -> None:
    """White noise of 3 on a smooth slope.

    The median absolute value of m normal numbers has the relative standard error
    1.166 / sqrt(m): 0.9 % for the m = 128^2 blocks; four of them.
    """
    slope = np.linspace(0, 50, 256)[None, :]
    noisy = slope + np.random.default_rng(6).normal(0, 3, (256, 256))
    assert estimate_noise(noisy) == pytest.approx(3, rel=0.037)
    assert estimate_noise(np.zeros((1, 9))) == 0


def test_noise_power_of_counts() -> None:
    """White noise: the mean power of n Fourier pixels has a relative standard error n^-1/2."""
    counts = np.random.default_rng(0).poisson(30.0, (64, 64)).astype(np.float64)
    power = np.abs(np.fft.fft2(counts - counts.mean())) ** 2
    # Real noise has n/2 independent powers; 4 standard errors of both the mean and the median.
    assert noise_power(counts) == pytest.approx(power.mean(), rel=4 * 2 / np.sqrt(64 * 64 / 2))


def test_read_noise_of_a_dark_image() -> None:
    """Normal noise of 0.3 on nothing.

    The root mean square of the m = n/2 negative values has the relative standard error
    1 / sqrt(2 m) = 0.8 % for n = 16 384; four of them. Counts have none.
    """
    rng = np.random.default_rng(4)
    assert estimate_read_noise(rng.normal(0, 0.3, (128, 128))) == pytest.approx(0.3, rel=0.032)
    assert estimate_read_noise(rng.poisson(0.1, (128, 128)).astype(np.float64)) == 0
