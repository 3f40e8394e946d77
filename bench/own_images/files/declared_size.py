"""What an image file says of its size, read before its content: a small file may unpack to much."""

import math
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np

from stembench.errors import InputError
from stembench.system import available_memory

#: Bytes per value in this program, beside those that the file's own type takes.
_OWN: Final = 8
_PICTURES: Final = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp")


def require_room(path: Path) -> None:
    """Refuse a file whose header states more than can be held, or than the file can hold.

    Raises
    ------
    InputError
    """
    try:
        declared = list(_declared(path))
    except InputError:
        raise
    except Exception:  # of any kind: what is wrong with a header, the reader of the whole file says
        return
    for shape, itemsize in declared:
        need = math.prod(shape) * (itemsize + _OWN)
        if need > available_memory():
            raise InputError(
                f"{path} states {' x '.join(map(str, shape))} values, which take"
                f" {need / 1e9:.3g} GB, more than is free; crop it or use a larger machine"
            )


def want_of_memory(path: Path) -> str:
    """Say that a file took more memory than there was."""
    return (
        f"{path} takes more memory than the {available_memory() / 1e9:.2g} GB that are free; crop"
        " it, or use a larger machine"
    )


def declared_arrays(path: Path) -> dict[str, tuple[int, ...]]:
    """Shapes of the arrays of an .npz file by their name, of which none is read.

    Raises
    ------
    InputError
        If one is larger than the archive says.
    """
    found = {}
    with zipfile.ZipFile(path) as archive:
        for entry in archive.infolist():
            if not entry.filename.endswith(".npy"):
                continue
            with archive.open(entry) as file:
                shape, itemsize = _npy_header(file)
            name = entry.filename.removesuffix(".npy")
            if math.prod(shape) * itemsize > entry.file_size:
                raise InputError(
                    f"{path} is damaged: its array {name!r} states {shape} values, more than the"
                    " archive holds"
                )
            found[name] = shape
    return found


def _declared(path: Path) -> Iterator[tuple[tuple[int, ...], int]]:
    """Shapes and bytes per value of what a file holds; nothing for a header that is not known."""
    suffix = path.suffix.lower()
    if suffix == ".npy":
        with path.open("rb") as file:
            shape, itemsize = _npy_header(file)
            held = path.stat().st_size - file.tell()
        if math.prod(shape) * itemsize > held:
            raise InputError(
                f"{path} is damaged: it states {shape} values, more than the file holds"
            )
        yield shape, itemsize
    elif suffix == ".npz":
        for shape in declared_arrays(path).values():
            yield shape, _OWN
    elif suffix in _PICTURES:
        import PIL.Image

        with PIL.Image.open(path) as picture:
            yield (picture.height, picture.width), len(picture.getbands())
    elif suffix in (".tif", ".tiff"):
        import tifffile

        with tifffile.TiffFile(path) as pages:
            for series in pages.series:
                yield tuple(series.shape), series.dtype.itemsize
    elif _is_hdf5(path):
        yield from _hdf5_shapes(path)


def _npy_header(file: Any) -> tuple[tuple[int, ...], int]:
    version = np.lib.format.read_magic(file)
    read: Any = (
        np.lib.format.read_array_header_1_0
        if version == (1, 0)
        else np.lib.format.read_array_header_2_0
    )
    shape, _, dtype = read(file)
    return tuple(shape), int(dtype.itemsize)


def _is_hdf5(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(8) == b"\x89HDF\r\n\x1a\n"


def _hdf5_shapes(path: Path) -> list[tuple[tuple[int, ...], int]]:
    import h5py

    found: list[tuple[tuple[int, ...], int]] = []

    def note(_name: str, entry: Any) -> None:
        if isinstance(entry, h5py.Dataset) and entry.shape:
            found.append((tuple(entry.shape), int(entry.dtype.itemsize)))

    with h5py.File(path, "r") as file:
        file.visititems(note)
    return found
