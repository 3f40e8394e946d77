"""CGRDN tuned to keep columns that are unlike their neighbours: published weights + a difference.

The published weights stay with their package; shipped is what a tuning changed of them.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Final

from restore.built_in import BuiltIn
from restore.cgrdn.cgrdn_restorer import (
    ENGINES,
    CgrdnRestorer,
    cgrdn_forward,
    checked_engine,
    fastest_float32_engine,
    published_metadata,
    used_libraries,
)
from restore.cgrdn.weight_difference import (
    WeightDifference,
    averaged_weights,
    read_difference,
    require_same_weights,
)
from restore.cgrdn.weights import identify_published_weights, read_published_weights
from restore.restorer import RestorerMetadata
from restore.settings import label_with_settings, name_with_settings
from stembench.errors import InputError
from stembench.limits import require

FOLDER: Final = Path(__file__).parent / "data"
"""Of the shipped differences, each named after the restorer that it makes."""
SHIPPED: Final[Mapping[str, str]] = {
    "cgrdn-faithful": "462edaa587aa65cdc799bf69a2c4e0cab516fc1457c6eaa2c607cfca35f31841",
}
"""Restorers that ship, by name, with the SHA-256 of their difference's file."""


@dataclass(frozen=True)
class FaithfulSettings:
    """Place between the published and the tuned weights."""

    share: float = 1.0
    """Weight of the tuned weights in the average, from 0 for the published ones to 1."""

    def __post_init__(self) -> None:
        require(self.share, "share of the tuned weights", low=0, high=1)


def load_tuned(
    path: Path,
    /,
    *,
    name: str,
    engine: str | None = None,
    share: float = FaithfulSettings.share,
    sha256: str | None = None,
) -> CgrdnRestorer:
    """Load a published network with a difference added to its weights.

    Parameters
    ----------
    path : pathlib.Path
        Of a difference that `restore.write_difference` wrote.
    name : str
        Of the restorer, before engine and share.
    engine : {'keras', 'onnx', 'bf16'}, optional
        As of `restore.cgrdn.cgrdn_restorer.load_cgrdn`.
    share : float
        Of the difference, in [0, 1]: 0 gives the published network bit for bit.
    sha256 : str, optional
        Hash that the file must have; any by default.

    Raises
    ------
    stembench.errors.InputError
        If the file is absent, damaged, has another hash, or belongs to other weights than those
        installed; if an engine or the share is impossible.
    """
    settings = FaithfulSettings(share)
    chosen = checked_engine(engine)
    difference, digest = _read(path, sha256)
    weights = averaged_weights(
        read_published_weights(difference.network), difference, share=settings.share
    )
    metadata = _metadata(difference, digest, settings, name=name, engine=engine)
    return CgrdnRestorer(metadata=metadata, forward=cgrdn_forward(weights, chosen))


def tuned_metadata(
    path: Path,
    /,
    *,
    name: str,
    engine: str | None = None,
    share: float = FaithfulSettings.share,
    sha256: str | None = None,
) -> RestorerMetadata:
    """Return the metadata of `load_tuned` for the same arguments, without building the network."""
    difference, digest = _read(path, sha256)
    return _metadata(difference, digest, FaithfulSettings(share), name=name, engine=engine)


def _read(path: Path, sha256: str | None) -> tuple[WeightDifference, str]:
    """Read a difference and the hash of its file."""
    difference = read_difference(path)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    if sha256 is not None and digest != sha256:
        raise InputError(
            f"{path} is not the difference that ships with this version; reinstall stembench"
        )
    return difference, digest


def _metadata(
    difference: WeightDifference,
    digest: str,
    settings: FaithfulSettings,
    *,
    name: str,
    engine: str | None,
) -> RestorerMetadata:
    """Metadata of a tuned network; its hash is the file's, which names the published weights'."""
    weights = identify_published_weights(difference.network)
    require_same_weights(weights, difference)
    used = used_libraries(name, checked_engine(engine))
    plain = published_metadata(weights, engine=None, used=used)
    label = f"{plain.label} faithful"
    return replace(
        plain,
        name=name_with_settings(f"{name}@{engine}" if engine else name, settings),
        label=label_with_settings(f"{label} ({engine})" if engine else label, settings),
        version=f"{plain.version}, tuned",
        training_data=(
            f"{plain.training_data}; its 1 x 1 convolutions then on generated columns unlike their "
            f"neighbours (seed {difference.origin.get('seed', 'unknown')}, "
            f"{difference.origin.get('steps', 'unknown')} steps{_part(difference)})"
        ),
        weights_sha256=digest,
        precision=published_metadata(weights, engine=engine, used=used).precision,
    )


def _part(difference: WeightDifference) -> str:
    """Words on how much of what tuning came to a difference is, where it is not all."""
    share = difference.origin.get("share", 1)
    return "" if share == 1 else f", {share:g} of their change"


def _declared(name: str, sha256: str) -> BuiltIn:
    path = FOLDER / f"{name}.npz"
    return BuiltIn(
        name=name,
        summary="CGRDN for high-resolution STEM, tuned to keep what is unlike its neighbours",
        load=partial(load_tuned, path, name=name, sha256=sha256),
        read_metadata=partial(tuned_metadata, path, name=name, sha256=sha256),
        label="CGRDN faithful",
        family="network",
        engines=ENGINES,
        fastest_engine=fastest_float32_engine,
        settings_type=FaithfulSettings,
    )


def declared_restorers(shipped: Mapping[str, str], /) -> tuple[BuiltIn, ...]:
    """Declare restorers by name and hash of their difference; see `SHIPPED`."""
    return tuple(_declared(name, sha256) for name, sha256 in shipped.items())


RESTORERS: Final = declared_restorers(SHIPPED)
