"""Fixed pattern and dark current against closed forms."""

import math

import numpy as np
import pytest

from noise.stages.camera.sensor import (
    DarkCurrent,
    FixedPattern,
    add_dark_counts,
    add_fixed_pattern,
    dark_pattern,
)
from stembench.errors import InputError

K = 5  # standard errors allowed by every tolerance below


class TestSpatialNoise:
    def test_fixed_pattern_scales_with_the_signal(self) -> None:
        n, sigma, signal = 250_000, 0.02, 300.0
        out = add_fixed_pattern(
            np.full((500, 500), signal), np.random.default_rng(2),
            fixed_pattern=FixedPattern(sigma=sigma),
        )  # fmt: skip
        expected = (sigma * signal) ** 2
        stderr = expected * math.sqrt(2 / n)  # of a Gaussian variance
        assert abs(out.var() - expected) < K * stderr
        assert abs(out.var() - sigma**2 * signal) > K * stderr  # control: not a shot-noise law
        assert abs(out.mean() - signal) < K * sigma * signal / math.sqrt(n)

    def test_dark_current_has_the_mean_and_spread_it_states(self) -> None:
        n, mean, sigma = 250_000, 2.0, 0.8
        dark = DarkCurrent(mean=mean, sigma=sigma)
        pattern = dark_pattern((500, 500), np.random.default_rng(3), dark_current=dark)
        assert abs(pattern.mean() - mean) < K * sigma / math.sqrt(n)
        # Fourth central moment of a log-normal: sigma⁴ (w⁴ + 2 w³ + 3 w² - 3), w = e^s².
        w = 1 + (sigma / mean) ** 2
        stderr = sigma**2 * math.sqrt((w**4 + 2 * w**3 + 3 * w**2 - 4) / n)
        assert abs(pattern.var() - sigma**2) < K * stderr
        literal = np.random.default_rng(3).lognormal(mean, sigma, n)
        assert abs(literal.mean() - mean) > K * sigma / math.sqrt(n)  # control: μ of the log

    def test_hot_pixels_lie_five_to_eight_sigma_above(self) -> None:
        n, share = 1_000_000, 0.01
        dark = DarkCurrent(mean=2.0, sigma=1e-9, hot_fraction=share)
        pattern = dark_pattern((1000, 1000), np.random.default_rng(4), dark_current=dark)
        hot = pattern > 3.0
        assert abs(hot.mean() - share) < K * math.sqrt(share * (1 - share) / n)
        assert pattern[hot] == pytest.approx(4.0, abs=1e-6)  # μ + U(μ + 5 σ, μ + 8 σ)

    def test_dark_counts_add_poisson_to_spread(self) -> None:
        n, mean, sigma = 250_000, 6.0, 1.5
        out = add_dark_counts(
            np.zeros((500, 500)), np.random.default_rng(5),
            dark_current=DarkCurrent(mean=mean, sigma=sigma),
        )  # fmt: skip
        variance = mean + sigma**2  # law of total variance
        assert abs(out.mean() - mean) < K * math.sqrt(variance / n)
        stderr = variance * math.sqrt(3 / n)  # kurtosis below 4 at this mean and spread
        assert abs(out.var() - variance) < K * stderr
        assert abs(out.var() - mean) > K * stderr  # negative control: even sensor

    @pytest.mark.parametrize(
        ("build", "message"),
        [
            (lambda: FixedPattern(sigma=-1.0), "fixed-pattern"),
            (lambda: DarkCurrent(mean=0.0, sigma=1.0), "dark-current mean"),
            (lambda: DarkCurrent(mean=1.0, sigma=1.0, hot_fraction=2.0), "hot"),
        ],
    )
    def test_impossible_parameters_are_named(self, build, message: str) -> None:
        with pytest.raises(InputError, match=message):
            build()
