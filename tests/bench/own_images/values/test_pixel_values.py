"""What values of an own image stand for: said, refused, or told with the assumption."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from bench.own_images.values.pixel_values import (
    PixelValues,
    electron_scale,
    noise_over_poisson,
    why_not_electrons,
)
from stembench.errors import InputError


def _lattice(peak: float = 30.0, background: float = 5.0, size: int = 128) -> np.ndarray:
    y, x = np.mgrid[:size, :size]
    image = np.full((size, size), background)
    for cy in range(6, size, 12):
        for cx in range(6, size, 12):
            image += peak * np.exp(-((x - cx) ** 2 + (y - cy) ** 2) / (2 * 2.5**2))
    return image


def _counts(seed: int, **options: float) -> np.ndarray:
    clean = _lattice(**options)
    return np.random.default_rng(seed).poisson(clean).astype(float)[None]


@pytest.mark.parametrize("peak", [1.0, 30.0, 800.0])
def test_electrons_are_taken_for_electrons(peak: float) -> None:
    images = _counts(3, peak=peak, background=0.2 * peak)
    assert why_not_electrons(images) == ""
    # 64 blocks; the variance of a block's variance is about 2 / 256 x 2 (correlated differences)
    if peak <= 30:
        assert noise_over_poisson(images, axis=-1) == pytest.approx(1.0, abs=0.1)


@settings(deadline=None, max_examples=25)
@given(
    scale=st.one_of(st.floats(1e-6, 0.1), st.floats(25.0, 1e5)),
    seed=st.integers(0, 1000),
)
def test_scaled_counts_are_told_from_counts(scale: float, seed: int) -> None:
    assert why_not_electrons(_counts(seed) * scale)


def test_offset_and_normalised_values_are_told_from_counts() -> None:
    counts = _counts(1)
    assert "negative" in why_not_electrons(counts - 50)
    assert "negative" in why_not_electrons(counts - 1000)
    assert why_not_electrons((counts - counts.min()) / np.ptp(counts))
    assert why_not_electrons(counts + 1000)
    assert why_not_electrons(np.full((1, 20, 20), np.nan)) == "no pixel is finite"


def test_spikes_and_holes_do_not_decide() -> None:
    counts = _counts(2)
    counts[0, 5, 5] = 1e7
    counts[0, 60:70, 60:70] = np.nan
    assert why_not_electrons(counts) == ""


def test_small_images_are_not_judged_by_noise() -> None:
    assert why_not_electrons(np.full((1, 3, 3), 5.5)) == ""


def test_a_restorer_on_electrons_refuses_others_and_says_what_it_assumes() -> None:
    known = {"sampling": 0.1, "restorer": "nlm"}
    scale, note = electron_scale(_counts(1), PixelValues(), scales_with_counts=False, **known)
    assert scale.gain == 1
    assert scale.offset == 0
    assert "taken for electrons" in note
    with pytest.raises(InputError, match="--gain and --offset"):
        electron_scale(_counts(1) / 200, PixelValues(), scales_with_counts=False, **known)
    _, silent = electron_scale(_counts(1) / 200, PixelValues(), scales_with_counts=True, **known)
    assert silent == ""
    _, doubt = electron_scale(_counts(1) / 200, PixelValues(), scales_with_counts=None, **known)
    assert "do not look like" in doubt


@given(
    gain=st.floats(1e-3, 1e4), offset=st.floats(-1e4, 1e4), electrons=st.floats(0, 1e4)
)  # fmt: skip
def test_gain_and_offset_go_there_and_back(gain: float, offset: float, electrons: float) -> None:
    scale = PixelValues(gain=gain, offset=offset).scale(sampling=0.1)
    assert scale is not None
    values = np.array([electrons * gain + offset])
    error = 1e-9 * (1 + abs(offset) / gain)
    assert scale.electrons(values)[0] == pytest.approx(electrons, abs=error, rel=1e-9)
    assert scale.values(scale.electrons(values))[0] == pytest.approx(values[0], abs=1e-6)


def test_fractions_become_electrons_by_the_dose() -> None:
    scale = PixelValues(fraction=True, dose=500.0).scale(sampling=0.2)
    assert scale is not None
    assert scale.electrons(np.array([0.5]))[0] == pytest.approx(0.5 * 500 * 0.04)
    with pytest.raises(InputError, match="--dose"):
        PixelValues(fraction=True).scale(sampling=0.2)


@pytest.mark.parametrize(
    "said",
    [
        {"gain": 0.0}, {"gain": -1.0}, {"gain": np.nan}, {"offset": np.inf, "gain": 1.0},
        {"dose": 0.0}, {"offset": 5.0}, {"counts": True, "fraction": True},
        {"counts": True, "gain": 2.0},
    ],
)  # fmt: skip
def test_impossible_statements_are_refused(said: dict[str, float]) -> None:
    with pytest.raises(InputError):
        PixelValues(**said)  # type: ignore[arg-type]


@pytest.mark.parametrize("shape", [(1, 12, 12), (2, 5, 40), (1, 40, 17), (3, 1, 1)])
def test_images_smaller_than_a_block_tell_nothing_of_their_noise(shape: tuple[int, ...]) -> None:
    images = np.random.default_rng(3).poisson(20.0, shape).astype(np.float64)
    assert np.isnan(noise_over_poisson(images, axis=-1))
