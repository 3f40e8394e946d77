"""A small CGRDN that this package trained itself: `stembench-small`, from weights that ship."""

import hashlib
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final

from restore.built_in import BuiltIn
from restore.cgrdn.cgrdn_restorer import (
    ENGINES,
    CgrdnRestorer,
    cgrdn_forward,
    checked_engine,
    fastest_float32_engine,
    precision_of,
    used_libraries,
)
from restore.cgrdn.graph import STRIDE, count_parameters
from restore.cgrdn.small.stored_network import StoredNetwork, read_stored_network
from restore.restorer import RestorerMetadata, Tiling
from stembench.errors import InputError

FOLDER: Final = Path(__file__).parent / "data"
"""Of the weights, each file named after the restorer that it makes."""
SHIPPED: Final[Mapping[str, str]] = {
    "stembench-small": "0b05a95b2bd2cdc90b8175fd670e1d037437ef74c419d5d6e47eebae9010d1ad",
}
"""Restorers that ship, by name, with the SHA-256 of their file."""
TILING: Final = Tiling(whole=1024, tile=1024, margin=72, blend=16, multiple=STRIDE)
"""Windows of a large image: through 32 convolutions of 3 x 3 at half resolution and four others no
output pixel depends on inputs beyond 72 px, so that windows give what the whole image does."""
#: Pixel sizes [Å] of its training pairs: those of the data set HR-STEM.
_TRAINED_PIXELS: Final = (0.025, 0.90)


def load_small(
    path: Path, /, *, name: str, engine: str | None = None, sha256: str | None = None
) -> CgrdnRestorer:
    """Load a CGRDN of its own size from a file.

    Parameters
    ----------
    path : pathlib.Path
        Of what `restore.write_stored_network` wrote.
    name : str
        Of the restorer, before the engine.
    engine : {'keras', 'onnx', 'bf16'}, optional
        As of `restore.cgrdn.cgrdn_restorer.load_cgrdn`.
    sha256 : str, optional
        Hash that the file must have; any by default.

    Raises
    ------
    stembench.errors.InputError
        If the file is absent, damaged or has another hash, or the engine is impossible.
    """
    chosen = checked_engine(engine)
    network, digest = _read(path, sha256)
    metadata = _metadata(network, digest, name=name, engine=engine)
    forward = cgrdn_forward(network.weights, chosen, network.size)
    return CgrdnRestorer(metadata=metadata, forward=forward, tiling=TILING)


def small_metadata(
    path: Path, /, *, name: str, engine: str | None = None, sha256: str | None = None
) -> RestorerMetadata:
    """Return the metadata of `load_small` for the same arguments, without building the network."""
    network, digest = _read(path, sha256)
    return _metadata(network, digest, name=name, engine=engine)


def _read(path: Path, sha256: str | None) -> tuple[StoredNetwork, str]:
    network = read_stored_network(path)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    if sha256 is not None and digest != sha256:
        raise InputError(
            f"{path} is not the network that ships with this version; reinstall stembench"
        )
    return network, digest


def _metadata(
    network: StoredNetwork, digest: str, *, name: str, engine: str | None
) -> RestorerMetadata:
    chosen = checked_engine(engine)
    used = used_libraries(name, chosen)
    return RestorerMetadata(
        name=f"{name}@{engine}" if engine else name,
        label=f"{name} ({engine})" if engine else name,
        family="network",
        version="1",
        licence="GPL-3.0-or-later",
        training_data=(
            f"generated HR-STEM pairs and columns of this package ({_steps(network.origin)})"
        ),
        input_scale="standardised by each image's own mean and standard deviation",
        weights_sha256=digest,
        engine=used,
        precision=precision_of(chosen),
        scales_with_counts=True,
        parameters=count_parameters(network.size),
        layers=network.size.convolutions,
        smallest_pixel=_TRAINED_PIXELS[0],
        largest_pixel=_TRAINED_PIXELS[1],
    )


def _steps(origin: Mapping[str, Any]) -> str:
    """How a network was trained, in words."""
    told = f"recipe {origin.get('recipe', 'unknown')}, {origin.get('steps', 'unknown')} steps"
    begun = origin.get("begun_with")
    return f"{told}, after {_steps(begun)}" if isinstance(begun, Mapping) else told


def _declared(name: str, sha256: str) -> BuiltIn:
    path = FOLDER / f"{name}.npz"
    return BuiltIn(
        name=name,
        summary="small and fast CGRDN, trained by this package for high-resolution STEM",
        load=partial(load_small, path, name=name, sha256=sha256),
        read_metadata=partial(small_metadata, path, name=name, sha256=sha256),
        label=name,
        family="network",
        engines=ENGINES,
        fastest_engine=fastest_float32_engine,
    )


def declared_restorers(shipped: Mapping[str, str], /) -> tuple[BuiltIn, ...]:
    """Declare restorers by name and hash of their file; see `SHIPPED`."""
    return tuple(_declared(name, sha256) for name, sha256 in shipped.items())


RESTORERS: Final = declared_restorers(SHIPPED)
