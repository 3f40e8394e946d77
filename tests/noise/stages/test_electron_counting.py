"""Electron counts against the Poisson distribution."""

import math

import numpy as np
import pytest

from noise.chain import distort
from noise.scan import ScanNoise
from noise.stages.electron_counting import count_electrons
from stembench.errors import InputError

K = 5  # standard errors allowed by every tolerance below


class TestCounting:
    @pytest.mark.parametrize("mean", [0.05, 3.0, 800.0])
    def test_counts_have_poisson_mean_and_variance(self, mean: float) -> None:
        n = 200_000
        counts = count_electrons(np.full(n, mean), np.random.default_rng(5))
        assert np.array_equal(counts, np.round(counts))
        # Mean: sqrt(mean/n). Variance: sqrt((mu4 - mu2²)/n), mu4 = mean (1 + 3 mean). k = 5.
        assert abs(counts.mean() - mean) < 5 * math.sqrt(mean / n)
        stderr = math.sqrt((mean * (1 + 3 * mean) - mean**2) / n)
        assert abs(counts.var() - mean) < 5 * stderr
        gaussian = np.random.default_rng(5).normal(mean, 1.3 * math.sqrt(mean), n)
        assert abs(gaussian.var() - mean) > 5 * stderr  # negative control

    def test_counts_and_fraction_differ_by_dose_times_pixel_area(self) -> None:
        fraction, dose, sampling, n = 0.07, 3e3, 0.31, 40_000
        counts = distort(
            np.full((200, 200), fraction), [np.random.default_rng(3)], dose=dose,
            sampling=sampling, noise=ScanNoise(),
        )  # fmt: skip
        expected = fraction * dose * sampling**2
        assert abs(counts.mean() - expected) < K * math.sqrt(expected / n)
        assert abs(counts.mean() - fraction * dose * sampling) > K * math.sqrt(expected / n)

    def test_more_electrons_than_can_be_counted(self) -> None:
        with pytest.raises(InputError, match=r"dose must be > 0 and <= 1e[+]12"):
            distort(
                np.ones((2, 2)), [np.random.default_rng(1)], dose=1e30, sampling=1.0,
                noise=ScanNoise(),
            )  # fmt: skip
