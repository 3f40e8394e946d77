"""Images that abTEM wrote, and plain Zarr arrays."""

from pathlib import Path
from typing import Any

import numpy as np

from bench.own_images.files.axes import Axis
from bench.own_images.files.dataset import Contents, Dataset, plain


def contents(path: Path) -> Contents:
    """Read the measurements of abTEM, or the arrays, of a Zarr store."""
    import zarr

    store: Any = zarr.open(str(path), mode="r")
    if isinstance(store, zarr.Array):
        return Contents([plain(np.asarray(store[...]))])
    if any(name.startswith("metadata") for name in store.attrs):
        return Contents(_measurements(path))
    arrays = [(name, array) for name, array in store.members(max_depth=None)]
    return Contents(
        [plain(np.asarray(a[...]), name) for name, a in arrays if isinstance(a, zarr.Array)],
        ordered=False,
    )


def _measurements(path: Path) -> list[Dataset]:
    import abtem

    read: Any = abtem.from_zarr(str(path))
    return [_dataset(item) for item in (read if isinstance(read, (list, tuple)) else [read])]


def _dataset(item: Any) -> Dataset:
    kind = type(item).__name__
    if getattr(item, "is_lazy", False):
        item = item.compute()
    array = np.asarray(item.array)
    if kind != "Images":
        return Dataset(
            array, tuple(map(Axis, array.shape)), kind, problem=f"holds {kind}, no image"
        )
    x, y = (float(side) for side in item.sampling)
    # abTEM stores x first.
    array = np.swapaxes(array, -1, -2)
    frames = tuple(Axis(size) for size in array.shape[:-2])
    pair = (Axis(array.shape[-2], y, "Å", "y"), Axis(array.shape[-1], x, "Å", "x"))
    return Dataset(array, (*frames, *pair), kind)
