"""Images told from spectra, diffraction, colour and channels."""

import numpy as np
import pytest
from hypothesis import given, strategies as st

from bench.own_images.files.axes import Axis
from bench.own_images.files.dataset import Dataset, plain
from bench.own_images.files.kinds import why_no_image

_Y, _X = Axis(32, 0.02, "nm", "y"), Axis(40, 0.02, "nm", "x")
_SIDE = st.integers(5, 40)


def _dataset(*axes: Axis, signal: str = "") -> Dataset:
    return Dataset(np.zeros([axis.size for axis in axes]), axes, signal=signal)


def _spectral(size: int = 100, **change: object) -> Axis:
    return Axis(**{"size": size, "scale": 0.2, "unit": "eV", "name": "Energy", **change})  # type: ignore[arg-type]


@given(_SIDE, _SIDE, st.integers(2, 9), st.integers(0, 3), st.booleans())
def test_axes_of_length_one_do_not_count(
    height: int, width: int, frames: int, place: int, stack: bool
) -> None:
    shape = [frames, height, width] if stack else [height, width]
    shape.insert(min(place, len(shape)), 1)
    assert why_no_image(plain(np.zeros(shape))) == ""


@given(st.integers(5, 60), st.integers(5, 60), st.integers(2, 4))
def test_channels_at_the_end(height: int, width: int, channels: int) -> None:
    problem = why_no_image(plain(np.zeros((height, width, channels))))
    assert f"{channels} channels or frames at the end" in problem


@given(st.integers(2, 16), st.integers(0, 200), st.integers(0, 200))
def test_few_frames_at_the_end_are_no_narrow_images(frames: int, more: int, wider: int) -> None:
    """No image is 16 px wide; negative controls: frames first, and axes that state lengths."""
    least = max(5, 4 * frames)
    sides = (least + more, least + wider)
    assert "frames at the end" in why_no_image(plain(np.zeros((*sides, frames), np.bool_)))
    assert why_no_image(plain(np.zeros((frames, *sides), np.bool_))) == ""
    axes = (Axis(sides[0]), Axis(sides[1], 0.1, "nm"), Axis(max(frames, 5), 0.1, "nm"))
    assert why_no_image(Dataset(np.zeros([a.size for a in axes], np.bool_), axes)) == ""


@pytest.mark.parametrize(
    ("dataset", "problem"),
    [
        (_dataset(Axis(10, 0.17, "nm", "x", True), _spectral(navigate=False)), "spectra ('Energy'"),
        (_dataset(_Y, _X, _spectral(unit="keV", name="")), "spectra (an axis in keV"),
        (_dataset(_spectral(2048, name="Energy loss"), _Y, _X), "'Energy loss'"),
        (_dataset(Axis(67, 20, "nm", "x"), _spectral(unit="nm", name="Wavelength")), "Wavelength"),
        (_dataset(_spectral()), "is a spectrum ("),
        (_dataset(Axis(10, 1, "", "", True), Axis(99, 1, "", "", False)), "line profile"),
        (
            _dataset(Axis(9, navigate=True), Axis(9, navigate=True), Axis(99, navigate=False)),
            "map of spectra",
        ),
        (_dataset(_Y, Axis(99), signal="EELS"), "spectrum (EELS)"),
        (_dataset(Axis(9, 1, "1/nm"), Axis(9, 1, "1/nm")), "diffraction pattern (axes in 1/nm)"),
        (_dataset(Axis(9, 1, "mrad"), Axis(9, 1, "mrad")), "diffraction pattern"),
        (_dataset(Axis(9), Axis(9), signal="electron_diffraction"), "diffraction pattern"),
        (_dataset(Axis(9, 1, "ns"), Axis(9, 0.1, "nm")), "an axis in ns"),
        (_dataset(Axis(9, float("nan"), "nm"), _X), "not evenly spaced"),
        (_dataset(Axis(7), Axis(7), _Y, _X), "has 4 axes, 7 x 7 x 32 x 40"),
        (plain(np.zeros((9, 9), np.complex64)), "complex values (complex64)"),
        (plain(np.zeros((9, 9), [(c, np.uint8) for c in "RGB"])), "colour picture"),
        (plain(np.zeros((9, 9), [(c, np.uint8) for c in "RGBA"])), "colour picture"),
        (plain(np.zeros((9, 9), object)), "type object"),
        (plain(np.zeros((1, 99))), "the shape (1, 99)"),
        (plain(np.zeros((0, 9))), "the shape (0, 9)"),
        (plain(np.zeros((3, 99))), "too small"),
    ],
)  # fmt: skip
def test_what_is_no_image_is_named(dataset: Dataset, problem: str) -> None:
    assert problem in why_no_image(dataset)


@pytest.mark.parametrize(
    "dataset",
    [
        _dataset(_Y, _X),
        _dataset(_Y, _X, signal="CL"),  # a map of light at one wavelength
        _dataset(_Y, _X, signal="EDS_TEM"),  # a map of one element
        _dataset(Axis(8, 0.8, "s", "Time", True), _Y, _X),
        _dataset(Axis(3, 1, "", "color|em-wavelength|channel"), _Y, _X),  # channels of a TIFF
        _dataset(Axis(32, 1, "dpi"), Axis(40, 1, "dpi")),  # --sampling tells what it is
        _dataset(Axis(32, 1, "px", "", True), Axis(40, 1, "px", "", True)),
    ],
)
def test_images_stay_images(dataset: Dataset) -> None:
    assert why_no_image(dataset) == ""
