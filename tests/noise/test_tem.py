"""The TEM chain as a whole."""

import math

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from noise.chain import distort
from noise.presets import FULL_TEM
from noise.stages.camera.mtf import Mtf, blur_by_mtf
from noise.stages.camera.readout import ReadoutNoise
from noise.stages.camera.sensor import DarkCurrent, FixedPattern
from noise.tem import TemNoise

K = 5  # standard errors allowed by every tolerance below
MTF = Mtf(a=0.7, b=0.35, c=1.2)


class TestChain:
    def test_mean_and_variance_on_a_flat_field(self) -> None:
        noise = TemNoise(
            mtf=MTF, fixed_pattern=FixedPattern(sigma=0.05),
            dark_current=DarkCurrent(mean=3.0, sigma=1.0),
            thermal=ReadoutNoise(sigma=2.0),
        )  # fmt: skip
        n, signal = 100 * 100 * 20, 40.0
        generators = [np.random.default_rng([1, k]) for k in range(20)]
        out = distort(np.ones((100, 100)), generators, dose=signal, sampling=1.0, noise=noise)
        mean = signal + 3.0
        # P(N)(1 + g) + P(D) + t: N + σ²(N + N²) + μ + σ_d² + σ_t².
        variance = signal + 0.05**2 * (signal + signal**2) + 3.0 + 1.0 + 4.0
        assert abs(out.mean() - mean) < K * math.sqrt(variance / n)
        stderr = variance * math.sqrt(2.2 / n)  # excess kurtosis below 0.2
        assert abs(out.var() - variance) < K * stderr
        assert abs(out.var() - signal) > K * stderr  # negative control: shot noise alone

    def test_a_realization_depends_on_its_generator_alone(self) -> None:
        image = np.random.default_rng(1).random((20, 23))

        def batch(count: int, images: np.ndarray = image) -> np.ndarray:
            generators = [np.random.default_rng([2, k]) for k in range(count)]
            return distort(images, generators, dose=50, sampling=1.0, noise=FULL_TEM)

        assert np.array_equal(batch(4)[:2], batch(2))
        assert np.array_equal(batch(3, np.stack([image] * 3)), batch(3))
        assert not np.array_equal(batch(2)[0], batch(2)[1])

    @pytest.mark.parametrize("stage", TemNoise.names)
    def test_a_stage_left_out_is_left_out_alone(self, stage: str) -> None:
        image = np.full((500, 500), 0.5)  # large enough to meet rare defects
        image[20:30, 20:30] = 1.0  # an edge to blur

        def once(noise: TemNoise) -> np.ndarray:
            return distort(image, [np.random.default_rng(3)], dose=400, sampling=1.0, noise=noise)[
                0
            ]

        rest = [name for name in TemNoise.names if name != stage]
        alone = FULL_TEM.without(*rest)
        assert [name for name in TemNoise.names if getattr(alone, name) is not None] == [stage]
        bare = once(TemNoise())
        assert np.array_equal(once(alone.without(stage)), bare)
        if stage != "clip":  # twice the clean maximum is out of reach at this dose
            assert not np.array_equal(once(alone), bare)

    def test_ground_truth_is_what_the_camera_blurs(self) -> None:
        image = np.zeros((21, 21))
        image[10, 10] = 1.0
        # The pixel grid cuts the spectrum of a point: ripples below zero are set to zero.
        expected = np.maximum(blur_by_mtf(image, MTF), 0)
        assert np.array_equal(TemNoise(mtf=MTF).ground_truth(image), expected)
        assert np.array_equal(TemNoise().ground_truth(image), image)

    def test_margin_is_cut_off(self) -> None:
        out = distort(
            np.full((30, 34), 0.1), [np.random.default_rng(1)], dose=9, sampling=1, noise=FULL_TEM,
            margin=5, dtype=np.float32,
        )  # fmt: skip
        assert out.shape == (1, 20, 24)
        assert out.dtype == np.float32

    @settings(deadline=None, max_examples=40)
    @given(height=st.integers(1, 9), width=st.integers(1, 9), seed=st.integers(0, 2**31))
    def test_any_drawn_chain_gives_finite_counts(self, height: int, width: int, seed: int) -> None:
        rng = np.random.default_rng(seed)
        noise = TemNoise.sample(rng)
        out = distort(rng.random((height, width)), [rng], dose=50, sampling=1.0, noise=noise)
        assert out.shape == (1, height, width)
        assert np.isfinite(out).all()
