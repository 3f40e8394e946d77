"""Difference of tuned weights to the published ones: a small file, and weights between the two."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from restore.cgrdn.graph import Weights
from restore.cgrdn.layer_file import read_layers, write_layers
from restore.cgrdn.weights import PublishedWeights, WeightsIdentity
from stembench.errors import InputError
from stembench.limits import require


@dataclass(frozen=True, kw_only=True)
class WeightDifference:
    """What a tuning changed of one published network.

    Attributes
    ----------
    network : str
        One of `restore.cgrdn.weights.NETWORKS`.
    published_sha256 : str
        Hash of the published weights that it belongs to.
    changes : mapping of int to (kernel, bias)
        Tuned less published, by the number of the convolution; what is not named is unchanged.
    origin : mapping
        How it was made, as JSON tells it.
    """

    network: str
    published_sha256: str
    changes: Weights
    origin: Mapping[str, Any]


def difference_of(
    published: PublishedWeights, tuned: Weights, /, *, origin: Mapping[str, Any]
) -> WeightDifference:
    """Return the convolutions in which tuned weights differ from published ones.

    Parameters
    ----------
    published : PublishedWeights
    tuned : mapping of int to (kernel, bias)
        Of all convolutions.
    origin : mapping
        How they were made; plain types.
    """
    changes: dict[int, tuple[NDArray[np.float32], NDArray[np.float32]]] = {}
    for number, (kernel, bias) in published.convolutions.items():
        new_kernel, new_bias = tuned[number]
        change = np.asarray(new_kernel - kernel), np.asarray(new_bias - bias)
        if change[0].any() or change[1].any():
            changes[number] = change
    return WeightDifference(
        network=published.network, published_sha256=published.sha256, changes=changes,
        origin=origin,
    )  # fmt: skip


def combined_difference(
    parts: Sequence[tuple[WeightDifference, float]], /, *, origin: Mapping[str, Any]
) -> WeightDifference:
    """Return a weighted sum of differences: a mean of tunings, or a share of one.

    Parameters
    ----------
    parts : sequence of (WeightDifference, float)
        At least one, with the factor of each.
    origin : mapping
        How the sum was made; plain types.

    Raises
    ------
    stembench.errors.InputError
        If there is none, or two are not differences to the same published weights.
    """
    if not parts:
        raise InputError("no difference to published weights is given; name at least one")
    first = parts[0][0]
    changes: dict[int, tuple[NDArray[np.float32], NDArray[np.float32]]] = {}
    for difference, factor in parts:
        if difference.published_sha256 != first.published_sha256:
            raise InputError(
                f"a difference to '{first.network}' and one to other weights, of "
                f"'{difference.network}', cannot be added; name tunings of one network"
            )
        for number, change in difference.changes.items():
            kernel, bias = (np.float32(factor) * values for values in change)
            if number in changes:
                kernel, bias = changes[number][0] + kernel, changes[number][1] + bias
            changes[number] = kernel, bias
    return WeightDifference(
        network=first.network, published_sha256=first.published_sha256, changes=changes,
        origin=origin,
    )  # fmt: skip


def write_difference(path: Path, difference: WeightDifference, /) -> None:
    """Write a difference as .npz, rounded to float16, whole or not at all.

    Each kernel and bias is divided by its largest change first, so that small ones keep their
    digits: what is read again differs by at most 2^-11 of that.

    Raises
    ------
    stembench.errors.InputError
        If the file cannot be written.
    """
    about = {
        "network": difference.network,
        "published_sha256": difference.published_sha256,
        "origin": dict(difference.origin),
        # A member that lost its name must be missed, not taken for unchanged.
        "convolutions": sorted(difference.changes),
    }
    write_layers(path, difference.changes, about=about)


def read_difference(path: Path, /) -> WeightDifference:
    """Read what `write_difference` wrote.

    Raises
    ------
    stembench.errors.InputError
        If the file is absent, damaged or no difference.
    """
    otherwise = (
        f"{path} is no difference to published weights, or damaged; name another file or "
        "reinstall stembench"
    )

    def numbers(about: Any) -> list[int]:
        if not {"network", "published_sha256", "origin"} <= set(about):
            raise KeyError("a difference says to which weights it is one")
        return [int(number) for number in about["convolutions"]]

    about, changes = read_layers(path, numbers, otherwise=otherwise)
    return WeightDifference(
        network=str(about["network"]), published_sha256=str(about["published_sha256"]),
        changes=changes, origin=about["origin"],
    )  # fmt: skip


def require_same_weights(published: WeightsIdentity, difference: WeightDifference, /) -> None:
    """Raise InputError if a difference is not one to the published weights that are installed."""
    if difference.published_sha256 != published.sha256:
        raise InputError(
            f"the difference is one to other weights than those of '{published.network}' that are "
            "installed; install tk_r_em 1.0.4, or the stembench that goes with these"
        )


def averaged_weights(
    published: PublishedWeights, difference: WeightDifference, /, *, share: float = 1.0
) -> Weights:
    """Return the weights between published (share 0) and tuned (share 1), each averaged.

    Parameters
    ----------
    published : PublishedWeights
    difference : WeightDifference
    share : float
        In [0, 1].

    Raises
    ------
    stembench.errors.InputError
        If the difference is one to other weights, or the share is outside.
    """
    require(share, "share of the tuned weights", low=0, high=1)
    require_same_weights(published, difference)
    step = np.float32(share)
    weights = dict(published.convolutions)
    for number, (kernel, bias) in difference.changes.items():
        plain = weights.get(number)
        if plain is None:
            raise InputError(
                f"the difference changes convolution {number}, which the published network lacks"
            )
        if plain[0].shape != kernel.shape or plain[1].shape != bias.shape:
            raise InputError(
                f"convolution {number} of the difference has another shape than the published one"
            )
        weights[number] = plain[0] + step * kernel, plain[1] + step * bias
    return weights
