"""Images as Python has them: paths, arrays, signals of HyperSpy."""

from pathlib import Path
from typing import Any

import numpy as np

from bench.own_images.files.dataset import Contents, plain
from bench.own_images.files.image_file import ImageFile, image_of
from bench.own_images.opened_image import Listener, opened, told_sampling
from stembench.errors import InputError

#: What arrays and signals without a title are called in messages.
_UNNAMED = "the image"


def opened_of(
    image: Any,
    *,
    which: str | None,
    sampling: float | None,
    columns: bool,
    listener: Listener,
) -> tuple[ImageFile, float, str]:
    """Image that is given, its Å/px, and what messages call it.

    Parameters
    ----------
    image : str, Path, array-like of shape (h, w) or (n, h, w), or HyperSpy signal
    which : str or None
        Title or number of the image in a file with several.
    sampling : float or None
        Å/px; None takes what file or signal state.
    columns : bool
        As of `bench.own_images.opened_image.opened`.
    listener : Listener

    Raises
    ------
    InputError
        If it is no image, or its pixel size cannot be used.
    """
    if isinstance(image, str | Path):
        path = Path(image)
        file, pixel = opened(path, which, sampling, columns=columns, listener=listener)
        return file, pixel, str(path)
    if which is not None:
        raise InputError("which chooses an image of a file; leave it out of an array or a signal")
    if hasattr(image, "axes_manager"):
        file, name = _of_signal(image, finite=not columns)
    else:
        array = np.asarray(image)
        if array.dtype.kind not in "biuf":
            raise InputError(f"an image is an array of numbers, not one of {array.dtype}")
        file, name = image_of(Contents([plain(array)]), _UNNAMED, finite=not columns), _UNNAMED
    pixel = told_sampling(file, sampling, name=name, columns=columns, listener=listener)
    return file, pixel, name


def _of_signal(signal: Any, *, finite: bool) -> tuple[ImageFile, str]:
    """Image of a HyperSpy signal, whose axes state its pixel size, and its title."""
    from bench.own_images.files.formats.rosettasciio import dataset_of

    axes = list(signal.axes_manager.as_dictionary().values())
    metadata = signal.metadata.as_dictionary()
    described = {"data": np.asarray(signal.data), "axes": axes, "metadata": metadata}
    name = str(signal.metadata.get_item("General.title") or "") or _UNNAMED
    contents = Contents([dataset_of(described)])
    return image_of(contents, name, finite=finite), name
