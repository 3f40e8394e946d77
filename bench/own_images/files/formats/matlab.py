"""MATLAB files, StatSTEM's among them, of all versions."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np

from bench.own_images.files.axes import Axis
from bench.own_images.files.dataset import Contents, Dataset, plain
from stembench.errors import InputError

#: What StatSTEM calls the image and the size of a pixel [Å] in its structures.
_OBSERVATION: Final = "obs"
_PIXEL: Final = "dx"


def variables(path: Path) -> dict[str, Any]:
    """Read all variables; structures become dicts.

    Raises
    ------
    InputError
        If the file is damaged, or holds objects of classes, which MATLAB alone can read.
    """
    import scipy.io

    try:
        read = scipy.io.loadmat(path, squeeze_me=True, struct_as_record=False)
    except NotImplementedError:  # version 7.3, an HDF5 file
        return _hdf5(path)
    except Exception as error:  # see bench.own_images.files.image_file.read_image
        raise InputError(f"{path} cannot be read as a MATLAB file: {error}") from error
    found = {name: _plain(value) for name, value in read.items() if not name.startswith("__")}
    if any(type(value).__name__ == "MatlabOpaque" for value in read.values()):
        raise _objects(path)
    return found


def contents(path: Path) -> Contents:
    """Read the images of a MATLAB file; StatSTEM's carry their pixel size."""
    datasets = []
    for name, holder, value in _arrays(variables(path)):
        step: Any = holder.get(_PIXEL, ())
        if name.endswith(_OBSERVATION) and np.size(step) == 1:
            scale = float(np.ravel(step)[0])
            axes = tuple(Axis(size, scale, "Å") for size in value.shape[:2])
            # StatSTEM keeps the images of a stack along the third axis.
            if value.ndim == 3:
                value, axes = np.moveaxis(value, 2, 0), (Axis(value.shape[2]), *axes)
            datasets.append(Dataset(value, axes, name))
        elif value.ndim >= 2 and min(value.shape) > 3:
            datasets.append(plain(value, name))
    if not datasets:
        raise InputError(f"{path} holds no image: no array of two or three axes is in it")
    stated = [dataset for dataset in datasets if dataset.pixel.x is not None]
    return Contents(stated or datasets, ordered=len(stated) == 1)


def _arrays(
    holder: dict[str, Any], prefix: str = ""
) -> Iterator[tuple[str, dict[str, Any], np.ndarray[Any, Any]]]:
    """Name, holder and value of each array of numbers."""
    for name, value in holder.items():
        if isinstance(value, dict):
            yield from _arrays(value, f"{prefix}{name}.")
        elif isinstance(value, np.ndarray) and value.dtype.kind in "buifc" and value.ndim >= 2:
            yield f"{prefix}{name}", holder, value


def _plain(value: Any) -> Any:
    names = getattr(value, "_fieldnames", None)
    return value if names is None else {name: _plain(getattr(value, name)) for name in names}


def _hdf5(path: Path) -> dict[str, Any]:
    import h5py

    try:
        with h5py.File(path) as file:
            if "#subsystem#" in file:
                raise _objects(path)
            return {name: _value(file[name]) for name in file if not name.startswith("#")}
    except OSError as error:
        raise InputError(f"{path} cannot be read as a MATLAB file: {error}") from error


def _value(item: Any) -> Any:
    """Value with MATLAB's order of axes, which HDF5 holds reversed."""
    if hasattr(item, "keys"):
        return {name: _value(item[name]) for name in item}
    value = np.asarray(item).T
    sizes = [size for size in value.shape if size != 1]
    return value.reshape(sizes) if value.dtype.kind in "buifc" else value


def _objects(path: Path) -> InputError:
    return InputError(
        f"{path} holds objects of MATLAB classes, which MATLAB alone can read; save them there as "
        "structures: s = struct(input); save('file.mat', 's')"
    )
