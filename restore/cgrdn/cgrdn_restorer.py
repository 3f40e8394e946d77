"""The published CGRDN networks as restorers, on Keras or on ONNX Runtime, or in bfloat16."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from restore.built_in import BuiltIn
from restore.cgrdn.fastest_engine import fastest_engine
from restore.cgrdn.graph import (
    CONVOLUTIONS,
    PUBLISHED,
    STRIDE,
    CgrdnSize,
    Precision,
    Weights,
    build_cgrdn,
    count_parameters,
)
from restore.cgrdn.onnx_graph import encode_cgrdn
from restore.cgrdn.weights import (
    NETWORKS,
    PACKAGE,
    WeightsIdentity,
    identify_published_weights,
    read_published_weights,
)
from restore.networks.bfloat16 import require_bfloat16
from restore.networks.runtimes import (
    Forward,
    has_keras,
    keras_engine,
    keras_forward,
    onnx_engine,
    onnx_session,
    quiet_tensorflow,
)
from restore.networks.standardised import StandardisedNetwork
from restore.restorer import RestorerMetadata, Tiling
from stembench.errors import InputError

Engine = Literal["keras", "onnx", "bf16"]
ENGINES: tuple[Engine, ...] = get_args(Engine)

FLOAT32_ENGINES: tuple[Engine, ...] = ("keras", "onnx")
"""What `cgrdn@auto` chooses from: engines whose results differ by rounding alone."""

TILING = Tiling(whole=1024, tile=1024, margin=240, blend=32, multiple=STRIDE)
"""Windows of a large image; nine of them cover 2048 x 2048 px.

Through 128 convolutions of 3 x 3 at half resolution and four others an output pixel depends on
inputs up to 262 px away. What the margin leaves out of that is below 1e-4 of the result's standard
deviation; docs/restorers.md has the measurement, and what smaller margins would cost.
"""


@dataclass(frozen=True, kw_only=True)
class CgrdnRestorer(StandardisedNetwork):
    """Restorer by one CGRDN network."""

    metadata: RestorerMetadata
    """Identity and properties of the network."""
    tiling: Tiling = TILING


def _onnx_forward(weights: Weights, size: CgrdnSize) -> Forward:
    session = onnx_session(encode_cgrdn(weights, size))

    def forward(image: NDArray[np.float32]) -> NDArray[np.floating]:
        output = session.run(None, {"image": image[None, None]})[0]
        return np.asarray(output[0, 0])

    return forward


def _keras_forward(weights: Weights, dense: Precision, size: CgrdnSize) -> Forward:
    quiet_tensorflow()
    network = keras_forward(build_cgrdn(weights, size, dense=dense))

    def forward(image: NDArray[np.float32]) -> NDArray[np.floating]:
        return np.asarray(network(image[None, :, :, None]))[0, :, :, 0]

    return forward


#: Pixel sizes [Å] of the simulated images that the networks for high resolution were trained on
#: (the paper's Methods, before its three steps of specimens); of the others it states none.
_TRAINED_PIXELS: Final = {"hrstem": (0.025, 0.90), "hrtem": (0.025, 0.90)}


def cgrdn_metadata(network: str, /, *, engine: str | None = None) -> RestorerMetadata:
    """Return the metadata of one published network without building it.

    Parameters
    ----------
    network, engine : str
        As of `load_cgrdn`.

    Raises
    ------
    stembench.errors.InputError
        As `load_cgrdn`.
    """
    used = used_libraries(_name(network), checked_engine(engine))
    return published_metadata(identify_published_weights(network), engine=engine, used=used)


def load_cgrdn(network: str, /, *, engine: str | None = None) -> CgrdnRestorer:
    """Load one published network.

    Parameters
    ----------
    network : str
        One of `restore.cgrdn.weights.NETWORKS`.
    engine : {'keras', 'onnx', 'bf16'}, optional
        Library that does the arithmetic; it becomes part of the name. The first two agree to about
        1e-5 of the output's standard deviation. 'bf16' is Keras with the dense convolutions in
        bfloat16, about 1e-3 away. `default_engine` if none is given.

    Raises
    ------
    stembench.errors.InputError
        When the network or the engine is unknown, the weights or the engine are missing, or
        this machine cannot multiply in bfloat16 (see `restore.networks.bfloat16`).
    """
    chosen = checked_engine(engine)
    used = used_libraries(_name(network), chosen)
    weights = read_published_weights(network)
    metadata = published_metadata(weights, engine=engine, used=used)
    return CgrdnRestorer(metadata=metadata, forward=cgrdn_forward(weights.convolutions, chosen))


def cgrdn_forward(weights: Weights, engine: Engine, size: CgrdnSize = PUBLISHED, /) -> Forward:
    """Return the network with some weights as a function of one standardised image (h, w)."""
    if engine == "onnx":
        return _onnx_forward(weights, size)
    return _keras_forward(weights, precision_of(engine), size)


_ENGINE_VERSIONS: dict[Engine, Callable[[], str]] = {
    "keras": keras_engine,
    "onnx": onnx_engine,
    "bf16": keras_engine,
}


def used_libraries(name: str, engine: Engine) -> str:
    """Return the names and versions of the libraries of an engine that can be had here.

    Parameters
    ----------
    name : str
        Of the restorer, for messages.
    engine : {'keras', 'onnx', 'bf16'}

    Raises
    ------
    stembench.errors.InputError
        When the engine is not installed, or this machine cannot multiply in bfloat16.
    """
    if engine == "bf16":
        require_bfloat16(name)
    return _ENGINE_VERSIONS[engine]()


def fastest_float32_engine() -> str:
    """Return the fastest engine of float32 that is installed; see `fastest_engine`."""
    installed: dict[str, str] = {}
    missing = None
    for engine in FLOAT32_ENGINES:
        try:
            installed[engine] = _ENGINE_VERSIONS[engine]()
        except InputError as error:
            missing = missing or error
    if missing is not None and not installed:
        raise missing
    return fastest_engine(installed)


def default_engine() -> Engine:
    """Return the engine of a network that is named without one.

    Keras where it is installed, on TensorFlow unless KERAS_BACKEND says otherwise: what a GPU
    installation speeds up. ONNX Runtime, which every installation has, where it is not; it is
    faster on a CPU and starts sooner. Measured on two Zen 3 cores, one thread, 256 x 256 px: 2.9 s
    against 4.1 s in TensorFlow. Their results differ by rounding, and metadata state the engine.

    `cgrdn@bf16` has its dense convolutions in bfloat16, on Keras with TensorFlow: another
    precision, and so never chosen unasked; docs/restorers.md has what it saves and what it changes.
    """
    return "keras" if has_keras() else "onnx"


def precision_of(engine: Engine) -> Precision:
    """Return the precision of an engine's dense convolutions."""
    return "bfloat16" if engine == "bf16" else "float32"


def checked_engine(engine: str | None) -> Engine:
    """Return the engine of that name, the default for None; InputError if there is none."""
    if engine is None:
        return default_engine()
    for known in ENGINES:
        if engine == known:
            return known
    raise InputError(f"unknown engine '{engine}' for CGRDN; known are {', '.join(ENGINES)}")


def _name(network: str) -> str:
    """Return a network's name in records; the one for HR-STEM stands for CGRDN."""
    return "cgrdn" if network == "hrstem" else f"cgrdn-{network}"


def _modality(network: str) -> str:
    return f"{network[:2].upper()}-{network[2:].upper()}"


def _label(network: str) -> str:
    return "CGRDN" if network == "hrstem" else f"CGRDN {_modality(network)}"


def published_metadata(
    weights: WeightsIdentity, *, engine: str | None, used: str
) -> RestorerMetadata:
    """Return the metadata of a published network of known weights and libraries."""
    name, label = _name(weights.network), _label(weights.network)
    return RestorerMetadata(
        name=f"{name}@{engine}" if engine else name,
        label=f"{label} ({engine})" if engine else label,
        family="network",
        version=f"{PACKAGE} {weights.version}",
        licence="GPL-3.0-only",
        training_data=(
            f"simulated {_modality(weights.network)} images with modelled noise "
            "(doi:10.1038/s41524-023-01188-0)"
        ),
        input_scale="standardised by each image's own mean and standard deviation",
        weights_sha256=weights.sha256,
        engine=used,
        precision=precision_of(checked_engine(engine)),
        scales_with_counts=True,
        parameters=count_parameters(),
        layers=CONVOLUTIONS,
        smallest_pixel=_TRAINED_PIXELS.get(weights.network, (None, None))[0],
        largest_pixel=_TRAINED_PIXELS.get(weights.network, (None, None))[1],
    )


def _declared(network: str) -> BuiltIn:
    resolution, modality = network[:2], network[2:].upper()
    return BuiltIn(
        name=_name(network),
        summary=(
            f"published CGRDN for {'high' if resolution == 'hr' else 'low'}-resolution {modality}"
        ),
        load=partial(load_cgrdn, network),
        read_metadata=partial(cgrdn_metadata, network),
        label=_label(network),
        family="network",
        aliases=("cgrdn-hrstem",) if network == "hrstem" else (),
        engines=ENGINES,
        fastest_engine=fastest_float32_engine,
    )


RESTORERS: Final = tuple(_declared(network) for network in NETWORKS)
