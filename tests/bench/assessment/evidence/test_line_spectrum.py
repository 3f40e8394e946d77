"""Spectrum of the noise of lines against textbook processes and a general optimiser."""

import numpy as np
import pytest
from scipy.optimize import minimize

from bench.assessment.evidence.jackknife import blocks_of_lines, jackknife_error
from bench.assessment.evidence.line_spectrum import (
    correlation_across,
    correlation_of,
    cosines,
    fit_shape,
    least_phase,
    line_spectrum,
    lines_together,
    noise_shape,
)
from noise.stages.fast_scan import FastScan, trail


def measured(residual, light=0.0):
    rows = len(residual)
    return line_spectrum(
        residual,
        np.zeros(residual.shape) + light,
        used=np.ones(rows, dtype=bool),
        blocks=blocks_of_lines(rows),
    )


def test_shape_is_the_most_likely_one():
    """Iterated least squares end where a general optimiser of the gamma likelihood does."""
    rng = np.random.default_rng(1)
    frequency = np.arange(1, 60) / 128
    power = (2 + np.cos(2 * np.pi * frequency)) * rng.gamma(40, 1 / 40, len(frequency))
    design = cosines(frequency, 2)

    def deviance(coefficients):
        log = design @ coefficients
        return np.sum(log + power * np.exp(-log))

    best = minimize(deviance, np.zeros(3), method="BFGS", options={"gtol": 1e-9}).x
    np.testing.assert_allclose(fit_shape(frequency, power, order=2), best, atol=1e-6)


def test_least_phase_of_an_exponential_response():
    """Of an exponential decay log |H|² = 2 Σ a^k / k cos(kω)."""
    a, order = 0.4, 40
    coefficients = np.concatenate([[0.3], a ** np.arange(1, order + 1) / np.arange(1, order + 1)])
    expected = (1 - a) * a ** np.arange(20)
    np.testing.assert_allclose(least_phase(coefficients, length=60)[:20], expected, rtol=1e-9)
    np.testing.assert_allclose(correlation_of(coefficients), a ** np.arange(1, 4), rtol=1e-9)


def test_jackknife_of_a_mean_is_its_standard_error():
    values = np.random.default_rng(2).normal(size=16)
    left_out = (values.sum() - values) / 15
    assert jackknife_error(left_out) == pytest.approx(values.std(ddof=1) / 4, rel=1e-12)


def test_light_that_a_fit_leaves_is_no_interpolation():
    """Lines that share fine light of 0.33/px against lines that were averaged; and noise alone.

    Of 128 x 192 px the correlation at the finest detail is known to 1 / sqrt(128 x 30) = 1.6 %.
    """
    rng = np.random.default_rng(7)
    noise = rng.normal(size=(128, 192))
    assert lines_together(measured(noise)) == ""
    left = 0.9 * np.cos(2 * np.pi * 0.33 * np.arange(192)) * np.ones((128, 1))
    said = lines_together(measured(noise + left))
    assert said.startswith("what the fit leaves of the columns")
    assert "interpolated" not in said
    averaged = lines_together(measured(0.8 * noise + 0.2 * np.roll(noise, 1, axis=0)))
    assert "interpolated" in averaged


def test_response_of_a_slow_detector_is_found():
    """Response at lags 0 and 1 px and correlation of lag 1 within 4 jackknife errors, n = 1.

    Negative control: white noise, which the found response is not.
    """
    scan = FastScan.at_dwell(1.0)
    white = np.random.default_rng(3).normal(size=(256, 256))
    shape = noise_shape(measured(trail(white, scan)), least=2)
    assert shape is not None
    assert shape.holds
    true = scan.response()
    known = [np.sum(true[lag:] * true[: len(true) - lag]) / np.sum(true**2) for lag in (1, 2)]
    error = jackknife_error(np.stack([correlation_of(row) for row in shape.replicates]))
    assert np.abs(shape.correlation()[:2] - known).max() < 4 * error[:2].max()
    assert shape.response()[:2] == pytest.approx(true[:2], abs=0.03)
    of_white = noise_shape(measured(white), least=2)
    assert of_white is not None
    assert abs(of_white.response()[1] - true[1]) > 0.05


def test_light_of_the_specimen_is_left_out_however_lines_jitter():
    """Fringes of 200 times the noise's power, their lines shifted at random, n = 1."""
    rng = np.random.default_rng(4)
    x = np.arange(256)
    fringes = np.stack([20 * np.cos(2 * np.pi * (x / 9.8 + shift)) for shift in rng.random(256)])
    noise = rng.normal(size=(256, 256))
    spectrum = measured(fringes + noise, light=fringes)
    shape = noise_shape(spectrum)
    assert shape is not None
    error = jackknife_error(np.stack([correlation_of(row) for row in shape.replicates]))
    assert (np.abs(shape.correlation()) < 4 * error).all()
    assert not spectrum.noise[np.abs(spectrum.frequency - 1 / 9.8) < 0.01].any()


def test_correlation_across_lines_of_a_moving_mean():
    """Means of two lines are correlated by 1/2 at lag 1; within 4 jackknife errors, n = 1."""
    white = np.random.default_rng(5).normal(size=(257, 200))
    value, error = correlation_across(measured((white[1:] + white[:-1]) / 2))
    assert np.abs(value - [0.5, 0, 0]).max() < 4 * error.max()
    value, error = correlation_across(measured(white))
    assert np.abs(value).max() < 4 * error.max() < 0.1
