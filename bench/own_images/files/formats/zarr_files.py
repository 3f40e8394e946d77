"""Images that abTEM wrote, and plain Zarr arrays.

abTEM's own reader would load the whole of abTEM, many seconds, to read one array; the axes stand
in the store's attributes.
"""

from pathlib import Path
from typing import Any, Final

import numpy as np

from bench.own_images.files.axes import Axis
from bench.own_images.files.dataset import Contents, Dataset, plain

_DESCRIPTION: Final = "metadata"


def contents(path: Path) -> Contents:
    """Read the measurements of abTEM, or the arrays, of a Zarr store."""
    import zarr

    store: Any = zarr.open(str(path), mode="r")
    if isinstance(store, zarr.Array):
        return Contents([plain(np.asarray(store[...]))])
    arrays = {
        str(name): np.asarray(item[...])
        for name, item in store.members(max_depth=None)
        if isinstance(item, zarr.Array)
    }
    described = {
        name: store.attrs[name.replace("array", _DESCRIPTION)]
        for name in arrays
        if name.replace("array", _DESCRIPTION) in store.attrs
    }
    if described:
        return Contents([_measurement(arrays[name], found) for name, found in described.items()])
    return Contents([plain(array, name) for name, array in arrays.items()], ordered=False)


def _measurement(array: Any, description: dict[str, Any]) -> Dataset:
    """Measurement of abTEM, which stores x before y."""
    kind = str(description.get("type", ""))
    stated = description.get("axes", {})
    axes = [_axis(size, stated.get(f"axis_{place}", {})) for place, size in enumerate(array.shape)]
    if kind != "Images":
        return Dataset(array, tuple(axes), kind, problem=f"holds {kind}, no image")
    *frames, x, y = axes
    return Dataset(np.swapaxes(array, -1, -2), (*frames, y, x), kind)


def _axis(size: int, stated: dict[str, Any]) -> Axis:
    step = stated.get("sampling")
    return Axis(
        size,
        float(step) if isinstance(step, (int, float)) else 1.0,
        str(stated.get("units") or ""),
        str(stated.get("label") or ""),
    )
