"""The published CGRDN weights: found in the installed tk_r_em package, which is never imported.

Importing tk_r_em would import TensorFlow, and its own loader fails under Keras 3.
"""

import hashlib
import importlib.metadata
import importlib.util
from dataclasses import dataclass
from pathlib import Path

from restore.cgrdn.graph import CONVOLUTIONS, Weights
from restore.cgrdn.tensor_bundle import read_tensor_bundle
from stembench.errors import InputError

PACKAGE = "tk_r_em"
NETWORKS = ("hrstem", "lrstem", "hrsem", "lrsem", "hrtem", "lrtem")
"""The six published networks: high and low resolution, STEM, SEM and TEM."""

_VARIABLE = "layer_with_weights-{}/{}/.ATTRIBUTES/VARIABLE_VALUE"


@dataclass(frozen=True)
class PublishedWeights:
    """One published network's weights and where they are from."""

    network: str
    """One of `NETWORKS`."""
    version: str
    """Version of the package that they were read from."""
    sha256: str
    """Hash of the checkpoint: its index file and then its data file."""
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


def read_published_weights(network: str, /) -> PublishedWeights:
    """Read the weights of one published network.

    Parameters
    ----------
    network : str
        One of `NETWORKS`.

    Returns
    -------
    PublishedWeights

    Raises
    ------
    stembench.errors.InputError
        When the network is unknown, tk_r_em is not installed, or its files are missing, damaged
        or do not hold a CGRDN.
    """
    prefix = saved_model_folder(network) / "variables" / "variables"
    tensors = read_tensor_bundle(prefix)
    digest = hashlib.sha256()
    for ending in (".index", ".data-00000-of-00001"):
        digest.update(prefix.with_name(prefix.name + ending).read_bytes())
    try:
        convolutions = {
            number: (
                tensors[_VARIABLE.format(number, "kernel")],
                tensors[_VARIABLE.format(number, "bias")],
            )
            for number in range(CONVOLUTIONS)
        }
    except KeyError as error:
        raise InputError(
            f"the weights {prefix} hold no tensor {error}, so they are not those of a CGRDN; "
            f"reinstall {PACKAGE}"
        ) from error
    try:
        version = importlib.metadata.version(PACKAGE)
    except importlib.metadata.PackageNotFoundError:
        version = "unknown"  # a folder on the path instead of an installed distribution
    return PublishedWeights(
        network=network, version=version, sha256=digest.hexdigest(), convolutions=convolutions
    )
