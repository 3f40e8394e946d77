"""Read and write image files of a user, and read start positions."""

import importlib
import io
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from bench.own_images.declared_size import declared_arrays, require_room, want_of_memory
from stembench.arrays import Floats
from stembench.errors import InputError
from stembench.sealed_files import write_whole
from stembench.system import available_memory, memory_cap

#: Å per unit, for the length units that image files use.
_ANGSTROM: Final = {
    "Å": 1.0,
    "A": 1.0,
    "Angstrom": 1.0,
    "angstrom": 1.0,
    "Ang": 1.0,
    "nm": 10.0,
    "pm": 0.01,
    "µm": 1e4,
    "um": 1e4,
    "μm": 1e4,
    "m": 1e10,
}


@dataclass(frozen=True)
class ImageFile:
    """An image read from a file.

    Attributes
    ----------
    images : ndarray, shape (n, h, w)
    stack : bool
        Whether the file held a stack; a single image has n = 1.
    sampling : float or None
        Å/px as the file states it; None if it states none, or not the same for x and y.
    """

    images: Floats
    stack: bool
    sampling: float | None


def read_image(path: Path) -> ImageFile:
    """Read an image or a stack from .npy, .npz or any file that RosettaSciIO reads.

    Raises
    ------
    InputError
        If the file is missing, of an unknown kind, unreadable, larger than memory, not an image or
        a stack of images, or not finite.
    """
    if not path.is_file():
        raise InputError(f"there is no file {path}")
    require_room(path)
    try:
        with memory_cap(available_memory()):
            return _read(path)
    except MemoryError as error:
        raise InputError(want_of_memory(path)) from error


def _read(path: Path) -> ImageFile:
    suffix = path.suffix.lower()
    sampling = None
    try:
        if suffix == ".npy":
            data: Any = np.load(path, allow_pickle=False)
        elif suffix == ".npz":
            data, sampling = _read_npz(path)
        else:
            data, sampling = _read_rosettasciio(path)
    except (InputError, MemoryError):
        raise
    except Exception as error:  # the readers raise exceptions of any kind
        raise InputError(f"{path} cannot be read as an image: {error}") from error
    return _image_file(data, path, sampling=sampling)


def _image_file(data: Any, path: Path, *, sampling: float | None) -> ImageFile:
    array = np.asarray(data)
    if array.dtype.kind not in "buif":
        raise InputError(f"{path} holds values of type {array.dtype}, not real numbers")
    if array.ndim not in (2, 3) or 0 in array.shape:
        raise InputError(
            f"{path} holds an array of shape {array.shape}; an image (h, w) or a stack (n, h, w)"
            " is needed"
        )
    images = array.astype(np.float64)
    if not np.isfinite(images).all():
        raise InputError(f"{path} holds NaN or infinite values; replace them first")
    stack = images.ndim == 3
    return ImageFile(images if stack else images[None], stack=stack, sampling=sampling)


def _read_npz(path: Path) -> tuple[npt.NDArray[Any], float | None]:
    with np.load(path, allow_pickle=False) as file:
        shapes = declared_arrays(path)
        names = [name for name, shape in shapes.items() if len(shape) in (2, 3)]
        name = "image" if "image" in file.files else names[0] if len(names) == 1 else ""
        if not name:
            raise InputError(
                f"{path} holds the arrays {', '.join(file.files)}; name the one to read 'image'"
            )
        sampling = None
        if math.prod(shapes.get("sampling", (0,))) == 1:
            sampling = float(file["sampling"].reshape(()))
        return file[name], sampling


def _read_rosettasciio(path: Path) -> tuple[npt.NDArray[Any], float | None]:
    from rsciio import IO_PLUGINS

    suffix = path.suffix.lstrip(".").lower()
    readers = [
        plugin["api"]
        for plugin in IO_PLUGINS
        if suffix in [extension.lower() for extension in plugin["file_extensions"]]
    ]
    if not readers:
        raise InputError(
            f"{path} has no format that can be read; give .tif, .dm4, .emd, .mrc, .png, .npy, .npz"
            " or another format that RosettaSciIO reads"
        )
    # Several formats share an extension such as .h5: the first that yields an image is taken.
    problems = []
    for reader in readers:
        try:
            signals = importlib.import_module(reader).file_reader(str(path))
        except MemoryError:
            raise
        except Exception as error:  # see _read
            problems.append(f"{reader.removeprefix('rsciio.')}: {error}")
            continue
        for signal in signals:
            data = np.asarray(signal["data"])
            if data.dtype.names and set(data.dtype.names) >= {"R", "G", "B"}:
                raise InputError(f"{path} is a colour picture; save the intensities as grey values")
            if data.ndim in (2, 3):
                return data, _stated_sampling(signal["axes"][-2:])
        problems.append(f"{reader.removeprefix('rsciio.')}: no image in it")
    raise InputError(f"{path} cannot be read as an image ({'; '.join(problems)})")


def _stated_sampling(axes: list[dict[str, Any]]) -> float | None:
    samplings: set[float] = {
        round(abs(float(axis["scale"])) * _ANGSTROM[axis["units"]], 9)
        for axis in axes
        if axis.get("units") in _ANGSTROM
    }
    if len(samplings) != 1 or len(axes) != 2 or 0.0 in samplings:
        return None
    return samplings.pop()


def known_sampling(stated: float | None, given: float | None, *, path: Path) -> float:
    """Sampling in Å/px: the given one, otherwise that of the file.

    Raises
    ------
    InputError
        If neither is there, or the given one is not positive.
    """
    if given is not None:
        if not (np.isfinite(given) and given > 0):
            raise InputError(f"--sampling must be a positive number of Å per pixel, not {given}")
        return given
    if stated is None:
        raise InputError(f"{path} states no pixel size; give it in Å per pixel with --sampling")
    return stated


def read_positions(path: Path) -> Floats:
    """Start positions (n, 2) as (x, y) in px from a CSV file with columns x and y.

    Raises
    ------
    InputError
        If the file is missing, has no such columns, no rows, or values that are not numbers.
    """
    if not path.is_file():
        raise InputError(f"there is no file {path}")
    try:
        table = pd.read_csv(path)
        positions = table[["x", "y"]].to_numpy(dtype=np.float64)
    except KeyError as error:
        raise InputError(
            f"{path} needs the columns x and y in px; it has {', '.join(map(str, table.columns))}"
        ) from error
    except (ValueError, OSError) as error:
        raise InputError(f"{path} cannot be read as a table of positions: {error}") from error
    if not len(positions):
        raise InputError(f"{path} holds no positions")
    if not np.isfinite(positions).all():
        raise InputError(f"{path} holds positions that are not finite numbers")
    return positions


def write_image(path: Path, image: ImageFile) -> None:
    """Write an image or stack as .npy, .npz (with its sampling) or .tif (float32, calibrated).

    Raises
    ------
    InputError
        If the extension is another one, or the file cannot be written.
    """
    suffix = path.suffix.lower()
    if suffix not in (".npy", ".npz", ".tif", ".tiff"):
        raise InputError(f"{path} cannot be written; name a .tif, .npy or .npz file")
    data = image.images if image.stack else image.images[0]
    content = io.BytesIO()  # whole before the file is begun: no writer is left with half of it
    if suffix == ".npy":
        np.save(content, data, allow_pickle=False)
    elif suffix == ".npz":
        np.savez_compressed(
            content, allow_pickle=False, image=data, sampling=np.array(image.sampling)
        )
    else:
        _write_tiff(content, data, sampling=image.sampling)
    write_whole(path, content.getvalue())


def _write_tiff(content: io.BytesIO, data: Floats, *, sampling: float | None) -> None:
    from rsciio.tiff import file_writer

    names = ["z", "y", "x"][-data.ndim :]
    axes = [
        {
            "name": name,
            "size": size,
            "offset": 0.0,
            "scale": sampling if sampling and name != "z" else 1.0,
            "units": "Å" if sampling and name != "z" else None,
            "navigate": name == "z",
        }
        for name, size in zip(names, data.shape, strict=True)
    ]
    signal = {
        "data": data.astype(np.float32),
        "axes": axes,
        "metadata": {"General": {"title": ""}, "Signal": {"signal_type": ""}},
        "original_metadata": {},
    }
    file_writer(content, signal)
