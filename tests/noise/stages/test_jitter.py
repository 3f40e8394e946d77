"""Scan jitter against its covariance and scipy's spline."""

import numpy as np
import pytest
from scipy import ndimage

from noise.stages.jitter import Jitter, displace_lines, line_displacements, spline_coefficients
from stembench.errors import InputError


def waves(height: int = 40, width: int = 48) -> np.ndarray:
    y, x = np.mgrid[:height, :width]
    return 0.2 + 0.1 * np.sin(2 * np.pi * x / 9.3) * np.cos(2 * np.pi * y / 11.1)


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

    @pytest.mark.parametrize(
        ("build", "message"),
        [
            (lambda: Jitter(sigma_x=-1, sigma_y=0, phi_x=0, phi_y=0), "sigma_x"),
            (lambda: Jitter(sigma_x=0, sigma_y=0, phi_x=0, phi_y=1.0), "phi_y"),
        ],
    )
    def test_impossible_parameters_are_named(self, build, message: str) -> None:
        with pytest.raises(InputError, match=message):
            build()
