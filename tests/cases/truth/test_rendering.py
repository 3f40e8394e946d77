"""Rendering of a stored scan against direct evaluation, and blur against the analytic result."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from cases.truth.rendering import interpolation_matrix

STEP = 0.2295
#: No STEM image has higher frequencies: 2 alpha / lambda in 1/Å.
BAND = 2 * 21.4e-3 / 0.0196875


@pytest.mark.parametrize("points", [17, 18])
@pytest.mark.parametrize("sigma", [0.0, 0.35])
def test_periodic_scan_is_the_direct_fourier_sum(points, sigma):
    rng = np.random.default_rng(points)
    period = points * STEP
    orders = np.arange(-((points - 1) // 2), (points - 1) // 2 + 1)
    coefficients = rng.normal(size=len(orders)) + 1j * rng.normal(size=len(orders))
    coefficients = coefficients + np.conj(coefficients[::-1])

    def series(x, blur):
        damped = coefficients * np.exp(-2 * np.pi**2 * blur**2 * (orders / period) ** 2)
        return (damped * np.exp(2j * np.pi * np.outer(x, orders) / period)).sum(axis=1).real

    scan = series(np.arange(points) * STEP, 0.0)
    targets = rng.uniform(-3 * period, 3 * period, size=40)
    matrix = interpolation_matrix(
        targets, points=points, step=STEP, sigma=sigma, boundary="periodic"
    )
    np.testing.assert_allclose(matrix @ scan, series(targets, sigma), atol=1e-11)
    # Negative control: linear interpolation does not give the series.
    linear = np.interp(targets, np.arange(points) * STEP, scan, period=period)
    assert np.abs(linear - series(targets, sigma)).max() > 0.1


@settings(max_examples=60, deadline=None)
@given(
    points=st.integers(2, 40),
    sigma=st.floats(0.0, 1.0),
    boundary=st.sampled_from(["periodic", "mirror"]),
    seed=st.integers(0, 2**31),
)
def test_a_constant_stays_constant_whatever_the_scan(points, sigma, boundary, seed):
    targets = np.random.default_rng(seed).uniform(0, points * STEP, size=10)
    matrix = interpolation_matrix(targets, points=points, step=STEP, sigma=sigma, boundary=boundary)
    np.testing.assert_allclose(matrix.sum(axis=1), 1.0, atol=1e-10)


def test_scan_points_are_reproduced_without_blur():
    scan = np.random.default_rng(2).normal(size=21)
    for boundary in ("periodic", "mirror"):
        matrix = interpolation_matrix(
            np.arange(21) * STEP, points=21, step=STEP, sigma=0.0, boundary=boundary
        )
        np.testing.assert_allclose(matrix @ scan, scan, atol=1e-12)


def test_source_blur_of_a_gaussian_is_the_analytic_wider_gaussian():
    points, sigma, width = 120, 0.35, 0.4
    x = np.arange(points) * STEP
    centre = x.mean() + 0.07
    scan = np.exp(-((x - centre) ** 2) / (2 * width**2))
    targets = np.linspace(centre - 3, centre + 3, 51)
    wider = np.hypot(width, sigma)
    expected = width / wider * np.exp(-((targets - centre) ** 2) / (2 * wider**2))
    for boundary in ("periodic", "mirror"):
        matrix = interpolation_matrix(
            targets, points=points, step=STEP, sigma=sigma, boundary=boundary
        )
        # The Gaussian's spectrum at half the sampling frequency is exp(-15).
        np.testing.assert_allclose(matrix @ scan, expected, atol=2e-6)
        np.testing.assert_allclose((matrix @ scan).max(), width / wider, rtol=1e-5)


@pytest.mark.parametrize(("sigma", "bound"), [(0.35, 2e-4), (0.0, 6e-3)])
def test_error_of_mirroring_is_small_four_blur_widths_inside_the_edge(sigma, bound):
    """A scan that does not end on a symmetry: the error as a part of the peak-to-peak range.

    Random band-limited images; the bound is what the reader's accuracy statement says.
    """
    rng = np.random.default_rng(3)
    points = 140
    x = np.arange(points) * STEP
    frequencies = rng.uniform(0, BAND, size=(30, 40))
    # The transfer function of a STEM falls about linearly to zero at the band's limit.
    amplitudes = rng.normal(size=(30, 40)) * (1 - frequencies / BAND)
    phases = rng.uniform(0, 2 * np.pi, size=(30, 40))

    def image(places, blur):
        damped = amplitudes * np.exp(-2 * (np.pi * blur * frequencies) ** 2)
        angle = 2 * np.pi * frequencies[..., None] * places + phases[..., None]
        return (damped[..., None] * np.cos(angle)).sum(axis=1)

    targets = np.linspace(1.4, x[-1] - 1.4, 150)
    matrix = interpolation_matrix(targets, points=points, step=STEP, sigma=sigma, boundary="mirror")
    expected = image(targets, sigma)
    error = image(x, 0.0) @ matrix.T - expected
    size = np.ptp(expected, axis=1)
    assert np.sqrt(np.mean((error / size[:, None]) ** 2)) < bound
    # Negative control: at the very edge the mirrored continuation is far off.
    edge = interpolation_matrix(
        np.array([-0.1, x[-1] + 0.1]), points=points, step=STEP, sigma=sigma, boundary="mirror"
    )
    at_edge = image(x, 0.0) @ edge.T - image(np.array([-0.1, x[-1] + 0.1]), sigma)
    assert np.sqrt(np.mean((at_edge / size[:, None]) ** 2)) > 5 * bound
