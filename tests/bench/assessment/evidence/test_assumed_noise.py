"""Noise that is assumed: right for independent counts, many or few, and held against the image."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from bench.assessment.evidence.assumed_noise import assumed_noise
from bench.assessment.evidence.image_noise import Estimate, ImageNoise

_NOTHING = Estimate(value=np.nan, low=np.nan, high=np.nan)
_UNKNOWN = ImageNoise(
    gain=_NOTHING, offset=_NOTHING, correlation=(np.nan,) * 6, scan=None, trailing=(), known=False,
    determined=False, reason="the gain is not known", sentences=(),
)  # fmt: skip


def lattice(per_pixel: float) -> np.ndarray:
    y, x = np.mgrid[:160, :160]
    waves = (1 + np.cos(2 * np.pi * x / 13)) * (1 + np.cos(2 * np.pi * y / 13)) / 4
    return per_pixel * (0.2 + 3.2 * waves**2)


def fit_of(model: np.ndarray, *, slope: float) -> Any:
    """What is used of a fit: its model, and the noise that medians of differences tell."""
    noise = SimpleNamespace(slope=slope, floor=0.0)
    return SimpleNamespace(noise=noise, valid=np.ones(model.shape, dtype=bool), model_image=model)


@pytest.mark.parametrize(("medians", "gain"), [(48.0, 48.0), (0.4, 50.0)])
@pytest.mark.parametrize("fast_axis", ["horizontal", "vertical"])
def test_medians_are_believed_unless_squares_are_far_above(medians, gain, fast_axis) -> None:
    """Of 0.4 electrons per pixel most pixels are empty, and medians of differences near 0.

    A squared count of mean m varies by 2 + 1/m relatively; differences overlap: twice as many.
    """
    model = lattice(0.4)
    image = 50.0 * np.random.default_rng(4).poisson(model)
    fit = fit_of(50.0 * model, slope=medians)
    found = assumed_noise(image, fit, _UNKNOWN, fast_axis=fast_axis)
    error = np.sqrt(2 * (2 + 1 / model.mean()) / model.size)
    assert found.gain.value == pytest.approx(gain, rel=4 * error)
    assert not any("times the variance" in sentence for sentence in found.sentences)
    assert not found.known


def test_what_the_noise_does_not_explain_is_said() -> None:
    model = lattice(100.0)
    image = np.random.default_rng(5).poisson(model) + 40.0 * np.sin(np.arange(160) / 9.0)
    found = assumed_noise(image, fit_of(model, slope=1.0), _UNKNOWN, fast_axis="horizontal")
    # 40²/2 beside a mean of 100 * 0.65 electrons or so
    assert any("times the variance" in sentence for sentence in found.sentences)


def test_what_the_image_tells_imprecisely_is_taken_before_differences() -> None:
    """Differences know no offset: of counts of gain 3.7 on an offset of 120 they tell another."""
    model = lattice(100.0)
    image = 120.0 + 3.7 * np.random.default_rng(6).poisson(model)
    own = Estimate(value=3.6, low=2.9, high=4.5), Estimate(value=118.0, low=90.0, high=140.0)
    fit = fit_of(120.0 + 3.7 * model, slope=2.4)
    found = assumed_noise(image, fit, replace(_UNKNOWN, imprecise=own), fast_axis="horizontal")
    assert (found.gain, found.offset) == own
    assert not found.known
    # scatter goes with the root of the gain: (2.9/3.6)^0.5 and (4.5/3.6)^0.5
    assert "0.9 to 1.1 times what is stated" in found.sentences[-1]
    differences = assumed_noise(image, fit, _UNKNOWN, fast_axis="horizontal")
    assert "an offset above 0 is not told" in differences.sentences[0]
    assert differences.gain.value == 2.4
