"""The noise chain against closed forms, scipy and its own promises of reproducibility."""

import math

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from hypothesis.extra import numpy as hnp
from scipy import ndimage

from noise.dose import electrons_per_pixel
from noise.scan import STREAMS, STUDY_SCAN, ScanNoise, distort
from noise.seeds import realization_generator
from noise.stages.detector import Detector, add_pulse_noise, count_electrons
from noise.stages.fast_scan import FastScan, trail
from noise.stages.jitter import Jitter, displace_lines, line_displacements, spline_coefficients
from stembench.errors import InputError


def generators(count: int, seed: int = 7) -> list[np.random.Generator]:
    return [
        realization_generator(seed, "test", image="a", dose=500.0, realization=k)
        for k in range(count)
    ]


def waves(height: int = 40, width: int = 48) -> np.ndarray:
    y, x = np.mgrid[:height, :width]
    return 0.2 + 0.1 * np.sin(2 * np.pi * x / 9.3) * np.cos(2 * np.pi * y / 11.1)


class TestSeeds:
    def test_every_part_of_the_key_matters(self) -> None:
        base = {"image": "z02", "dose": 500.0, "realization": 3}
        first = realization_generator(1, "bulk", **base).random(4)
        assert np.array_equal(first, realization_generator(1, "bulk", **base).random(4))
        for change in (
            realization_generator(2, "bulk", **base),
            realization_generator(1, "core", **base),
            realization_generator(1, "bulk", **{**base, "image": "z03"}),
            realization_generator(1, "bulk", **{**base, "dose": 501.0}),
            realization_generator(1, "bulk", **{**base, "realization": 4}),
        ):
            assert not np.array_equal(first, change.random(4))


class TestJitter:
    @pytest.mark.parametrize("phi", [0.0, 0.3, 0.6])
    def test_covariance_is_that_of_a_stationary_ar1_from_the_first_line(self, phi: float) -> None:
        sigma, lines, draws = 0.75, 6, 20_000
        rng = np.random.default_rng(11)
        series = np.array(
            [line_displacements(rng, lines, sigma=sigma, phi=phi) for _ in range(draws)]
        )
        lag = np.abs(np.subtract.outer(np.arange(lines), np.arange(lines)))
        expected = sigma**2 * phi**lag / (1 - phi**2)
        measured = series.T @ series / draws
        # Isserlis: Var of a product mean is (C_kk C_ll + C_kl²) / n; k = 5 standard errors.
        variance = np.diag(expected)
        stderr = np.sqrt((np.outer(variance, variance) + expected**2) / draws)
        assert (np.abs(measured - expected) < 5 * stderr).all()
        if phi:  # negative control: without the 1/sqrt(1 - phi²) start line 0 scatters by sigma
            assert abs(measured[0, 0] - sigma**2) > 5 * stderr[0, 0]

    def test_displaced_lines_equal_scipys_bicubic_on_the_same_points(self) -> None:
        image = waves()
        rng = np.random.default_rng(2)
        dx, dy = rng.normal(0, 2.5, (2, image.shape[0]))
        rows, columns = np.mgrid[: image.shape[0], : image.shape[1]].astype(float)
        expected = ndimage.map_coordinates(
            image, [rows + dy[:, None], columns + dx[:, None]], order=3, mode="mirror"
        )
        ours = displace_lines(spline_coefficients(image), dx, dy=dy)
        assert np.abs(ours - expected).max() < 1e-12
        swapped = displace_lines(spline_coefficients(image), dy, dy=dx)
        assert np.abs(swapped - expected).max() > 1e-3  # negative control: x is not y

    def test_positive_displacement_reads_further_right(self) -> None:
        ramp = np.tile(np.arange(40.0), (8, 1))
        moved = displace_lines(spline_coefficients(ramp), np.full(8, 1.5), dy=np.zeros(8))
        assert moved[:, 10:30] == pytest.approx(ramp[:, 10:30] + 1.5, abs=1e-4)

    def test_no_jitter_is_the_identity(self) -> None:
        image = waves()
        zero = np.zeros(image.shape[0])
        assert displace_lines(spline_coefficients(image), zero, dy=zero) == pytest.approx(
            image, abs=1e-12
        )


class TestDetector:
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

    def test_pulse_width_against_the_closed_form(self) -> None:
        detector = Detector(
            photons=80.0, photon_variance=160.0, efficiency=0.25, secondary_gain=5.0, gain=1e5
        )
        # m_c eta = 20: (1 - 0.25 + 1/4) / 20 + 160 / 6400 = 0.075
        assert detector.sigma_electrons == pytest.approx(math.sqrt(0.075))
        assert detector.pulse_sigma == pytest.approx(20 * 1e5 * math.sqrt(0.075))
        assert detector.pulse_fwhm == pytest.approx(2.3548200450309493 * detector.pulse_sigma)

    def test_pulse_noise_has_its_stated_width(self) -> None:
        n = 100_000
        sigma = STUDY_SCAN.detector.sigma_electrons
        noise = add_pulse_noise(np.zeros(n), np.random.default_rng(3), detector=STUDY_SCAN.detector)
        assert abs(noise.std() - sigma) < 5 * sigma / math.sqrt(2 * n)  # k = 5


class TestFastScan:
    def test_responses_sum_to_one(self) -> None:
        scan = FastScan(alpha=3.0, beta=2.0, gamma=7.0, theta=1.2)
        for response in (scan.detector_response(), scan.readout_response(), scan.response()):
            assert response.sum() == pytest.approx(1.0, abs=1e-12)
        assert scan.detector_response()[1] / scan.detector_response()[0] == pytest.approx(
            9 / (4 * math.pi**2 + 9)
        )

    def test_the_tail_trails_along_the_scan(self) -> None:
        scan = FastScan(alpha=3.0, beta=2.0, gamma=50.0, theta=1.2, length=12)
        image = np.zeros((3, 60))
        image[1, 20] = 1.0
        out = trail(image, scan)
        assert np.allclose(out[1, 20:43], scan.response(), atol=1e-15)
        assert not out[1, :20].any()
        assert not out[[0, 2]].any()

    def test_a_constant_line_stays_constant(self) -> None:
        assert trail(np.full((2, 30), 4.0), STUDY_SCAN.fast_scan) == pytest.approx(4.0)


class TestChain:
    def test_one_electron_scale(self) -> None:
        assert electrons_per_pixel(500.0, 0.2) == pytest.approx(20.0)

    def test_a_realization_depends_on_its_generator_alone(self) -> None:
        arguments = {"dose": 500.0, "sampling": 0.2, "noise": STUDY_SCAN}
        batch = distort(waves(), generators(5), **arguments)
        for k in range(5):
            alone = distort(waves(), [generators(5)[k]], **arguments)
            assert np.array_equal(batch[k], alone[0])
        stacked = distort(np.stack([waves()] * 5), generators(5), **arguments)
        assert np.array_equal(batch, stacked)
        assert not np.array_equal(batch[0], batch[1])

    def test_leaving_a_stage_out_keeps_the_draws_of_the_others(self) -> None:
        detector = Detector(
            photons=1e12, photon_variance=0.0, efficiency=1.0, secondary_gain=1e12
        )  # a detector so good that its term vanishes
        poisson = distort(waves(), generators(2), dose=500.0, sampling=0.2, noise=ScanNoise())
        counted = distort(
            waves(), generators(2), dose=500.0, sampling=0.2, noise=ScanNoise(detector=detector)
        )
        assert counted == pytest.approx(poisson, abs=1e-4)
        assert len(STREAMS) == len(set(STREAMS))

    def test_mean_and_variance_of_the_whole_chain_on_a_flat_field(self) -> None:
        fraction, dose, sampling, n = 0.3, 1000.0, 0.2, 40
        counts = distort(
            np.full((64, 96), fraction), generators(n), dose=dose, sampling=sampling,
            noise=STUDY_SCAN, margin=8,
        )  # fmt: skip
        mean = fraction * dose * sampling**2
        response = STUDY_SCAN.fast_scan.response()
        power = (response**2).sum()
        variance = (mean + STUDY_SCAN.detector.sigma_electrons**2) * power
        lines = n * counts.shape[1]
        # Pixels of a line are correlated: take one pixel a line, far from the left edge.
        sample = counts[:, :, 60].ravel()
        assert abs(sample.mean() - mean) < 5 * math.sqrt(variance / lines)  # k = 5
        # Nearly normal (mean of 12 electrons smeared): Var(s²) = 2 sigma⁴ / n, widened by the
        # Poisson excess kurtosis 1/mean.
        stderr = variance * math.sqrt((2 + 1 / mean) / lines)
        assert abs(sample.var(ddof=1) - variance) < 5 * stderr
        assert abs(sample.var(ddof=1) - mean) > 5 * stderr  # negative control: not Poisson alone
        lag_one = ((counts[:, :, 60] - mean) * (counts[:, :, 61] - mean)).mean()
        covariance = variance * (response[:-1] * response[1:]).sum() / power
        assert abs(lag_one - covariance) < 5 * variance * math.sqrt(1.1 / lines)

    def test_margin_is_cut_off(self) -> None:
        noise = ScanNoise(jitter=Jitter(sigma_x=0.3, sigma_y=0.3, phi_x=0.5, phi_y=0.5))
        wide = distort(waves(56, 64), generators(3), dose=1e6, sampling=0.2, noise=noise, margin=8)
        assert wide.shape == (3, 40, 48)

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            ({"dose": -5.0}, "dose"),
            ({"dose": math.nan}, "dose"),
            ({"sampling": 0.0}, "sampling"),
            ({"sampling": math.inf}, "sampling"),
            ({"margin": 24}, "margin"),
            ({"images": np.full((4, 4), np.nan)}, "NaN"),
            ({"images": np.full((4, 4), -0.1)}, "negative"),
            ({"images": np.zeros(4)}, "shape"),
            ({"images": np.zeros((3, 4, 4))}, "generators"),
        ],
    )
    def test_bad_input_is_named(self, change: dict, message: str) -> None:
        arguments = {"images": waves(), "dose": 500.0, "sampling": 0.2, "margin": 0} | change
        images = arguments.pop("images")
        with pytest.raises(InputError, match=message):
            distort(images, generators(2), noise=STUDY_SCAN, **arguments)

    @pytest.mark.parametrize(
        ("build", "message"),
        [
            (lambda: Jitter(sigma_x=-1, sigma_y=0, phi_x=0, phi_y=0), "sigma_x"),
            (lambda: Jitter(sigma_x=0, sigma_y=0, phi_x=0, phi_y=1.0), "phi_y"),
            (lambda: Detector(0.0, 0.0, 0.5, 4.0), "photons"),
            (lambda: Detector(1.0, -1.0, 0.5, 4.0), "variance"),
            (lambda: Detector(1.0, 0.0, 1.5, 4.0), "efficiency"),
            (lambda: Detector(1.0, 0.0, 0.5, 1.0), "secondary"),
            (lambda: Detector(1.0, 0.0, 0.5, 2.0, gain=0.0), "gain"),
            (lambda: FastScan(alpha=0.0, beta=1, gamma=1, theta=1), "alpha"),
            (lambda: FastScan(alpha=1.0, beta=1, gamma=1, theta=-1), "theta"),
            (lambda: FastScan(alpha=1.0, beta=1, gamma=1, theta=1, length=0), "length"),
            (lambda: FastScan(alpha=1.0, beta=50, gamma=20.0, theta=3.1), "net charge"),
        ],
    )
    def test_impossible_parameters_are_refused(self, build, message: str) -> None:
        with pytest.raises(InputError, match=message):
            build()

    @settings(deadline=None, max_examples=40)
    @given(
        image=hnp.arrays(
            np.float64,
            hnp.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=12),
            elements=st.floats(0, 1),
        ),
        dose=st.floats(1e-2, 1e5),
        sampling=st.floats(0.02, 1.0),
        seed=st.integers(0, 2**31),
    )
    def test_any_clean_image_gives_finite_counts_of_its_shape(
        self, image: np.ndarray, dose: float, sampling: float, seed: int
    ) -> None:
        noise = ScanNoise(STUDY_SCAN.jitter, STUDY_SCAN.detector, STUDY_SCAN.fast_scan)
        out = distort(image, generators(2, seed), dose=dose, sampling=sampling, noise=noise)
        assert out.shape == (2, *image.shape)
        assert np.isfinite(out).all()
