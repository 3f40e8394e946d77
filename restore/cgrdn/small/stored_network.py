"""Weights of a CGRDN of any size as one small file: float16 numbers, and what they are."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from restore.cgrdn.graph import CgrdnSize, Weights
from restore.cgrdn.layer_file import read_layers, write_layers
from stembench.describe import from_dict


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
    about = {"size": asdict(network.size), "origin": dict(network.origin)}
    write_layers(path, network.weights, about=about)


def read_stored_network(path: Path, /) -> StoredNetwork:
    """Read what `write_stored_network` wrote.

    Raises
    ------
    stembench.errors.InputError
        If the file is absent, damaged or no such network.
    """
    otherwise = (
        f"{path} holds no weights of a network, or is damaged; name another file or reinstall "
        "stembench"
    )

    def size(about: Any) -> CgrdnSize:
        return from_dict(CgrdnSize, about["size"], source=str(path))

    def numbers(about: Any) -> range:
        if not isinstance(about["origin"], dict):
            raise TypeError("a network says how it was trained")
        return range(size(about).convolutions)

    about, weights = read_layers(path, numbers, otherwise=otherwise)
    return StoredNetwork(size=size(about), weights=weights, origin=about["origin"])
