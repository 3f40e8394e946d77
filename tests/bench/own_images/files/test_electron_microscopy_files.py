"""MRC, NCEM's EMD and TIA's SER files, written here as their formats' descriptions say.

MRC: A. Cheng et al., J. Struct. Biol. 192, 146 (2015). EMD: emdatasets.com. SER: C. Boothroyd's
description of FEI's series files.
"""

import gc
import struct
from pathlib import Path

import h5py
import numpy as np
import pytest

from bench.own_images.files.image_file import read_image
from bench.own_images.files.sampling import known_sampling
from stembench.errors import InputError

#: Numbers of the MRC format's modes.
MODES = {"int8": 0, "int16": 1, "float32": 2, "complex64": 4, "uint16": 6, "float16": 12}


@pytest.fixture
def image() -> np.ndarray:
    return np.random.default_rng(1).integers(0, 100, (12, 17)).astype(float)


def mrc(
    path: Path, data: np.ndarray, *, pixel: tuple[float, float], order: str = "<", extended: int = 0
) -> None:
    """Write one image, or images along the first axis, with the pixel's sides (x, y) in Å."""
    nz, ny, nx = (1,) * (3 - data.ndim) + data.shape
    values = np.abs(data).astype(np.float64)
    header = bytearray(1024)
    for place, layout, numbers in (
        (0, "4i", (nx, ny, nz, MODES[data.dtype.name])),
        (28, "3i", (nx, ny, nz)),
        (40, "6f", (nx * pixel[0], ny * pixel[1], nz * pixel[0], 90, 90, 90)),
        (64, "3i", (1, 2, 3)),
        (76, "3f", (values.min(), values.max(), values.mean())),
        (92, "i", (extended,)),
        (108, "i", (20140,)),
        (216, "f", (values.std(),)),
    ):
        struct.pack_into(order + layout, header, place, *numbers)
    header[208:216] = b"MAP " + (b"\x44\x44\0\0" if order == "<" else b"\x11\x11\0\0")
    stored = data.astype(data.dtype.newbyteorder(order)).tobytes()
    path.write_bytes(bytes(header) + b"\0" * extended + stored)


# RosettaSciIO's reader of MRC leaves the file to the garbage collector.
@pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
class TestMrc:
    @pytest.fixture(autouse=True)
    def _collected(self):
        """Garbage of one test is not to warn in another."""
        yield
        gc.collect()

    @pytest.mark.parametrize("kind", ["int8", "int16", "uint16", "float16", "float32"])
    def test_numbers_of_every_mode(self, tmp_path: Path, image: np.ndarray, kind: str) -> None:
        mrc(tmp_path / "a.mrc", image.astype(kind), pixel=(0.15, 0.15))
        file = read_image(tmp_path / "a.mrc")
        assert np.array_equal(file.images[0], image)
        assert file.sampling == pytest.approx(0.15, rel=1e-6)

    @pytest.mark.parametrize("extended", [0, 1024])
    def test_stacks_behind_an_extended_header(
        self, tmp_path: Path, image: np.ndarray, extended: int
    ) -> None:
        stack = np.stack([image, 2 * image, 3 * image]).astype(np.int16)
        mrc(tmp_path / "a.mrc", stack, pixel=(0.15, 0.15), extended=extended)
        file = read_image(tmp_path / "a.mrc")
        assert file.stack
        assert np.array_equal(file.images, stack)

    def test_a_file_without_a_cell_has_no_pixel_size(
        self, tmp_path: Path, image: np.ndarray
    ) -> None:
        path = tmp_path / "a.mrc"
        mrc(path, image.astype(np.float32), pixel=(0.0, 0.0))
        file = read_image(path)
        assert file.sampling is None
        assert known_sampling(file.pixel, 0.2, path=path)[0] == 0.2
        with pytest.raises(InputError, match="--sampling"):
            known_sampling(file.pixel, None, path=path)

    def test_sides_that_differ_are_refused(self, tmp_path: Path, image: np.ndarray) -> None:
        path = tmp_path / "a.mrc"
        mrc(path, image.astype(np.float32), pixel=(0.15, 0.2))
        file = read_image(path)
        assert (file.pixel.x, file.pixel.y) == (pytest.approx(0.15), pytest.approx(0.2))
        with pytest.raises(InputError, match="not square"):
            known_sampling(file.pixel, None, path=path)

    def test_transforms_are_no_images(self, tmp_path: Path, image: np.ndarray) -> None:
        mrc(tmp_path / "a.mrc", image.astype(np.complex64), pixel=(0.15, 0.15))
        with pytest.raises(InputError, match="complex"):
            read_image(tmp_path / "a.mrc")

    def test_a_file_cut_short_is_named(self, tmp_path: Path, image: np.ndarray) -> None:
        path = tmp_path / "a.mrc"
        mrc(path, image.astype(np.float32), pixel=(0.15, 0.15))
        path.write_bytes(path.read_bytes()[:-100])
        with pytest.raises(InputError, match=r"a\.mrc"):
            read_image(path)


def emd(path: Path, data: np.ndarray, *, names: str, unit: str) -> None:
    """Write a group of type 1 with the data and a vector of each axis, pixels of 0.02 units."""
    with h5py.File(path, "w") as file:
        file.attrs.update({"version_major": 0, "version_minor": 2})
        group = file.create_group("data/HAADF")
        group.attrs["emd_group_type"] = 1
        group["data"] = data
        for number, (name, size) in enumerate(zip(names, data.shape, strict=True), start=1):
            axis = group.create_dataset(f"dim{number}", data=0.02 * np.arange(size))
            axis.attrs.update({"name": name, "units": "" if name == "z" else unit})


class TestNcemEmd:
    @pytest.mark.parametrize(
        ("unit", "factor"), [("nm", 10.0), ("[n_m]", 10.0), ("Å", 1.0), ("pm", 0.01)]
    )
    def test_images_of_berkeley(
        self, tmp_path: Path, image: np.ndarray, unit: str, factor: float
    ) -> None:
        emd(tmp_path / "a.emd", image, names="yx", unit=unit)
        file = read_image(tmp_path / "a.emd")
        assert np.array_equal(file.images[0], image)
        assert file.sampling == pytest.approx(0.02 * factor)

    @pytest.mark.parametrize(("names", "turned"), [("yx", False), ("xy", True), ("ab", True)])
    def test_names_of_axes_say_which_are_rows(
        self, tmp_path: Path, image: np.ndarray, names: str, turned: bool
    ) -> None:
        """Without them the file's first axis is x, as in files that RosettaSciIO writes."""
        emd(tmp_path / "a.emd", image, names=names, unit="nm")
        expected = image.T if turned else image
        assert np.array_equal(read_image(tmp_path / "a.emd").images[0], expected)

    def test_stacks_of_berkeley(self, tmp_path: Path, image: np.ndarray) -> None:
        stack = np.stack([image, 2 * image, 3 * image])
        emd(tmp_path / "a.emd", stack, names="zyx", unit="nm")
        file = read_image(tmp_path / "a.emd")
        assert np.array_equal(file.images, stack)
        assert file.sampling == pytest.approx(0.2)

    def test_images_that_rosettasciio_writes(self, tmp_path: Path, image: np.ndarray) -> None:
        from rsciio.emd import file_writer

        axes = [
            {"name": n, "size": s, "scale": 0.015, "offset": 0.0, "units": "nm", "navigate": False}
            for n, s in zip("yx", image.shape, strict=True)
        ]
        metadata = {"General": {"title": "HAADF"}, "Signal": {"signal_type": ""}}
        signal = {"data": image, "axes": axes, "metadata": metadata, "original_metadata": {}}
        file_writer(str(tmp_path / "a.emd"), signal)
        file = read_image(tmp_path / "a.emd")
        assert np.array_equal(file.images[0], image)
        assert file.sampling == pytest.approx(0.15)


def ser(path: Path, image: np.ndarray, *, metres: float) -> None:
    """Write one image (uint16) as TIA does: rows from below, calibrated in metres."""
    rows, cols = image.shape
    element = struct.pack("<ddi", 0.0, metres, 0) * 2 + struct.pack("<hii", 2, cols, rows)
    element += image[::-1].astype("<u2").tobytes()
    text = b"Number"
    dimension = struct.pack("<iddi", 1, 0.0, 1.0, 0) + struct.pack("<i", len(text)) + text
    dimension += struct.pack("<i", 0)
    head = 2 + 2 + 2 + 4 + 4 + 4 + 4 + 8 + 4
    offsets = head + len(dimension)
    start = offsets + 16
    file = struct.pack("<hhh", 0x4949, 0x0197, 0x0220)
    file += struct.pack("<iiii", 0x4122, 0x4152, 1, 1) + struct.pack("<qi", offsets, 1)
    file += dimension + struct.pack("<qq", start, start + len(element))
    path.write_bytes(file + element + struct.pack("<hhi", 0x4152, 0, 0))


@pytest.mark.filterwarnings("ignore:.*emi file.*")
def test_a_series_file_of_tia(tmp_path: Path, image: np.ndarray) -> None:
    ser(tmp_path / "a_1.ser", image, metres=1.5e-11)
    file = read_image(tmp_path / "a_1.ser")
    assert np.array_equal(file.images[0], image)
    assert file.sampling == pytest.approx(0.15)
