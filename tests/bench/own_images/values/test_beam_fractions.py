"""Normalisation to the beam by a scan of the detector."""

import numpy as np
import pytest

from bench.own_images.values.beam_fractions import (
    detector_levels,
    require_fractions,
    require_measured_fractions,
)
from stembench.errors import InputError


def _annulus(inner: float = 12, outer: float = 45) -> np.ndarray:
    y, x = np.mgrid[:128, :128] - 63.5
    radius = np.hypot(x, y)
    return (radius > inner) & (radius < outer)


@pytest.mark.parametrize("scatter", [0.0, 20.0, 200.0])
def test_levels_of_an_annulus_are_found(scatter: float) -> None:
    area = _annulus()
    noise = np.random.default_rng(5).normal(0.0, scatter + 1e-9, area.shape)
    levels = detector_levels(np.where(area, 3100.0, 700.0) + noise, name="map")
    # at least 3000 pixels of either area: 5 standard errors
    within = 5 * (scatter + 1e-9) / np.sqrt(3000) + 1e-6
    assert levels.vacuum == pytest.approx(700.0, abs=within)
    assert levels.detector == pytest.approx(3100.0, abs=within)
    assert levels.fractions(np.array([700.0, 1900.0]))[1] == pytest.approx(0.5, abs=0.01)


def test_the_partly_covered_rim_does_not_bias_the_levels() -> None:
    from scipy import ndimage

    blurred = ndimage.gaussian_filter(np.where(_annulus(), 100.0, 0.0), 0.7)
    levels = detector_levels(blurred, name="map")
    assert levels.detector == pytest.approx(100.0, rel=2e-3)
    assert levels.vacuum == pytest.approx(0.0, abs=0.2)


@pytest.mark.parametrize(
    "scan",
    [
        np.full((64, 64), 3.0),
        np.random.default_rng(1).normal(size=(64, 64)),
        np.where(np.arange(4096).reshape(64, 64) == 7, 1e4, 0.0),
        np.where(np.arange(4096).reshape(64, 64) == 7, np.nan, 0.0),
    ],
    ids=["constant", "noise", "spike", "nan"],
)
def test_what_is_no_detector_scan_is_refused(scan: np.ndarray) -> None:
    with pytest.raises(InputError):
        detector_levels(scan, name="map")


def test_values_above_the_beam_are_refused() -> None:
    require_fractions(np.array([0.0, 1.0, np.nan]), name="a")
    require_measured_fractions(np.array([0.0, 1.3]), name="a")
    with pytest.raises(InputError, match="at most 1"):
        require_fractions(np.array([0.0, 1.1]), name="a")
    with pytest.raises(InputError, match="--detector-map"):
        require_measured_fractions(np.array([0.0, 255.0]), name="a")
