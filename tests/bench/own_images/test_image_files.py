"""A user's files: what is read, what is refused, and with which sentence."""

from pathlib import Path

import numpy as np
import pytest
import tifffile

from bench.own_images.image_files import (
    ImageFile,
    known_sampling,
    read_image,
    read_positions,
    write_image,
)
from stembench.errors import InputError


@pytest.fixture
def image() -> np.ndarray:
    return np.random.default_rng(1).random((12, 17))


class TestRead:
    def test_npy_and_npz(self, tmp_path: Path, image: np.ndarray) -> None:
        np.save(tmp_path / "a.npy", image)
        np.savez(tmp_path / "a.npz", image=image, sampling=0.15, other=np.zeros(3))
        plain, named = read_image(tmp_path / "a.npy"), read_image(tmp_path / "a.npz")
        assert np.array_equal(plain.images[0], image)
        assert plain.sampling is None
        assert not plain.stack
        assert np.array_equal(named.images[0], image)
        assert named.sampling == 0.15

    def test_a_stack_stays_a_stack(self, tmp_path: Path, image: np.ndarray) -> None:
        np.save(tmp_path / "a.npy", np.stack([image, image]).astype(np.uint16))
        assert read_image(tmp_path / "a.npy").stack
        assert read_image(tmp_path / "a.npy").images.shape == (2, 12, 17)

    @pytest.mark.parametrize("suffix", [".tif", ".npy", ".npz"])
    @pytest.mark.parametrize("stack", [False, True])
    def test_round_trip(self, tmp_path: Path, image: np.ndarray, suffix: str, stack: bool) -> None:
        images = np.stack([image, image[::-1]]) if stack else image[None]
        path = tmp_path / f"a{suffix}"
        write_image(path, ImageFile(images, stack=stack, sampling=0.2))
        back = read_image(path)
        assert back.stack == stack
        assert back.images == pytest.approx(images, abs=1e-7)
        assert back.sampling == (None if suffix == ".npy" else pytest.approx(0.2))
        assert [file.name for file in tmp_path.iterdir()] == [path.name]

    def test_plain_tiff_without_calibration(self, tmp_path: Path, image: np.ndarray) -> None:
        tifffile.imwrite(tmp_path / "a.tif", image.astype(np.float32))
        assert read_image(tmp_path / "a.tif").sampling is None

    def test_nanometres_become_angstrom(self, tmp_path: Path, image: np.ndarray) -> None:
        from rsciio.tiff import file_writer

        axes = [
            {"name": n, "size": s, "scale": 0.02, "offset": 0.0, "units": "nm", "navigate": False}
            for n, s in zip("yx", image.shape, strict=True)
        ]
        signal = {
            "data": image,
            "axes": axes,
            "metadata": {"General": {"title": ""}, "Signal": {"signal_type": ""}},
            "original_metadata": {},
        }
        file_writer(str(tmp_path / "a.tif"), signal)
        assert read_image(tmp_path / "a.tif").sampling == pytest.approx(0.2)

    @pytest.mark.parametrize(
        ("name", "write", "message"),
        [
            ("gone.npy", None, "there is no file"),
            ("a.xyz", lambda p: p.write_text("x"), "no format that can be read"),
            ("a.npy", lambda p: p.write_bytes(b"junk"), "cannot be read"),
            ("a.tif", lambda p: p.write_bytes(b"junk"), "cannot be read"),
            ("a.npy", lambda p: np.save(p, np.zeros(5)), "shape"),
            ("a.npy", lambda p: np.save(p, np.zeros((0, 5))), "shape"),
            ("a.npy", lambda p: np.save(p, np.zeros((2, 2), complex)), "complex"),
            ("a.npy", lambda p: np.save(p, np.full((2, 2), np.nan)), "NaN"),
            ("a.npy", lambda p: np.save(p, np.array([[{}]]), allow_pickle=True), "cannot be read"),
            ("a.npz", lambda p: np.savez(p, a=np.zeros((2, 2)), b=np.zeros((2, 2))), "image"),
        ],
    )
    def test_bad_files_are_named(self, tmp_path: Path, name: str, write, message: str) -> None:
        path = tmp_path / name
        if write:
            write(path)
        with pytest.raises(InputError, match=message) as caught:
            read_image(path)
        assert str(path) in str(caught.value)

    def test_an_unknown_extension_is_not_written(self, tmp_path: Path, image: np.ndarray) -> None:
        with pytest.raises(InputError, match=r"\.jpg cannot be written"):
            write_image(tmp_path / "a.jpg", ImageFile(image[None], stack=False, sampling=0.2))
        assert not list(tmp_path.iterdir())


class TestSampling:
    def test_the_users_word_goes_before_the_files(self) -> None:
        assert known_sampling(0.3, 0.2, path=Path("a")) == 0.2
        assert known_sampling(0.3, None, path=Path("a")) == 0.3

    @pytest.mark.parametrize("given", [0.0, -1.0, float("nan"), float("inf")])
    def test_impossible_sampling(self, given: float) -> None:
        with pytest.raises(InputError, match="sampling"):
            known_sampling(0.3, given, path=Path("a"))

    def test_none_at_all(self) -> None:
        with pytest.raises(InputError, match="--sampling"):
            known_sampling(None, None, path=Path("a"))


class TestPositions:
    def test_columns_by_name(self, tmp_path: Path) -> None:
        (tmp_path / "p.csv").write_text("y,x,name\n1,2,a\n3.5,4,b\n")
        assert read_positions(tmp_path / "p.csv").tolist() == [[2, 1], [4, 3.5]]

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            (None, "no file"),
            ("", "cannot be read"),
            ("a,b\n1,2\n", "columns x and y"),
            ("x,y\n", "no positions"),
            ("x,y\n1,\n", "finite"),
            ("x,y\n1,two\n", "cannot be read"),
        ],
    )
    def test_bad_positions_are_named(self, tmp_path: Path, text: str | None, message: str) -> None:
        path = tmp_path / "p.csv"
        if text is not None:
            path.write_text(text)
        with pytest.raises(InputError, match=message):
            read_positions(path)
