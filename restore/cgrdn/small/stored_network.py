"""Weights of a CGRDN of any size as one small file: float16 numbers, and what they are."""

import json
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from restore.cgrdn.graph import CgrdnSize, Weights
from stembench.atomic_files import replacing
from stembench.describe import from_dict
from stembench.errors import InputError

_PARTS: Final = ("kernel", "bias")


@dataclass(frozen=True, kw_only=True)
class StoredNetwork:
    """A trained CGRDN.

    Attributes
    ----------
    size : CgrdnSize
    weights : mapping of int to (kernel, bias)
        Of every convolution, float32; see `restore.cgrdn.graph.Weights`.
    origin : mapping
        How it was trained, as JSON tells it.
    """

    size: CgrdnSize
    weights: Weights
    origin: Mapping[str, Any]


def write_stored_network(path: Path, network: StoredNetwork, /) -> None:
    """Write a network as .npz, rounded to float16, whole or not at all.

    Each kernel and bias is divided by its largest number first, so that small ones keep their
    digits: what is read again differs by at most 2^-11 of that.

    Raises
    ------
    stembench.errors.InputError
        If the file cannot be written.
    """
    arrays: dict[str, Any] = {}
    for number, layer in network.weights.items():
        for part, values in zip(_PARTS, layer, strict=True):
            scale = np.float32(np.abs(values).max() or 1.0)
            arrays[f"{part}_{number:03d}"] = (values / scale).astype(np.float16)
            arrays[f"{part}_{number:03d}_scale"] = scale
    about = {"size": asdict(network.size), "origin": dict(network.origin)}
    with replacing(path) as temporary, temporary.open("wb") as stream:
        np.savez_compressed(
            stream, allow_pickle=False, about=json.dumps(about, sort_keys=True), **arrays
        )


def read_stored_network(path: Path, /) -> StoredNetwork:
    """Read what `write_stored_network` wrote.

    Raises
    ------
    stembench.errors.InputError
        If the file is absent, damaged or no such network.
    """
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as file:
            about = json.loads(str(file["about"]))
            size = from_dict(CgrdnSize, about["size"], source=str(path))
            weights = {
                number: (_read(file, "kernel", number), _read(file, "bias", number))
                for number in range(size.convolutions)
            }
            return StoredNetwork(size=size, weights=weights, origin=about["origin"])
    except (
        EOFError, OSError, ValueError, KeyError, TypeError, NotImplementedError,
        zipfile.BadZipFile, zlib.error,
    ) as error:  # fmt: skip
        raise InputError(
            f"{path} holds no weights of a network, or is damaged; name another file or reinstall "
            "stembench"
        ) from error


def _read(file: Any, part: str, number: int) -> NDArray[np.float32]:
    name = f"{part}_{number:03d}"
    values: NDArray[np.float32] = file[name].astype(np.float32) * np.float32(file[f"{name}_scale"])
    if not np.isfinite(values).all():
        raise ValueError(f"{name} has values that are no numbers")
    return values
