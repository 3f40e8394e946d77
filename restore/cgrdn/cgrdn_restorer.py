"""The published CGRDN networks as restorers, on Keras or on ONNX Runtime."""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from restore.cgrdn.graph import STRIDE, build_cgrdn
from restore.cgrdn.onnx_graph import encode_cgrdn
from restore.cgrdn.weights import PublishedWeights, read_published_weights
from restore.networks.runtimes import (
    Forward,
    keras_engine,
    keras_forward,
    onnx_runtime,
    onnx_session,
    quiet_tensorflow,
)
from restore.networks.standardised import StandardisedNetwork
from restore.networks.tiling import Tiling
from restore.restorer import RestorerMetadata
from stembench.errors import InputError

Engine = Literal["keras", "onnx"]
ENGINES: tuple[Engine, ...] = get_args(Engine)
DEFAULT_ENGINE: Engine = "keras"
"""Keras, on TensorFlow unless KERAS_BACKEND says otherwise: what a GPU installation speeds up.

ONNX Runtime (`cgrdn@onnx`, an extra) is faster on a CPU and starts sooner. Measured on two Zen 3
cores, one thread, 256 x 256 px: 2.9 s against 4.1 s in TensorFlow.
"""

TILING = Tiling(whole=1024, tile=1024, margin=240, blend=32, multiple=STRIDE)
"""How a large image is cut; nine such windows cover 2048 x 2048 px.

Through 128 convolutions of 3 x 3 at half resolution and four others an output pixel depends on
inputs up to 262 px away. What the margin leaves out of that is below 1e-4 of the result's standard
deviation; docs/restorers.md has the measurement, and what smaller margins would cost.
"""


@dataclass(frozen=True, kw_only=True)
class CgrdnRestorer(StandardisedNetwork):
    """One CGRDN network that restores image by image."""

    metadata: RestorerMetadata
    """What the network is."""
    tiling: Tiling = TILING


def _onnx_forward(weights: PublishedWeights) -> Forward:
    session = onnx_session(encode_cgrdn(weights.convolutions))

    def forward(image: NDArray[np.float32]) -> NDArray[np.floating]:
        output = session.run(None, {"image": image[None, None]})[0]
        return np.asarray(output[0, 0])

    return forward


def _keras_forward(weights: PublishedWeights) -> Forward:
    quiet_tensorflow()
    network = keras_forward(build_cgrdn(weights.convolutions))

    def forward(image: NDArray[np.float32]) -> NDArray[np.floating]:
        return network(image[None, :, :, None])[0, :, :, 0]

    return forward


def load_cgrdn(
    network: str, /, *, name: str | None = None, engine: str = DEFAULT_ENGINE
) -> CgrdnRestorer:
    """Load one published network.

    Parameters
    ----------
    network : str
        One of `restore.cgrdn.weights.NETWORKS`.
    name : str, optional
        Name in records, by default ``cgrdn-<network>``.
    engine : {'keras', 'onnx'}
        What does the arithmetic; the two agree to about 1e-5 of the output's standard deviation.

    Returns
    -------
    CgrdnRestorer

    Raises
    ------
    stembench.errors.InputError
        When the network or the engine is unknown, or the weights or ONNX Runtime are missing.
    """
    if engine not in ENGINES:
        raise InputError(f"unknown engine '{engine}' for CGRDN; known are {', '.join(ENGINES)}")
    weights = read_published_weights(network)
    if engine == "onnx":
        forward = _onnx_forward(weights)
        used = f"onnxruntime {onnx_runtime().__version__}"
    else:
        forward = _keras_forward(weights)
        used = keras_engine()
    metadata = RestorerMetadata(
        name=name or f"cgrdn-{network}",
        version=f"tk_r_em {weights.version}",
        licence="GPL-3.0-only",
        training_data=(
            f"simulated {network[:2].upper()}-{network[2:].upper()} images with modelled noise "
            "(doi:10.1038/s41524-023-01188-0)"
        ),
        input_scale="standardised by each image's own mean and standard deviation",
        weights_sha256=weights.sha256,
        engine=used,
        scales_with_counts=True,
    )
    return CgrdnRestorer(metadata=metadata, forward=forward)
