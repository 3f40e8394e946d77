"""Images of a user's file."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np

from bench.own_images.files.axes import PixelSize
from bench.own_images.files.choice import chosen
from bench.own_images.files.dataset import Contents, Dataset
from bench.own_images.files.declared_size import require_room, want_of_memory
from bench.own_images.files.restored_mark import mark_of
from stembench.arrays import Floats
from stembench.errors import InputError
from stembench.system import available_memory, memory_cap

#: Formats that are folders.
_FOLDERS: Final = (".zarr", ".zspy")


@dataclass(frozen=True)
class ImageFile:
    """An image read from a file, or one to write.

    Attributes
    ----------
    images : ndarray, shape (n, h, w)
    stack : bool
        Whether the file holds a stack; a single image has n = 1.
    sampling : float or None
        Å/px; of a file that was read None if it states none, or not the same for x and y.
    pixel : PixelSize
        What a file that was read states of the size of a pixel.
    notes : list of str
        Sentences on what was chosen in the file.
    restored_by : str
        Restorer that made the image, as the file's mark says; empty for none.
    """

    images: Floats
    stack: bool
    sampling: float | None
    pixel: PixelSize = field(default_factory=PixelSize)
    notes: list[str] = field(default_factory=list)
    restored_by: str = ""


def read_image(path: Path, *, image: str | None = None, finite: bool = True) -> ImageFile:
    """Read an image or a stack from a file of any known format.

    Parameters
    ----------
    path : Path
        .npy, .npz, .mat, .zarr of abTEM, or any format that RosettaSciIO reads.
    image : str or None
        Title or number (from 1) of the image in a file with several; None takes the first.
    finite : bool
        Whether values that are not finite are refused; otherwise such pixels are NaN.

    Raises
    ------
    InputError
        If the file is missing, of an unknown kind, unreadable, larger than memory, holds no image
        or stack of images, or is not finite although it has to be.
    """
    if not path.exists():
        raise InputError(f"there is no file {path}")
    if path.is_dir() and path.suffix.lower() not in _FOLDERS:
        raise InputError(f"{path} is a folder; name an image file in it")
    if path.is_file():
        require_room(path)
    try:
        with memory_cap(available_memory()):
            return _read(path, image=image, finite=finite)
    except MemoryError as error:
        raise InputError(want_of_memory(path)) from error


def _read(path: Path, *, image: str | None, finite: bool) -> ImageFile:
    try:
        contents = _contents(path)
    except (InputError, MemoryError):
        raise
    except Exception as error:  # the readers raise exceptions of any kind
        raise InputError(f"{path} cannot be read as an image: {_sentence(error)}") from error
    return image_of(contents, str(path), image=image, finite=finite, restored_by=mark_of(path))


def image_of(
    contents: Contents,
    name: str,
    *,
    image: str | None = None,
    finite: bool = True,
    restored_by: str = "",
) -> ImageFile:
    """Image or stack of what was read or given.

    Parameters
    ----------
    contents : Contents
    name : str
        What messages call it.
    image, finite
        As of `read_image`.
    restored_by : str
        Restorer that made it, as the file says beside its data sets; empty for none.

    Raises
    ------
    InputError
        If it is no image or stack of images, or is not finite although it has to be.
    """
    dataset, notes = chosen(contents, image, path=name)
    images = _images(dataset)
    usable = np.isfinite(images)
    if not usable.all():
        if finite:
            raise InputError(f"{name} holds NaN or infinite values; replace them first")
        if not usable.any():
            raise InputError(f"{name} holds no finite pixel, NaN or infinite values alone")
        images = np.where(usable, images, np.nan)
        notes = [*notes, f"{int((~usable).sum())} pixels are no finite numbers and are left out"]
    stack = images.ndim == 3
    return ImageFile(
        images if stack else images[None],
        stack=stack,
        sampling=dataset.pixel.sampling,
        pixel=dataset.pixel,
        notes=notes,
        restored_by=restored_by or dataset.restored_by,
    )


def _contents(path: Path) -> Contents:
    suffix = path.suffix.lower()
    if suffix in (".npy", ".npz"):
        from bench.own_images.files.formats import numpy_files

        return numpy_files.contents(path)
    if suffix == ".mat":
        from bench.own_images.files.formats import matlab

        return matlab.contents(path)
    if suffix == ".zarr":
        from bench.own_images.files.formats import zarr_files

        return zarr_files.contents(path)
    from bench.own_images.files.formats import rosettasciio

    return rosettasciio.contents(path)


def _images(dataset: Dataset) -> Floats:
    """Image (h, w) or stack (n, h, w) of a data set, without axes of length 1."""
    array: Any = np.asarray(dataset.data)
    shape = [size for size in array.shape if size != 1]
    return np.asarray(array.reshape(shape), dtype=np.float64)


def _sentence(error: Exception) -> str:
    text = " ".join(str(error).split())
    return f"{type(error).__name__} {text}" if isinstance(error, KeyError) or not text else text
