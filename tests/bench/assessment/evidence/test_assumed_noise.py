"""Noise that is assumed: right for independent counts, many or few, and held against the image."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from bench.assessment.evidence.assumed_noise import assumed_noise
from bench.assessment.evidence.image_noise import Estimate, ImageNoise
from noise import trail_with
from stembench.errors import InputError

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
    noise = SimpleNamespace(slope=slope, floor=0.0, origin=0.0)
    return SimpleNamespace(noise=noise, valid=np.ones(model.shape, dtype=bool), model_image=model)


@pytest.mark.parametrize("offset", [0.0, 120.0])
@pytest.mark.parametrize("fast_axis", ["horizontal", "vertical"])
@pytest.mark.parametrize("trailing", [(), (0.9, 0.1)])
def test_gain_and_offset_are_those_of_the_image(offset, fast_axis, trailing) -> None:
    """Also with a response along the lines: the gain within 10 %, 4 of its errors (n = 1 image).

    Differences of 12 bins of 2000 squares, whose errors are 4 to 5 % each, make a slope of 2.5 %.
    Negative control: 0.33 is what a line through 0 has of an image with an offset.
    """
    model = lattice(100.0)
    lines = model.T if fast_axis == "vertical" else model
    left = np.random.default_rng(4).poisson(lines) - lines
    if trailing:
        left = trail_with(left, np.array(trailing))
    image = offset + 3.7 * (model + (left.T if fast_axis == "vertical" else left))
    noise = replace(_UNKNOWN, trailing=trailing)
    fit = fit_of(offset + 3.7 * model, slope=0.33)
    found = assumed_noise(image, fit, noise, fast_axis=fast_axis)
    assert found.gain.value == pytest.approx(3.7, rel=0.1)
    assert found.offset.value == pytest.approx(offset, abs=0.1 * 3.7 * model.mean())
    assert not any("times the variance" in sentence for sentence in found.sentences)
    assert not found.known


@pytest.mark.parametrize(("medians", "gain"), [(48.0, 48.0), (0.4, 50.0)])
@pytest.mark.parametrize("fast_axis", ["horizontal", "vertical"])
def test_medians_are_believed_unless_squares_are_far_above(
    medians, gain, fast_axis, monkeypatch
) -> None:
    """Of 0.4 electrons per pixel most pixels are empty, and medians of differences near 0.

    A squared count of mean m varies by 2 + 1/m relatively; differences overlap: twice as many.
    Without a line of the differences, as where noise does not grow with the level.
    """
    monkeypatch.setattr(
        "bench.assessment.evidence.assumed_noise.difference_line", lambda *_, **__: None
    )
    model = lattice(0.4)
    image = 50.0 * np.random.default_rng(4).poisson(model)
    fit = fit_of(50.0 * model, slope=medians)
    found = assumed_noise(image, fit, _UNKNOWN, fast_axis=fast_axis)
    error = np.sqrt(2 * (2 + 1 / model.mean()) / model.size)
    assert found.gain.value == pytest.approx(gain, rel=4 * error)
    assert not any("times the variance" in sentence for sentence in found.sentences)
    assert not found.known
    assert "an offset above 0 is not told" in found.sentences[0]


def test_of_few_counts_the_line_is_not_below_their_squares() -> None:
    """Of 0.02 electrons per pixel: the variance at the mean level within 4 errors of counts."""
    model = lattice(0.02)
    image = 50.0 * np.random.default_rng(7).poisson(model)
    found = assumed_noise(image, fit_of(50.0 * model, slope=0.4), _UNKNOWN, fast_axis="horizontal")
    level = 50.0 * model.mean()
    error = np.sqrt(2 * (2 + 1 / model.mean()) / model.size)
    drawn = found.gain.value * (level - found.offset.value)
    assert drawn == pytest.approx(50.0 * level, rel=4 * error + 0.1)


def test_noise_that_does_not_grow_with_the_light_is_refused() -> None:
    model = lattice(100.0)
    image = model + np.sqrt(400.0 - model) * np.random.default_rng(8).normal(size=model.shape)
    with pytest.raises(InputError, match="give --gain and --offset"):
        assumed_noise(image, fit_of(model, slope=0.0), _UNKNOWN, fast_axis="horizontal")


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
    assert differences.gain.value != 3.6
    assert differences.sentences[0].startswith("differences of neighbouring pixels suggest")
