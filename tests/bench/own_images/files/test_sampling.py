"""The pixel size: what a file states, what the user says, and what cannot be."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, strategies as st

from bench.own_images.files.axes import ANISOTROPY, Axis, PixelSize, pixel_size
from bench.own_images.files.sampling import FOR_COLUMNS, POSSIBLE, known_sampling, spacing_note
from stembench.errors import InputError

_PATH = Path("a.dm4")
_ANGSTROM = {"nm": 10.0, "Å": 1.0, "pm": 0.01, "µm": 1e4}


def _axes(x: float, y: float, unit: str = "nm", other: str | None = None) -> list[Axis]:
    return [Axis(64, y, unit if other is None else other), Axis(64, x, unit)]


class TestStated:
    @given(
        st.floats(0.01, 500).filter(lambda scale: scale != 1.0),
        st.sampled_from(sorted(_ANGSTROM)),
        st.floats(-0.9 * ANISOTROPY, 0.9 * ANISOTROPY),
        st.sampled_from([1, -1]),
    )
    def test_sides_that_agree_within_the_tolerance(
        self, scale: float, unit: str, difference: float, sign: int
    ) -> None:
        size = pixel_size(_axes(scale, sign * scale * (1 + difference), unit))
        sampling = scale * _ANGSTROM[unit] * np.sqrt(1 + difference)
        assert size.sampling == pytest.approx(sampling)
        assert bool(size.note) == (abs(size.x - size.y) > 0.001 * max(size.x, size.y))
        if POSSIBLE[0] <= sampling <= POSSIBLE[1]:
            assert known_sampling(size, None, path=_PATH)[0] == pytest.approx(sampling)

    @given(st.floats(0.01, 10), st.floats(1.03, 30), st.booleans(), st.sampled_from([None, 0.1]))
    def test_pixels_that_are_not_square(
        self, scale: float, ratio: float, swapped: bool, given_: float | None
    ) -> None:
        x, y = (scale * ratio, scale) if swapped else (scale, scale * ratio)
        with pytest.raises(InputError, match="not square") as caught:
            known_sampling(pixel_size(_axes(x, y)), given_, path=_PATH)
        for side in (x, y):
            assert f"{10 * side:.6g}" in str(caught.value)

    def test_units_may_differ_between_sides(self) -> None:
        assert pixel_size(_axes(51, 0.0051, "pm", "nm")).sampling is None
        assert pixel_size(_axes(5.1, 0.0051, "nm", "µm")).sampling == pytest.approx(51)

    @pytest.mark.parametrize(
        ("axes", "message"),
        [
            (_axes(1, 1, ""), "states no pixel size"),
            (_axes(0.0093, 0.0093, ""), "0.0093 without a unit"),
            (_axes(0.2, 0.2, "furlongs per week"), "0.2 furlongs per week"),
            (_axes(0.01, 1, "nm", "px"), "one direction alone"),
            (_axes(0, 0), "no length"),
            (_axes(1, 1), "exactly 1 nm"),
            (_axes(1, 1, "µm"), "exactly 1 µm"),
            (_axes(1e17, 1e17), "1e\\+18 Å per pixel"),
            (_axes(1e-5, 1e-5), "0.0001 Å per pixel"),
        ],
    )
    def test_what_cannot_be_used_is_said_and_asked_for(self, axes, message: str) -> None:
        with pytest.raises(InputError, match=message) as caught:
            known_sampling(pixel_size(axes), None, path=_PATH)
        assert "--sampling" in str(caught.value)
        assert known_sampling(pixel_size(axes), 0.25, path=_PATH)[0] == 0.25

    def test_one_angstrom_is_a_size_like_any_other(self) -> None:
        assert known_sampling(pixel_size(_axes(1, 1, "Å")), None, path=_PATH) == (1.0, [])

    def test_columns_want_finer_pixels(self) -> None:
        size = pixel_size(_axes(87, 87))
        assert known_sampling(size, None, path=_PATH)[0] == 870
        with pytest.raises(InputError, match="870 Å"):
            known_sampling(size, None, path=_PATH, possible=FOR_COLUMNS)


class TestGiven:
    def test_the_users_word_goes_before_the_files(self) -> None:
        sampling, notes = known_sampling(PixelSize(0.3, 0.3, "0.03 nm"), 0.2, path=_PATH)
        assert sampling == 0.2
        assert "states 0.3 Å per pixel (0.03 nm); --sampling 0.2 is taken" in notes[0]

    def test_agreement_needs_no_word(self) -> None:
        assert known_sampling(PixelSize(0.3, 0.3), 0.301, path=_PATH) == (0.301, [])
        assert known_sampling(PixelSize(), 0.3, path=_PATH) == (0.3, [])

    @pytest.mark.parametrize("wrong", [0.0, -1.0, float("nan"), float("inf"), 1.2e-11, 1e-9, 1e9])
    def test_impossible_sampling(self, wrong: float) -> None:
        with pytest.raises(InputError, match="--sampling"):
            known_sampling(PixelSize(0.3, 0.3), wrong, path=_PATH)

    def test_picometres_for_angstrom(self) -> None:
        with pytest.raises(InputError, match=r"10 pm are 0\.1 Å"):
            known_sampling(PixelSize(), 12.0, path=_PATH, possible=FOR_COLUMNS)


def test_spacing() -> None:
    columns = 12.0 * np.stack(np.mgrid[:4, :4], axis=-1).reshape(-1, 2)
    assert spacing_note(columns, 0.2) == ""
    assert "24 Å apart" in spacing_note(columns, 2.0)
    assert "0.12 Å apart" in spacing_note(columns, 0.01)
    assert spacing_note(columns[:1], 2.0) == ""
