"""Positions in the files of StatSTEM, Atomap and NumPy."""

from pathlib import Path
from typing import Any

import numpy as np

from stembench.arrays import Floats
from stembench.errors import InputError


def from_numpy(path: Path, *, sampling: float | None) -> Floats:  # noqa: ARG001
    """Positions [px] of an array (n, 2) of x and y."""
    return _pairs(np.load(path, allow_pickle=False), path=path)


def from_statstem(path: Path, *, sampling: float | None) -> Floats:
    """Positions [px] of the coordinates [Å] that StatSTEM keeps, fitted ones before start values.

    Its first pixel lies at one pixel size, not at zero.
    """
    from bench.own_images.files.formats.matlab import variables

    read = variables(path)
    structures = {name: value for name, value in read.items() if isinstance(value, dict)}
    order = sorted(structures, key=lambda name: (name != "output", name != "input", name))
    holders: list[dict[str, Any]] = [*(structures[name] for name in order), read]
    coordinates = next(
        (holder["coordinates"] for holder in holders if np.size(holder.get("coordinates", ()))),
        None,
    )
    if coordinates is None:
        raise InputError(f"{path} holds no coordinates of StatSTEM; it has {', '.join(read)}")
    steps = [holder["dx"] for holder in holders if np.size(holder.get("dx", ())) == 1]
    step = float(np.ravel(steps[0])[0]) if steps else sampling
    if not step or not np.isfinite(step):
        raise InputError(f"{path} states no pixel size 'dx' for its coordinates in Å")
    return np.asarray(_pairs(coordinates, path=path) / step - 1.0)


def from_atomap(path: Path, *, sampling: float | None) -> Floats:  # noqa: ARG001
    """Positions [px] of all sublattices that Atomap saved."""
    import h5py

    found: dict[str, Floats] = {}
    with h5py.File(path) as file:

        def collect(name: str, item: Any) -> None:
            if name.rsplit("/", 1)[-1] == "atom_positions" and hasattr(item, "shape"):
                found[name] = np.asarray(item)

        file.visititems(collect)
    if not found:
        raise InputError(f"{path} holds no 'atom_positions' of Atomap")
    return np.concatenate([_pairs(value, path=path) for value in found.values()])


def _pairs(value: Any, *, path: Path) -> Floats:
    """First two columns of an array of real numbers."""
    array = np.asarray(value)
    if array.ndim == 1 and array.size in (2, 3):
        array = array[None]
    turned = array.ndim == 2 and array.shape[0] in (2, 3) and array.shape[1] > 3
    if array.ndim != 2 or array.shape[1] < 2 or array.dtype.kind not in "uif" or turned:
        raise InputError(f"{path} holds an array of shape {array.shape}; (n, 2) is needed")
    return np.asarray(array[:, :2], dtype=np.float64)
