"""Images in NumPy's .npy and .npz files."""

from pathlib import Path

import numpy as np

from bench.own_images.files.axes import Axis
from bench.own_images.files.dataset import Contents, Dataset, plain
from stembench.errors import InputError


def contents(path: Path) -> Contents:
    """Read the arrays of a .npy or .npz file.

    A number named ``sampling`` in a .npz file is the size of a pixel in Å.
    """
    if path.suffix.lower() == ".npy":
        return Contents([plain(np.load(path, allow_pickle=False))])
    with np.load(path, allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files}
    stated = arrays.pop("sampling", None)
    scale, unit = 1.0, ""
    if stated is not None and stated.size in (1, 2) and stated.dtype.kind in "uif":
        sides = {float(side) for side in stated.ravel()}
        if len(sides) != 1:
            raise InputError(f"{path}: its 'sampling' names two sizes, {sorted(sides)}; give one")
        scale, unit = sides.pop(), "Å"
        if not (np.isfinite(scale) and scale > 0):
            raise InputError(
                f"{path} states a sampling of {scale} Å per pixel, which cannot be; save it with a "
                "positive one, or without"
            )
    datasets = [
        Dataset(
            data,
            tuple(
                Axis(size, scale, unit) if place >= data.ndim - 2 else Axis(size)
                for place, size in enumerate(data.shape)
            ),
            name,
        )
        for name, data in arrays.items()
        if data.ndim >= 2
    ]
    if not datasets:
        raise InputError(f"{path} holds the arrays {', '.join(arrays) or '(none)'}, and no image")
    return Contents(datasets, ordered=False)
