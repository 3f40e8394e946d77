"""Saturation and rounding of the converter."""

import math

import numpy as np
import pytest
from scipy import stats

from noise.chain import distort
from noise.scan import ScanNoise
from noise.stages.digitiser import Clip, Quantisation, quantise, saturate
from stembench.errors import InputError

K = 5  # standard errors allowed by every tolerance below


class TestConverter:
    def test_mean_of_saturated_counts(self) -> None:
        mean, threshold, n = 9.0, 11, 200_000
        counts = np.random.default_rng(5).poisson(mean, n).astype(float)
        k = np.arange(200)
        clipped = np.minimum(k, threshold)
        weight = stats.poisson.pmf(k, mean)
        expected = (clipped * weight).sum()
        stderr = math.sqrt(((clipped - expected) ** 2 * weight).sum() / n)
        assert abs(saturate(counts, threshold=threshold).mean() - expected) < K * stderr
        assert abs(counts.mean() - expected) > K * stderr  # negative control

    def test_rounding_error_is_uniform(self) -> None:
        gain, n = 3.7, 100_000
        values = np.random.default_rng(6).normal(0, 50, n)
        error = quantise(values, gain=gain) - values
        step = 1 / gain
        assert np.abs(error).max() <= step / 2 * (1 + 1e-9)
        # Uniform of width `step`: variance step²/12, fourth moment step⁴/80.
        stderr = step**2 * math.sqrt((1 / 80 - 1 / 144) / n)
        assert abs(error.var() - step**2 / 12) < K * stderr
        floored = np.floor(gain * values) / gain - values
        assert abs((floored**2).mean() - step**2 / 12) > K * stderr  # negative control

    def test_converter_is_set_by_the_clean_maximum(self) -> None:
        rng = [np.random.default_rng(7)]
        clean = np.full((60, 60), 0.02)
        noise = ScanNoise(clip=Clip(level=1.1), quantisation=Quantisation(levels=40.0))
        out = distort(clean, rng, dose=5e4, sampling=0.2, noise=noise)[0]
        peak = 0.02 * 5e4 * 0.04
        assert out.max() == pytest.approx(1.1 * peak)
        assert np.allclose(out * 40 / peak, np.rint(out * 40 / peak))

    def test_an_empty_image_stays_empty(self) -> None:
        noise = ScanNoise(clip=Clip(level=1.0), quantisation=Quantisation(levels=256.0))
        out = distort(
            np.zeros((5, 6)), [np.random.default_rng(1)], dose=10, sampling=0.2, noise=noise
        )
        assert not out.any()

    @pytest.mark.parametrize(
        ("build", "message"),
        [
            (lambda: Clip(level=0.0), "clip"),
            (lambda: Quantisation(levels=math.nan), "levels"),
        ],
    )
    def test_impossible_parameters_are_named(self, build, message: str) -> None:
        with pytest.raises(InputError, match=message):
            build()
