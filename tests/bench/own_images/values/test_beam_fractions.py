"""Normalisation to the beam by a scan of the detector."""

from collections.abc import Callable

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


def _placed(*where: tuple[object, float]) -> Callable[[np.ndarray], None]:
    def spoil(scan: np.ndarray) -> None:
        for place, value in where:
            scan[place] = value

    return spoil


def _scattered(number: int, value: float) -> Callable[[np.ndarray], None]:
    at = np.random.default_rng(8).choice(128 * 128, number, replace=False)
    return lambda scan: np.put(scan, at, value)


@pytest.mark.parametrize(
    "spoil",
    [
        _scattered(1, 1e9), _scattered(5, 65535.0), _scattered(400, 20000.0), _scattered(60, 0.0),
        _scattered(5, -6e4), _scattered(9, np.nan), _scattered(9, np.inf),
        _placed((np.s_[50], 6e4)), _placed((np.s_[60:64, 20:24], 6e4)),
        _placed((np.s_[118:122, 8:60], 65535.0)), _placed((np.s_[:12], 0.0)),
        _placed((np.s_[:12], 65535.0)), _placed((np.s_[:9], -1.0), (np.s_[:, -7:], 3e4)),
    ],
    ids=[
        "one far", "five far", "hot", "dead", "negative", "nan", "inf", "line", "spot", "bar",
        "zero border", "far border", "two borders",
    ],
)  # fmt: skip
def test_spoilt_pixels_do_not_move_the_levels(spoil: Callable[[np.ndarray], None]) -> None:
    """They moved the level of the beam by 2 to 98 %, or were refused with another reason.

    At least 3000 pixels of either area, scatter 20: 5 standard errors.
    """
    area = _annulus()
    scan = np.where(area, 3100.0, 700.0) + np.random.default_rng(5).normal(0.0, 20.0, area.shape)
    spoil(scan)
    levels = detector_levels(scan, name="map")
    assert levels.vacuum == pytest.approx(700.0, abs=5 * 20 / np.sqrt(3000))
    assert levels.detector == pytest.approx(3100.0, abs=5 * 20 / np.sqrt(3000))


def test_a_detector_that_is_cut_off_is_refused() -> None:
    """Its level is not known; negative control: counts of a detector without noise in vacuum."""
    rng = np.random.default_rng(5)
    scan = np.where(_annulus(), 3100.0, 700.0) + rng.normal(0.0, 20.0, (128, 128))
    with pytest.raises(InputError, match="cut off"):
        detector_levels(np.minimum(scan, 3000.0), name="map")
    counted = rng.poisson(np.where(_annulus(), 40.0, 0.0)).astype(float)
    levels = detector_levels(counted, name="map")
    assert levels.vacuum == 0.0
    assert levels.detector == pytest.approx(40.0, abs=5 * np.sqrt(40 / 3000))


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
