"""Small files that state or unpack huge images: one sentence, and no memory taken."""

import io
import struct
import time
import zipfile
import zlib
from pathlib import Path

import h5py
import numpy as np
import psutil
import pytest
import tifffile

from bench.own_images.files.image_file import read_image
from bench.own_images.files.writers import write_image
from stembench.errors import InputError
from stembench.system import available_memory, memory_cap

_SIDE = 3_000_000  # 9e12 values


def _npy_header(shape: tuple[int, ...]) -> bytes:
    content = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        content, {"descr": "<f8", "fortran_order": False, "shape": shape}
    )
    return content.getvalue()


def _npy(path: Path) -> None:
    path.write_bytes(_npy_header((_SIDE, _SIDE)) + bytes(4096))


def _npy_sparse(path: Path) -> None:
    """As large as it says on disk, where it takes no room."""
    with path.open("wb") as file:
        file.write(_npy_header((_SIDE // 10, _SIDE // 10)))
        file.truncate(file.tell() + 8 * (_SIDE // 10) ** 2)


def _npz(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("image.npy", _npy_header((_SIDE, _SIDE)) + bytes(1 << 20))


def _npz_lying(path: Path) -> None:
    """A directory that states fewer bytes than the entry unpacks to."""
    _npz(path)
    content = bytearray(path.read_bytes())
    start = content.rindex(b"PK\x01\x02")
    content[start + 24 : start + 28] = struct.pack("<I", 256)
    path.write_bytes(content)


def _npz_huge(path: Path) -> None:
    """A directory that states what the header does, over a few bytes."""
    _npz(path)
    content = bytearray(path.read_bytes())
    start = content.rindex(b"PK\x01\x02")
    content[start + 24 : start + 28] = struct.pack("<I", 0xFFFFFFFE)
    path.write_bytes(content)


def _png(path: Path) -> None:
    def chunk(kind: bytes, content: bytes) -> bytes:
        whole = kind + content
        return struct.pack(">I", len(content)) + whole + struct.pack(">I", zlib.crc32(whole))

    header = struct.pack(">IIBBBBB", _SIDE, _SIDE, 8, 0, 0, 0, 0)
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(1000)))
    )


def _tiff(path: Path) -> None:
    tifffile.imwrite(path, np.zeros((16, 16), np.float32))
    with tifffile.TiffFile(path, mode="r+") as file:
        for name in ("ImageWidth", "ImageLength", "RowsPerStrip"):
            file.pages[0].tags[name].overwrite(_SIDE)


def _hdf5(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file.create_dataset("image", shape=(_SIDE, _SIDE), dtype="f4", chunks=(64, 64))


def _hdf5_large_type(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file.create_dataset("image", shape=(1 << 20, 1 << 12), dtype="S4096", chunks=(8, 8))


@pytest.mark.parametrize(
    ("suffix", "make"),
    [
        ("npy", _npy),
        ("npy", _npy_sparse),
        ("npz", _npz),
        ("npz", _npz_lying),
        ("npz", _npz_huge),
        ("png", _png),
        ("tif", _tiff),
        ("h5", _hdf5),
        ("hspy", _hdf5),
        ("emd", _hdf5),
        ("nxs", _hdf5_large_type),
    ],
)
def test_a_bomb_is_one_sentence_and_takes_no_memory(tmp_path, suffix, make):
    path = tmp_path / f"bomb.{suffix}"
    make(path)
    before, begun = psutil.Process().memory_info().rss, time.monotonic()
    with pytest.raises(InputError) as refused:
        read_image(path)
    assert str(path) in str(refused.value)
    assert "\n" not in str(refused.value)
    assert time.monotonic() - begun < 30
    assert psutil.Process().memory_info().rss - before < 5e8


def test_a_bomb_in_an_array_that_is_not_asked_for_is_refused_too(tmp_path):
    path = tmp_path / "a.npz"
    np.savez_compressed(path, image=np.ones((8, 8)))
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("other.npy", _npy_header((_SIDE, _SIDE)))
    with pytest.raises(InputError, match="'other'"):
        read_image(path)


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="Linux alone caps memory")
def test_what_no_header_tells_ends_at_the_cap():
    with memory_cap(200_000_000), pytest.raises(MemoryError):
        np.zeros(100_000_000)
    assert np.zeros(100_000_000).nbytes == 8e8
    assert available_memory() > 1e8


@pytest.mark.parametrize("suffix", ["npy", "npz", "tif"])
def test_what_can_be_held_is_read_as_before(tmp_path, suffix):
    image = np.random.default_rng(1).random((3, 40, 30)).astype(np.float32)
    path = tmp_path / f"a.{suffix}"
    if suffix == "npy":
        np.save(path, image)
    elif suffix == "npz":
        np.savez(path, image=image, sampling=0.2)
    else:
        tifffile.imwrite(path, image, photometric="minisblack")
    there = read_image(path)
    np.testing.assert_array_equal(there.images, image)
    write_image(tmp_path / f"b.{suffix}", there)
    np.testing.assert_array_equal(read_image(tmp_path / f"b.{suffix}").images, image)
