"""Published CGRDN weights, read from the installed tk_r_em package without importing it.

Importing tk_r_em would import TensorFlow, and its own loader fails under Keras 3.
"""

import hashlib
import importlib.metadata
import importlib.util
from dataclasses import dataclass
from pathlib import Path

from restore.cgrdn.graph import CONVOLUTIONS, Weights
from restore.cgrdn.tensor_bundle import (
    bundle_files,
    list_tensor_bundle,
    read_tensor_bundle,
)
from stembench.errors import InputError

PACKAGE = "tk_r_em"
NETWORKS = ("hrstem", "lrstem", "hrsem", "lrsem", "hrtem", "lrtem")
"""The six published networks: high and low resolution, STEM, SEM and TEM."""

_VARIABLE = "layer_with_weights-{}/{}/.ATTRIBUTES/VARIABLE_VALUE"


_HASHED_AT_ONCE = 2**20  # bytes


@dataclass(frozen=True, kw_only=True)
class WeightsIdentity:
    """Provenance of one published network's weights."""

    network: str
    """One of `NETWORKS`."""
    version: str
    """Version of the package that they are from."""
    sha256: str
    """Hash of the checkpoint: its index file and then its data file."""


@dataclass(frozen=True, kw_only=True)
class PublishedWeights(WeightsIdentity):
    """Weights of one published network with their provenance."""

    convolutions: Weights
    """Kernel and bias of every convolution."""


def published_folder() -> Path:
    """Return the folder of the installed tk_r_em package, without importing it.

    Raises
    ------
    stembench.errors.InputError
        When the package is not installed.
    """
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise InputError(
            f"the published CGRDN weights are missing because the package {PACKAGE} is not "
            f"installed; install it with 'pip install {PACKAGE}==1.0.4'"
        )
    return Path(spec.origin).parent


def saved_model_folder(network: str, /) -> Path:
    """Return the folder of one published TensorFlow SavedModel.

    Parameters
    ----------
    network : str
        One of `NETWORKS`.

    Raises
    ------
    stembench.errors.InputError
        When the network is unknown or tk_r_em is not installed.
    """
    if network not in NETWORKS:
        raise InputError(f"unknown CGRDN network '{network}'; known are {', '.join(NETWORKS)}")
    return published_folder() / "models" / f"sfr_{network}"


def _variables(network: str) -> Path:
    """Return the prefix of the files of one network's checkpoint."""
    return saved_model_folder(network) / "variables" / "variables"


def identify_published_weights(network: str, /) -> WeightsIdentity:
    """Hash the weights of one published network and check that they are complete.

    Parameters
    ----------
    network : str
        One of `NETWORKS`.

    Raises
    ------
    stembench.errors.InputError
        When the network is unknown, tk_r_em is not installed, or its files are missing, damaged
        or do not hold a CGRDN.
    """
    prefix = _variables(network)
    tensors = list_tensor_bundle(prefix)
    needed = (
        _VARIABLE.format(number, part)
        for number in range(CONVOLUTIONS)
        for part in ("kernel", "bias")
    )
    missing = next((name for name in needed if name not in tensors), None)
    if missing is not None:
        raise InputError(
            f"the weights {prefix} hold no tensor '{missing}', so they are not those of a CGRDN; "
            f"reinstall {PACKAGE}"
        )
    digest = hashlib.sha256()
    for path in bundle_files(prefix):
        with path.open("rb") as file:
            while block := file.read(_HASHED_AT_ONCE):
                digest.update(block)
    try:
        version = importlib.metadata.version(PACKAGE)
    except importlib.metadata.PackageNotFoundError:
        version = "unknown"  # a folder on the path instead of an installed distribution
    return WeightsIdentity(network=network, version=version, sha256=digest.hexdigest())


def read_published_weights(network: str, /) -> PublishedWeights:
    """Read the weights of one published network.

    Parameters
    ----------
    network : str
        One of `NETWORKS`.

    Raises
    ------
    stembench.errors.InputError
        As `identify_published_weights`.
    """
    identity = identify_published_weights(network)
    tensors = read_tensor_bundle(_variables(network))
    convolutions = {
        number: (
            tensors[_VARIABLE.format(number, "kernel")],
            tensors[_VARIABLE.format(number, "bias")],
        )
        for number in range(CONVOLUTIONS)
    }
    return PublishedWeights(
        network=identity.network,
        version=identity.version,
        sha256=identity.sha256,
        convolutions=convolutions,
    )
