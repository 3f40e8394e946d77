"""Image metrics against textbook values, closed forms and brute-force twins."""

import math

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from scipy import ndimage

from reports.metrics.images.agreement import psnr, ssim
from reports.metrics.images.conservation import mean_shift, variance_ratio
from reports.metrics.images.residual import (
    autocorrelation,
    empty_field_residual,
    residual_autocorrelation_rms,
)
from reports.metrics.images.ring_correlation import (
    RingCorrelation,
    _taper,
    against_truth,
    cutoff,
    half_bit,
    one_seventh,
    ring_correlation,
)
from stembench.errors import InputError


def noise(seed: int, shape: tuple[int, int] = (64, 48)) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape)


class TestPsnr:
    def test_textbook_values(self) -> None:
        truth = np.zeros((4, 4))
        assert psnr(truth + 1, truth, maximum=255) == pytest.approx(48.1308, abs=1e-4)
        assert psnr(truth + 10, truth, maximum=255) == pytest.approx(28.1308, abs=1e-4)
        assert psnr(truth + 255, truth, maximum=255) == pytest.approx(0, abs=1e-12)

    def test_equal_images(self) -> None:
        assert psnr(noise(0), noise(0), maximum=1) == math.inf

    @settings(deadline=None)
    @given(factor=st.floats(1e-3, 1e3), shift=st.floats(-1e3, 1e3))
    def test_scale_of_image_and_maximum_cancel(self, factor: float, shift: float) -> None:
        one, two = noise(1), noise(2)
        assert psnr(factor * one + shift, factor * two + shift, maximum=factor) == pytest.approx(
            psnr(one, two, maximum=1), abs=1e-6
        )

    @pytest.mark.parametrize("maximum", [0, -1, math.nan, math.inf])
    def test_impossible_maximum(self, maximum: float) -> None:
        with pytest.raises(InputError, match="MAX"):
            psnr(noise(0), noise(1), maximum=maximum)


@pytest.mark.parametrize("metric", [mean_shift, variance_ratio, ring_correlation])
def test_images_that_cannot_be_compared(metric) -> None:
    with pytest.raises(InputError, match="one shape"):
        metric(noise(0), noise(0)[:-1])
    with pytest.raises(InputError, match="one shape"):
        metric(np.zeros((0, 3)), np.zeros((0, 3)))
    with pytest.raises(InputError, match="finite"):
        metric(noise(0), np.where(noise(0) > 0, np.nan, 0))


class TestSsim:
    def test_against_the_definition_in_one_window(self) -> None:
        # The window about a pixel in the middle, by the formulas of the paper of Wang et al.
        one, two = (30 * noise(k, (33, 33)) + 100 for k in (1, 2))
        two = 0.7 * one + 0.3 * two
        axis = np.exp(-(np.arange(-5, 6) ** 2) / (2 * 1.5**2))
        weights = np.multiply.outer(axis, axis) / axis.sum() ** 2
        c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
        values = []
        for row in range(5, 28):
            for column in range(5, 28):
                a, b = (image[row - 5 : row + 6, column - 5 : column + 6] for image in (one, two))
                ma, mb = (weights * a).sum(), (weights * b).sum()
                va, vb = (weights * (a - ma) ** 2).sum(), (weights * (b - mb) ** 2).sum()
                cov = (weights * (a - ma) * (b - mb)).sum()
                values.append(
                    (2 * ma * mb + c1) * (2 * cov + c2) / ((ma**2 + mb**2 + c1) * (va + vb + c2))
                )
        # scikit-image leaves out a border of 5 px too.
        assert ssim(one, two, maximum=255) == pytest.approx(np.mean(values), abs=1e-10)

    def test_constant_images_give_the_luminance_term(self) -> None:
        one, two = np.full((16, 16), 100.0), np.full((16, 16), 120.0)
        expected = (2 * 100 * 120 + 2.55**2) / (100**2 + 120**2 + 2.55**2)
        assert ssim(one, two, maximum=255) == pytest.approx(expected, abs=1e-9)

    def test_equal_and_impossible_images(self) -> None:
        assert ssim(noise(0), noise(0), maximum=1) == pytest.approx(1)
        with pytest.raises(InputError, match="11 x 11"):
            ssim(np.zeros((10, 30)), np.zeros((10, 30)), maximum=1)
        with pytest.raises(InputError, match="dynamic range"):
            ssim(noise(0), noise(0), maximum=0)


class TestRingCorrelation:
    def test_brute_force_twin(self) -> None:
        one, two = noise(3, (24, 17)), noise(4, (24, 17))
        two = one + 0.5 * two
        found = ring_correlation(one, two)
        window = np.multiply.outer(_taper(24), _taper(17))
        a, b = (np.fft.fft2((image - image.mean()) * window) for image in (one, two))
        sums = np.zeros((9, 3))
        for row in range(24):
            for column in range(17):
                fy = (row if row < 12 else row - 24) / 24
                fx = (column if column <= 8 else column - 17) / 17
                ring = round(17 * math.hypot(fy, fx))
                if 1 <= ring <= 8:
                    p, q = a[row, column], b[row, column]
                    sums[ring] += ((p * q.conjugate()).real, abs(p) ** 2, abs(q) ** 2)
        expected = sums[1:, 0] / np.sqrt(sums[1:, 1] * sums[1:, 2])
        assert found.correlation == pytest.approx(expected, abs=1e-12)
        assert found.frequency == pytest.approx(np.arange(1, 9) / 17)

    def test_equal_opposite_and_rescaled_images(self) -> None:
        image = noise(5)
        assert ring_correlation(image, 3 * image + 7).correlation == pytest.approx(1)
        assert ring_correlation(image, -image).correlation == pytest.approx(-1)

    def test_independent_noise_scatters_by_its_number_of_values(self) -> None:
        # 40 pairs of 96 px: each ring's correlation has mean 0 and variance 1 / independent. The
        # taper correlates neighbours, of which a ring holds some: at most mean(w^4) / mean(w^2)^2
        # wider per axis. Squares of n values scatter by √(2/n); k = 4.
        window = _taper(96)
        wider = (np.mean(window**4) / np.mean(window**2) ** 2) ** 2
        scores = []
        for k in range(40):
            rings = ring_correlation(noise(100 + k, (96, 96)), noise(200 + k, (96, 96)))
            scores.append(rings.correlation * np.sqrt(rings.independent))
        squares = np.square(scores)[:, 4:]
        tolerance = 4 * math.sqrt(2 / squares.size)
        assert 1 - tolerance < squares.mean() < wider * (1 + tolerance)

    def test_known_signal_to_noise_ratio(self) -> None:
        # White signal of SNR 1 in each of two halves: SNR / (SNR + 1) = 1/2; against the signal
        # itself √(1/2). Standard error below 1 / √(independent coefficients in all).
        signal = noise(6, (256, 256))
        halves = [signal + noise(k, (256, 256)) for k in (7, 8)]
        both = ring_correlation(*halves)
        known = ring_correlation(halves[0], signal)
        weights = both.independent / both.independent.sum()
        tolerance = 5 / math.sqrt(both.independent.sum())
        assert (both.correlation * weights).sum() == pytest.approx(0.5, abs=tolerance)
        assert (known.correlation * weights).sum() == pytest.approx(math.sqrt(0.5), abs=tolerance)
        assert against_truth(np.array([1 / 3])) == pytest.approx(math.sqrt(0.5))

    def test_empty_rings(self) -> None:
        rings = ring_correlation(np.ones((16, 16)), noise(0, (16, 16)))
        assert np.isnan(rings.correlation).all()
        assert cutoff(rings, one_seventh(rings.independent)) == 0
        with pytest.raises(InputError, match="8 x 8"):
            ring_correlation(np.zeros((7, 9)), np.zeros((7, 9)))


class TestThresholds:
    def test_half_bit_as_printed(self) -> None:
        # van Heel and Schatz 2005, equation (17): (0.2071 + 1.9102/√n) / (1.2071 + 0.9102/√n).
        n = np.array([1, 10, 100, 10_000])
        printed = (0.2071 + 1.9102 / np.sqrt(n)) / (1.2071 + 0.9102 / np.sqrt(n))
        assert half_bit(n) == pytest.approx(printed, abs=2e-4)

    def test_a_seventh_between_halves_is_a_half_against_truth(self) -> None:
        assert against_truth(one_seventh(np.array([5, 50]))) == pytest.approx([0.5, 0.5])

    def test_cutoff_between_rings(self) -> None:
        rings = RingCorrelation(
            np.array([0.1, 0.2, 0.3]), np.array([1.0, 0.8, 0.2]), np.array([9, 9, 9])
        )
        assert cutoff(rings, np.full(3, 0.5)) == pytest.approx(0.25)
        assert cutoff(rings, np.full(3, 0.1)) == 0.3
        assert cutoff(rings, np.full(3, 1.1)) == 0

    def test_gaps_between_reflections_do_not_end_the_agreement(self) -> None:
        # Columns of 8 px spacing: reflections at multiples of 1/8 and nothing between.
        y, x = np.mgrid[:64, :64]
        crystal = sum(np.cos(2 * np.pi * k / 8 * x) + np.cos(2 * np.pi * k / 8 * y) for k in (1, 2))
        rings = ring_correlation(crystal + noise(20, (64, 64)), crystal)
        found = cutoff(rings, against_truth(one_seventh(rings.independent)))
        assert np.nanmin(rings.correlation[rings.frequency < 0.2]) < 0.5
        # Rings are 1/64 wide and the taper spreads a reflection over its neighbours.
        assert found == pytest.approx(0.25, abs=4 / 64)

    def test_a_low_pass_ends_where_its_filter_does(self) -> None:
        truth = noise(9, (128, 128))
        spectrum = np.fft.fft2(truth)
        radius = np.hypot(np.fft.fftfreq(128)[:, None], np.fft.fftfreq(128))
        other = np.fft.fft2(noise(11, (128, 128)))
        mixed = np.real(np.fft.ifft2(np.where(radius < 0.3, spectrum, other)))
        rings = ring_correlation(mixed, truth)
        found = cutoff(rings, against_truth(one_seventh(rings.independent)))
        assert found == pytest.approx(0.3, abs=1.5 / 128)


class TestConservation:
    def test_values(self) -> None:
        truth = noise(12)
        spread = truth.std()
        assert mean_shift(truth + 2 * spread, truth) == pytest.approx(2)
        assert variance_ratio(3 * truth, truth) == pytest.approx(9)
        assert mean_shift(truth, truth) == 0
        assert variance_ratio(truth, truth) == 1

    def test_a_constant_truth_has_no_scale(self) -> None:
        assert math.isnan(mean_shift(noise(0), np.ones((64, 48))))
        assert math.isnan(variance_ratio(noise(0), np.ones((64, 48))))


class TestWhiteness:
    def test_brute_force_twin(self) -> None:
        image = ndimage.gaussian_filter(noise(13, (13, 11)), 0.8)
        found = autocorrelation(image, reach=3)
        centred = image - image.mean()
        for dy in range(-3, 4):
            for dx in range(-3, 4):
                products = [
                    centred[row, column] * centred[row + dy, column + dx]
                    for row in range(13)
                    for column in range(11)
                    if 0 <= row + dy < 13 and 0 <= column + dx < 11
                ]
                expected = np.mean(products) / np.mean(centred**2)
                assert found[3 + dy, 3 + dx] == pytest.approx(expected, abs=1e-12)

    def test_white_noise_of_uneven_variance_is_white(self) -> None:
        # Poisson counts of a steep image less their mean: independent, far from one variance.
        image = np.multiply.outer(np.linspace(0.5, 50, 256), np.ones(256))
        found = [
            residual_autocorrelation_rms(np.random.default_rng(k).poisson(image) - image)
            for k in range(10)
        ]
        # 144 independent lags of variance (mean of var²) / (mean of var)² / n each; 10 images.
        expected = math.sqrt(np.mean(image**2) / np.mean(image) ** 2) / 256
        assert np.mean(found) == pytest.approx(expected, rel=4 / math.sqrt(2 * 144 * 10))

    def test_structure_in_the_residual_is_seen(self) -> None:
        white, y = noise(14, (128, 128)), np.arange(128)
        columns = np.multiply.outer(np.cos(y), np.cos(y))
        assert residual_autocorrelation_rms(white) < 1.3 / 128
        assert residual_autocorrelation_rms(
            white + 0.5 * columns
        ) > 3 * residual_autocorrelation_rms(white)

    @settings(deadline=None)
    @given(factor=st.floats(1e-6, 1e6), shift=st.floats(-10, 10))
    def test_neither_zero_nor_unit_matters(self, factor: float, shift: float) -> None:
        image = noise(15, (20, 20))
        assert residual_autocorrelation_rms(factor * (image + shift)) == pytest.approx(
            residual_autocorrelation_rms(image), rel=1e-6
        )

    def test_constant_and_small_residuals(self) -> None:
        assert math.isnan(residual_autocorrelation_rms(np.full((20, 20), 0.1)))
        with pytest.raises(InputError, match="larger image"):
            residual_autocorrelation_rms(np.zeros((8, 30)))


class TestLeakage:
    def test_a_gaussian_filter_leaves_what_theory_says(self) -> None:
        # Standard deviation of filtered white noise: 1 / (2 σ √π); its correlation length leaves
        # about n / (4 π σ²) independent values, whose scatter gives the tolerance (k = 4).
        sigma = 2.0
        field = 100 + noise(16, (256, 256))
        left = empty_field_residual(ndimage.gaussian_filter(field, sigma, mode="wrap"), field)
        independent = field.size / (4 * math.pi * sigma**2)
        expected = 1 / (2 * sigma * math.sqrt(math.pi))
        assert left.std == pytest.approx(expected, rel=4 / math.sqrt(2 * independent))
        assert left.mean == pytest.approx(0, abs=1e-9)

    def test_an_invented_column_is_seen(self) -> None:
        field = noise(17, (64, 64))
        output = np.full((64, 64), field.mean())
        flat = empty_field_residual(output, field)
        assert (flat.std, flat.peak) == pytest.approx((0, 0), abs=1e-12)
        output[30, 30] += 3.0
        assert empty_field_residual(output, field).peak == pytest.approx(3, rel=0.05)

    def test_nothing_in_nothing_out(self) -> None:
        assert math.isnan(empty_field_residual(np.ones((9, 9)), np.ones((9, 9))).std)
