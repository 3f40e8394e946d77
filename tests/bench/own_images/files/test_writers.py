"""Writers: what is refused before the work starts, and pixel sizes of every size."""

import errno
import os
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
import tifffile
from hypothesis import given, settings, strategies as st

from bench.own_images.files.image_file import ImageFile, read_image
from bench.own_images.files.sampling import POSSIBLE
from bench.own_images.files.writers import IMAGES, TABLES, require_place, tiff_scale, write_image
from stembench.errors import InputError


@pytest.fixture
def image() -> np.ndarray:
    return np.random.default_rng(1).random((12, 17))


@pytest.mark.parametrize("suffix", [".tif", ".npy", ".npz"])
@pytest.mark.parametrize("stack", [False, True])
def test_round_trip(tmp_path: Path, image: np.ndarray, suffix: str, stack: bool) -> None:
    images = np.stack([image, image[::-1]]) if stack else image[None]
    path = tmp_path / f"a{suffix}"
    write_image(path, ImageFile(images, stack=stack, sampling=0.2))
    back = read_image(path)
    assert back.stack == stack
    assert back.images == pytest.approx(images, abs=1e-7)
    assert back.sampling == (None if suffix == ".npy" else pytest.approx(0.2))
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("suffix", [".tif", ".npz"])
@pytest.mark.parametrize("stack", [False, True])
def test_the_mark_of_a_restored_image_is_kept(tmp_path, image, suffix, stack) -> None:
    path = tmp_path / f"a{suffix}"
    images = np.stack([image, image[::-1]]) if stack else image[None]
    for by, read in (("cgrdn, tk_r_em 1.0.4", None), ("", None), ("my Net\n2 µ", "my Net 2 \\xb5")):
        write_image(path, ImageFile(images, stack=stack, sampling=0.2, restored_by=by))
        back = read_image(path)
        assert back.restored_by == (by if read is None or suffix == ".npz" else read)
        assert back.sampling == pytest.approx(0.2)
        assert back.images == pytest.approx(images, abs=1e-7)


@settings(deadline=None, max_examples=40)
@given(st.floats(np.log(POSSIBLE[0]), np.log(POSSIBLE[1])))
def test_tiff_states_every_pixel_size(log: float) -> None:
    sampling = float(np.exp(log))
    with TemporaryDirectory() as folder:
        path = Path(folder) / "a.tif"
        write_image(path, ImageFile(np.ones((1, 9, 8)), stack=False, sampling=sampling))
        assert read_image(path).sampling == pytest.approx(sampling, rel=2e-6)
        with tifffile.TiffFile(path) as file:  # what ImageJ reads
            pixels, units = file.pages[0].tags["XResolution"].value
            unit = file.imagej_metadata["unit"]
    per = {"pm": 0.01, "angstrom": 1.0, "nm": 10.0, "micron": 1e4, "mm": 1e7}[unit]
    assert units / pixels * per == pytest.approx(sampling, rel=2e-6)


def test_usual_sizes_stay_in_angstrom() -> None:
    assert [tiff_scale(size)[0] for size in (0.02, 0.1, 1.0, 9.9)] == ["Å"] * 4


def test_an_unknown_extension_is_not_written(tmp_path: Path, image: np.ndarray) -> None:
    with pytest.raises(InputError, match=r"\.jpg cannot be written"):
        write_image(tmp_path / "a.jpg", ImageFile(image[None], stack=False, sampling=0.2))
    assert not list(tmp_path.iterdir())


class TestPlaces:
    @pytest.mark.parametrize(
        ("name", "suffixes", "message"),
        [
            ("a.dm4", IMAGES, "name a .tif, .npy or .npz file"),
            ("a", IMAGES, "name a .tif"),
            ("a.xlsx", TABLES, "name a .csv"),
            ("folder.npy", IMAGES, "is a folder"),
            ("gone/a.npy", IMAGES, "there is no folder .*gone"),
            ("in.npy", IMAGES, "is the file that is read"),
        ],
    )
    def test_refused(self, tmp_path: Path, name: str, suffixes, message: str) -> None:
        (tmp_path / "folder.npy").mkdir()
        (tmp_path / "in.npy").touch()
        with pytest.raises(InputError, match=message):
            require_place(tmp_path / name, suffixes, source=tmp_path / "in.npy")
        assert not (tmp_path / "gone").exists()

    def test_a_closed_folder(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def refuse(*_arguments: object, **_options: object) -> int:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(tmp_path))

        monkeypatch.setattr(os, "open", refuse)  # root may write anywhere
        with pytest.raises(InputError, match="Permission denied"):
            require_place(tmp_path / "a.npy", IMAGES)

    def test_an_old_result_may_be_replaced(self, tmp_path: Path) -> None:
        (tmp_path / "a.NPZ").touch()
        require_place(tmp_path / "a.NPZ", IMAGES, source=tmp_path / "in.npy")
