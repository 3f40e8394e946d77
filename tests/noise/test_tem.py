"""The TEM chain: camera blur, spatial and readout noise against closed forms."""

import math

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from noise.presets import FULL_TEM
from noise.stages.camera import (
    DarkCurrent,
    FixedPattern,
    add_dark_counts,
    add_fixed_pattern,
    dark_pattern,
)
from noise.stages.mtf import Mtf, blur_by_mtf
from noise.stages.readout import ReadoutNoise, add_flicker, add_reset, add_thermal, flicker_gain
from noise.tem import TEM_STAGES, TemNoise, distort_tem, ground_truth
from stembench.errors import InputError

K = 5  # standard errors allowed by every tolerance below
MTF = Mtf(a=0.7, b=0.35, c=1.2)


class TestMtf:
    def test_value_at_nyquist_against_the_printed_formula(self) -> None:
        radial = 0.7 * math.exp(-1 / (2 * 0.35**2)) + 0.3 * math.exp(-1 / (2 * 1.2**2))
        assert MTF.radial(np.array([0.0, 1.0])) == pytest.approx([1.0, radial])
        # sinc(π/2) = 2/π along one axis.
        assert MTF.at(np.array(1.0), np.array(0.0)) == pytest.approx(radial * 2 / math.pi)

    @settings(deadline=None, max_examples=50)
    @given(seed=st.integers(0, 2**31))
    def test_drawn_functions_are_positive_and_fall(self, seed: int) -> None:
        drawn = Mtf.sample(np.random.default_rng(seed))
        frequency = np.linspace(0, 10, 1000)
        values = drawn.radial(frequency)
        assert values[0] == 1
        assert (values >= -1e-300).all()
        assert (np.diff(values) <= 1e-16).all()

    @pytest.mark.parametrize(
        "bad", [Mtf(a=1.5, b=0.5, c=1.0), Mtf(a=2.0, b=1.0, c=0.3)], ids=["negative", "rises"]
    )
    def test_unphysical_functions_are_told_apart(self, bad: Mtf) -> None:
        assert not bad.is_physical()
        assert MTF.is_physical()

    def test_blur_equals_fourier_convolution_of_the_mirrored_image(self) -> None:
        image = np.random.default_rng(1).random((10, 13))
        mirrored = np.block([[image, image[:, ::-1]], [image[::-1], image[::-1, ::-1]]])
        u = np.fft.fftfreq(26)[None, :] * 2  # in Nyquist frequencies
        v = np.fft.fftfreq(20)[:, None] * 2
        expected = np.fft.ifft2(np.fft.fft2(mirrored) * MTF.at(u, v)).real[:10, :13]
        assert blur_by_mtf(image, MTF) == pytest.approx(expected, abs=1e-12)
        wrong = np.fft.ifft2(np.fft.fft2(mirrored) * MTF.at(u / 2, v / 2)).real[:10, :13]
        assert blur_by_mtf(image, MTF) != pytest.approx(wrong, abs=1e-3)  # negative control

    def test_blur_keeps_the_charge_and_is_symmetric(self) -> None:
        image = np.zeros((2, 31, 31))
        image[0, 15, 15] = 1.0
        image[1, 0, 3] = 2.5
        out = blur_by_mtf(image, MTF)
        assert out.sum(axis=(1, 2)) == pytest.approx([1.0, 2.5])
        assert out[0] == pytest.approx(out[0].T)
        assert out[0] == pytest.approx(out[0, ::-1, ::-1])
        assert out[0, 15, 15] < 0.5


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


class TestReadout:
    def test_thermal_noise_is_white(self) -> None:
        n, sigma = 160_000, 3.0
        out = add_thermal(np.zeros((400, 400)), np.random.default_rng(6), sigma=sigma)
        assert abs(out.var() - sigma**2) < K * sigma**2 * math.sqrt(2 / n)
        assert abs((out[:, 1:] * out[:, :-1]).mean()) < K * sigma**2 / math.sqrt(n - 400)

    @pytest.mark.parametrize("shape", [(16, 16), (15, 17), (8, 1), (1, 9)])
    def test_flicker_covariance_is_the_transform_of_the_squared_gain(
        self, shape: tuple[int, int]
    ) -> None:
        draws, sigma = 3000, 2.0
        rng = np.random.default_rng(7)
        zero = np.zeros(shape)
        noise = np.array([add_flicker(zero, rng, sigma=sigma) for _ in range(draws)])
        covariance = sigma**2 * np.fft.irfft2(flicker_gain(shape) ** 2, s=shape)
        assert covariance[0, 0] == pytest.approx(sigma**2)
        for y, x in ((0, 0), (0, 1), (1, 0), (1, 2), (3, 3)):
            expected = covariance[y % shape[0], x % shape[1]]
            measured = (noise[:, 0, 0] * noise[:, y % shape[0], x % shape[1]]).mean()
            # One product a draw, Isserlis: (C_00² + C_yx²) / n.
            stderr = math.sqrt((sigma**4 + expected**2) / draws)
            assert abs(measured - expected) < K * stderr
        if min(shape) > 8:  # negative control: white noise has no covariance
            assert (noise[:, 0, 0] * noise[:, 0, 1]).mean() > K * sigma**2 / math.sqrt(draws)

    def test_flicker_power_falls_with_the_square_of_the_frequency(self) -> None:
        gain = flicker_gain((64, 64))
        assert gain[0, 0] == 0
        assert gain[0, 4] / gain[0, 1] == pytest.approx(1 / 4)
        assert gain[3, 4] / gain[0, 5] == pytest.approx(1.0)

    def test_reset_noise_is_one_value_per_row(self) -> None:
        rows, sigma = 20_000, 1.4
        out = add_reset(np.zeros((rows, 3)), np.random.default_rng(8), sigma=sigma)
        assert (np.ptp(out, axis=1) == 0).all()
        assert abs(out[:, 0].var() - sigma**2) < K * sigma**2 * math.sqrt(2 / rows)
        assert np.ptp(out[:, 0]) > 0


class TestChain:
    def test_mean_and_variance_on_a_flat_field(self) -> None:
        noise = TemNoise(
            mtf=MTF, fixed_pattern=FixedPattern(sigma=0.05),
            dark_current=DarkCurrent(mean=3.0, sigma=1.0),
            thermal=ReadoutNoise(sigma=2.0),
        )  # fmt: skip
        n, signal = 100 * 100 * 20, 40.0
        generators = [np.random.default_rng([1, k]) for k in range(20)]
        out = distort_tem(np.ones((100, 100)), generators, dose=signal, sampling=1.0, noise=noise)
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
            return distort_tem(images, generators, dose=50, sampling=1.0, noise=FULL_TEM)

        assert np.array_equal(batch(4)[:2], batch(2))
        assert np.array_equal(batch(3, np.stack([image] * 3)), batch(3))
        assert not np.array_equal(batch(2)[0], batch(2)[1])

    @pytest.mark.parametrize("stage", TEM_STAGES)
    def test_a_stage_left_out_is_left_out_alone(self, stage: str) -> None:
        image = np.full((500, 500), 0.5)  # large enough to meet rare defects
        image[20:30, 20:30] = 1.0  # an edge to blur

        def once(noise: TemNoise) -> np.ndarray:
            return distort_tem(
                image, [np.random.default_rng(3)], dose=400, sampling=1.0, noise=noise
            )[0]

        rest = [name for name in TEM_STAGES if name != stage]
        alone = FULL_TEM.without(*rest)
        assert [name for name in TEM_STAGES if getattr(alone, name) is not None] == [stage]
        bare = once(TemNoise())
        assert np.array_equal(once(alone.without(stage)), bare)
        if stage != "clip":  # twice the clean maximum is out of reach at this dose
            assert not np.array_equal(once(alone), bare)

    def test_ground_truth_is_what_the_camera_blurs(self) -> None:
        image = np.zeros((21, 21))
        image[10, 10] = 1.0
        # The pixel grid cuts the spectrum of a point: ripples below zero are set to zero.
        expected = np.maximum(blur_by_mtf(image, MTF), 0)
        assert np.array_equal(ground_truth(image, TemNoise(mtf=MTF)), expected)
        assert np.array_equal(ground_truth(image, TemNoise()), image)

    def test_margin_is_cut_off(self) -> None:
        out = distort_tem(
            np.full((30, 34), 0.1), [np.random.default_rng(1)], dose=9, sampling=1, noise=FULL_TEM,
            margin=5, dtype=np.float32,
        )  # fmt: skip
        assert out.shape == (1, 20, 24)
        assert out.dtype == np.float32

    @pytest.mark.parametrize(
        ("build", "message"),
        [
            (lambda: Mtf(a=0.0, b=1.0, c=1.0), "MTF parameter a"),
            (lambda: FixedPattern(sigma=-1.0), "fixed-pattern"),
            (lambda: DarkCurrent(mean=0.0, sigma=1.0), "dark-current mean"),
            (lambda: DarkCurrent(mean=1.0, sigma=1.0, hot_fraction=2.0), "hot"),
            (lambda: ReadoutNoise(sigma=math.inf), "readout"),
            (lambda: TemNoise().without("jitter"), "jitter"),
        ],
    )
    def test_impossible_parameters_are_named(self, build, message: str) -> None:
        with pytest.raises(InputError, match=message):
            build()

    @settings(deadline=None, max_examples=40)
    @given(height=st.integers(1, 9), width=st.integers(1, 9), seed=st.integers(0, 2**31))
    def test_any_drawn_chain_gives_finite_counts(self, height: int, width: int, seed: int) -> None:
        rng = np.random.default_rng(seed)
        noise = TemNoise.sample(rng)
        out = distort_tem(rng.random((height, width)), [rng], dose=50, sampling=1.0, noise=noise)
        assert out.shape == (1, height, width)
        assert np.isfinite(out).all()
