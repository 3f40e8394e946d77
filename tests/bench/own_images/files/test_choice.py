"""The choice among the data sets of a file."""

from pathlib import Path

import numpy as np
import pytest

from bench.own_images.files.axes import Axis
from bench.own_images.files.choice import chosen
from bench.own_images.files.dataset import Contents, Dataset, plain
from stembench.errors import InputError

_PATH = Path("a.emd")


def _image(title: str, size: int = 64, scale: float = 0.02) -> Dataset:
    return Dataset(np.zeros((size, size)), (Axis(size, scale, "nm"),) * 2, title)


_FFT = plain(np.zeros((32, 32), np.complex64), "Half FFT")
_SPECTRUM = Dataset(np.zeros((8, 99)), (Axis(8), Axis(99, 0.1, "keV", "Energy")), "EDX")
_VELOX = Contents([_FFT, _image("HAADF"), _SPECTRUM, _image("BF"), _image("DF4")])


def test_the_first_image_is_taken_and_named() -> None:
    dataset, (note,) = chosen(_VELOX, None, path=_PATH)
    assert dataset.title == "HAADF"
    assert note.startswith("data set 2 'HAADF' (64 x 64 px of 0.02 nm) is taken")
    assert "4 'BF' (64 x 64 px" in note
    assert "EDX" not in note


def test_a_single_image_needs_no_word() -> None:
    assert chosen(Contents([_image("HAADF")]), None, path=_PATH)[1] == []


@pytest.mark.parametrize(
    ("wanted", "title"), [("BF", "BF"), ("bf", "BF"), ("4", "BF"), ("2", "HAADF"), (" 5 ", "DF4")]
)
def test_by_title_and_number(wanted: str, title: str) -> None:
    assert chosen(_VELOX, wanted, path=_PATH)[0].title == title


def test_a_title_of_digits_goes_before_a_number() -> None:
    contents = Contents([_image("2"), _image("1")])
    assert chosen(contents, "1", path=_PATH)[0].title == "1"


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ("ADF", "no image 'ADF'.*2 'HAADF'.*3 'EDX' \\(no image\\)"),
        ("0", "no image '0'"),
        ("6", "no image '6'"),
        ("EDX", "is a map or a line of spectra"),
        ("1", "'Half FFT' holds complex values"),
    ],
)
def test_what_cannot_be_chosen(wanted: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        chosen(_VELOX, wanted, path=_PATH)


def test_equal_titles_want_a_number() -> None:
    contents = Contents([_image("BF"), _image("BF", 32)])
    with pytest.raises(InputError, match=r"2 data sets named 'BF'.*1, 2"):
        chosen(contents, "BF", path=_PATH)


def test_a_file_without_an_image_says_what_it_holds() -> None:
    with pytest.raises(InputError, match=r"no image: 1 'Half FFT' holds complex.*2 'EDX' is a map"):
        chosen(Contents([_FFT, _SPECTRUM]), None, path=_PATH)


def test_a_thumbnail_is_no_image_of_its_own() -> None:
    large, small = plain(np.zeros((96, 96))), plain(np.zeros((16, 16)))
    assert chosen(Contents([small, large]), None, path=_PATH)[0] is large
    assert chosen(Contents([small, large]), "1", path=_PATH)[0] is small
    # A small image with a pixel size was meant as one.
    assert chosen(Contents([_image("map", 16), large]), None, path=_PATH)[0].title == "map"


def test_arrays_without_an_order_are_asked_for() -> None:
    arrays = [plain(np.zeros((9, 9)), name) for name in "ab"]
    with pytest.raises(InputError, match=r"2 images, 1 'a'.*--image"):
        chosen(Contents(arrays, ordered=False), None, path=_PATH)
    named = Contents([*arrays, plain(np.zeros((9, 9)), "image")], ordered=False)
    assert chosen(named, None, path=_PATH)[0].title == "image"
