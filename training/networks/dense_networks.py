"""CGRDN and GRDN: grouped residual dense networks of any size.

CGRDN is the paper's generator (Fig. 8). GRDN is what it was made from: D.-W. Kim, J. R. Chung and
S.-W. Jung (CVPR workshops 2019, arXiv:1905.11172), here with the growth of the paper, 32; theirs
is 64, which gives 22.0 million parameters instead of 7.0.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from restore import (
    PUBLISHED,
    CgrdnSize,
    KerasOperations,
    Precision,
    Weights,
    build_cgrdn,
    connect_cgrdn,
    connect_group,
)
from training.networks.channel_attention import attended
from training.networks.first_weights import draw_first_weights

_STRIDE = 2


@dataclass(frozen=True, kw_only=True)
class Cgrdn(CgrdnSize):
    """Concatenated grouped residual dense network; the published size unless stated otherwise."""

    @property
    def multiple(self) -> int:
        """Number that height and width must be divisible by."""
        return _STRIDE

    @property
    def heads(self) -> int:
        """Outputs."""
        return 1

    def build(self, rng: np.random.Generator, /, *, precision: Precision = "float32") -> Any:
        """Build the untrained network; see `Generator.build`."""
        import keras

        on = KerasOperations(precision)
        image = keras.Input((None, None, 1), dtype="float32", name="image")
        model = keras.Model(image, connect_cgrdn(on, image, self), name="cgrdn")
        draw_first_weights(model, rng)
        return model

    def build_with(self, weights: Weights, /, *, precision: Precision = "float32") -> Any:
        """Build the network with given weights, such as `restore.read_published_weights` reads.

        Raises
        ------
        ValueError
            When a convolution has weights of another shape.
        KeyError
            When a convolution has no weights.
        """
        return build_cgrdn(weights, self, dense=precision)


def cgrdn_weights(model: Any, /) -> Weights:
    """Return the weights of a CGRDN of `Cgrdn`, as its restorer and its ONNX form take them.

    Parameters
    ----------
    model : keras.Model

    Returns
    -------
    mapping of int to (kernel, bias)
        By the number of the convolution in the order of the data flow, float32.
    """
    layers = [layer for layer in model.layers if layer.name.startswith("conv_")]
    return {
        int(layer.name.removeprefix("conv_")): (
            np.asarray(layer.get_weights()[0], dtype=np.float32),
            np.asarray(layer.get_weights()[1], dtype=np.float32),
        )
        for layer in layers
    }


@dataclass(frozen=True, kw_only=True)
class Grdn:
    """Grouped residual dense network: groups in cascade, without CGRDN's fusion of all of them."""

    features: int = PUBLISHED.features
    growth: int = PUBLISHED.growth
    groups: int = PUBLISHED.groups
    blocks: int = PUBLISHED.blocks
    dense_layers: int = PUBLISHED.dense_layers
    attention: bool = False
    """Channel and spatial attention after the transposed convolution, as its authors have it."""

    def __post_init__(self) -> None:
        _ = self.size  # refuses what is no size

    @property
    def size(self) -> CgrdnSize:
        """Numbers of channels, groups, blocks and layers."""
        return CgrdnSize(
            features=self.features,
            growth=self.growth,
            groups=self.groups,
            blocks=self.blocks,
            dense_layers=self.dense_layers,
        )

    @property
    def multiple(self) -> int:
        """Number that height and width must be divisible by."""
        return _STRIDE

    @property
    def heads(self) -> int:
        """Outputs."""
        return 1

    def build(self, rng: np.random.Generator, /, *, precision: Precision = "float32") -> Any:
        """Build the untrained network; see `Generator.build`."""
        import keras

        on = KerasOperations(precision)
        image = keras.Input((None, None, 1), dtype="float32", name="image")
        y = on.conv(on.conv(image, self.features, 3), self.features, 4, stride=_STRIDE)
        for _ in range(self.groups):
            y = connect_group(on, y, self.size)
        y = on.deconv(y, self.features, 4, stride=_STRIDE)
        if self.attention:
            y = attended(y)
        model = keras.Model(image, on.add(on.conv(y, 1, 3), image), name="grdn")
        draw_first_weights(model, rng)
        return model
