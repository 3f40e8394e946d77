"""The CGRDN network: its graph, written once, and its form as a Keras 3 functional model.

CGRDN is the concatenated grouped residual dense network of I. Lobato, T. Friedrich and
S. Van Aert (npj Comput. Mater. 10, 10 (2024), doi:10.1038/s41524-023-01188-0), the generator of
the published restoration weights. What stands here is the network between the two normalisations:
it maps a standardised image to a standardised image; `restore.networks.normalisation` does the
rest.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Final, Literal, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from stembench.limits import require

GROUPS = 4
"""Grouped residual dense blocks (GRDB) in cascade."""
BLOCKS = 4
"""Residual dense blocks (RDB) in each group."""
DENSE_LAYERS = 8
"""Densely connected convolutions in each RDB."""
FEATURES = 64
"""Channels between the blocks."""
GROWTH = 32
"""Channels that each dense convolution adds."""
STRIDE = 2
"""The blocks work at half the image's resolution, so that height and width must be even."""


@dataclass(frozen=True, kw_only=True)
class CgrdnSize:
    """Size of a CGRDN; the published networks' unless stated otherwise.

    The paper's size series (supplement) varies `growth` and `dense_layers`.
    """

    features: int = FEATURES
    growth: int = GROWTH
    groups: int = GROUPS
    blocks: int = BLOCKS
    dense_layers: int = DENSE_LAYERS

    def __post_init__(self) -> None:
        for field in fields(self):
            require(getattr(self, field.name), f"{field.name} of a CGRDN", low=1)

    @property
    def convolutions(self) -> int:
        """Layers with weights."""
        return 2 + self.groups * (self.blocks * (self.dense_layers + 1) + 1) + 1 + 2


PUBLISHED: Final = CgrdnSize()
"""Size of the six published networks."""
CONVOLUTIONS = PUBLISHED.convolutions
"""Layers with weights of a published network."""

Precision = Literal["float32", "bfloat16", "mixed_bfloat16"]
"""Of the dense convolutions' multiplications; all else is float32.

Mixed is for training: the weights are kept in float32, where small steps are not rounded away.
"""

Weights = Mapping[int, tuple[NDArray[np.float32], NDArray[np.float32]]]
"""Kernel and bias of each convolution, by its number in the order of the data flow, from 0.

Kernels are stored in the order (rows, columns, channels in, channels out), the transposed
convolution's with its last two axes swapped.
"""

T = TypeVar("T")


class Operations(Protocol[T]):
    """The operations of the graph on tensors of type T; each convolution takes the next number."""

    def conv(self, x: T, /, channels: int, size: int, *, stride: int = 1, relu: bool = False) -> T:
        """Return the zero-padded ("same") convolution of `x` with bias."""
        ...

    def deconv(self, x: T, /, channels: int, size: int, *, stride: int) -> T:
        """Return the transposed convolution of `x` with bias, which undoes a stride."""
        ...

    def concatenate(self, parts: Sequence[T], /) -> T:
        """Return `parts` joined along their channels."""
        ...

    def add(self, a: T, b: T, /) -> T:
        """Return the sum of two tensors of one shape."""
        ...


class Block(Protocol[T]):
    """How a residual dense block is connected: its convolutions take the next numbers."""

    def __call__(self, on: Operations[T], x: T, size: CgrdnSize, /) -> T:
        """Return the block's output, of the shape of `x`."""
        ...


def residual_dense_block(on: Operations[T], x: T, size: CgrdnSize, /) -> T:
    """RDB: each convolution sees the block's input and the outputs of all before it."""
    features = x
    for _ in range(size.dense_layers):
        features = on.concatenate([features, on.conv(features, size.growth, 3, relu=True)])
    return on.add(on.conv(features, size.features, 1), x)


def connect_group(
    on: Operations[T],
    x: T,
    /,
    size: CgrdnSize = PUBLISHED,
    *,
    block: Block[T] = residual_dense_block,
) -> T:
    """Connect a grouped residual dense block (GRDB) to `x`.

    Parameters
    ----------
    on : Operations
    x : tensor
        Of `size.features` channels.
    size : CgrdnSize
        `groups` is not used.
    block : callable
        Connects a residual dense block; by default operation by operation.

    Returns
    -------
    tensor
        Of the same shape: blocks in cascade, fused from all their outputs, + `x`.
    """
    outputs = []
    y = x
    for _ in range(size.blocks):
        y = block(on, y, size)
        outputs.append(y)
    return on.add(on.conv(on.concatenate(outputs), size.features, 1), x)


def connect_cgrdn(
    on: Operations[T],
    image: T,
    /,
    size: CgrdnSize = PUBLISHED,
    *,
    block: Block[T] = residual_dense_block,
) -> T:
    """Connect the whole graph to `image`.

    Parameters
    ----------
    on : Operations
        What a convolution, a concatenation and a sum are.
    image : tensor
        Standardised images with one channel, of even height and width.
    size : CgrdnSize
    block : callable
        Connects a residual dense block; by default operation by operation.

    Returns
    -------
    tensor
        Standardised restored images, of the same shape.

    Notes
    -----
    3x3 convolution, 4x4 convolution of stride 2 giving F0, GRDB in cascade, their outputs
    concatenated and fused by a 1x1 convolution, + F0, transposed 4x4 convolution of stride 2,
    3x3 convolution to one channel, + the image. Only the dense convolutions have a ReLU.
    """
    width = size.features
    shallow = on.conv(on.conv(image, width, 3), width, 4, stride=STRIDE)
    outputs = []
    y = shallow
    for _ in range(size.groups):
        y = connect_group(on, y, size, block=block)
        outputs.append(y)
    y = on.add(on.conv(on.concatenate(outputs), width, 1), shallow)
    y = on.conv(on.deconv(y, width, 4, stride=STRIDE), 1, 3)
    return on.add(y, image)


class _ParameterCount:
    """The graph's operations on numbers of channels, counting kernels and biases on the way."""

    def __init__(self) -> None:
        self.parameters = 0

    def conv(
        self, x: int, /, channels: int, size: int, *, stride: int = 1, relu: bool = False
    ) -> int:
        del stride, relu
        self.parameters += x * channels * size**2 + channels
        return channels

    def deconv(self, x: int, /, channels: int, size: int, *, stride: int) -> int:
        return self.conv(x, channels, size, stride=stride)

    def concatenate(self, parts: Sequence[int], /) -> int:
        return sum(parts)

    def add(self, a: int, b: int, /) -> int:
        # A greyscale image is added to an output of one channel, features to features.
        return max(a, b)


def count_parameters(size: CgrdnSize = PUBLISHED, /) -> int:
    """Return the number of trained numbers, kernels and biases, without building the network."""
    count = _ParameterCount()
    connect_cgrdn(count, 1, size)
    return count.parameters


class KerasOperations:
    """The graph's operations as Keras layers; channels last, whatever keras.json says.

    `numbered` has the layers with weights in the order of the data flow. Their weights are zero
    until they are set: what a network starts from is the business of whoever builds it.

    The dense convolutions, which alone have a ReLU, may be of low precision: nearly all of the
    work is theirs. What leaves a block is summed in float32, so that the residual stream is not
    rounded at every block.
    """

    def __init__(self, dense: Precision = "float32") -> None:
        import keras

        self._layers = keras.layers
        self._dense = dense
        self.numbered: list[Any] = []

    def _settings(self, size: int, stride: int, precision: Precision) -> dict[str, Any]:
        return {
            "kernel_size": size,
            "strides": stride,
            "padding": "same",
            "data_format": "channels_last",
            "dtype": precision,
            "kernel_initializer": "zeros",
            "name": f"conv_{len(self.numbered):03d}",
        }

    def conv(
        self, x: Any, /, channels: int, size: int, *, stride: int = 1, relu: bool = False
    ) -> Any:
        """Return the convolution of `x`; see `Operations`."""
        settings = self._settings(size, stride, self._dense if relu else "float32")
        layer = self._layers.Conv2D(channels, activation="relu" if relu else None, **settings)
        self.numbered.append(layer)
        return layer(x)

    def deconv(self, x: Any, /, channels: int, size: int, *, stride: int) -> Any:
        """Return the transposed convolution of `x`; see `Operations`."""
        layer = self._layers.Conv2DTranspose(channels, **self._settings(size, stride, "float32"))
        self.numbered.append(layer)
        return layer(x)

    def concatenate(self, parts: Sequence[Any], /) -> Any:
        """Return `parts` joined along their channels."""
        # Each output of a dense convolution goes into the next one's input.
        dense = any(part.dtype == "bfloat16" for part in parts)
        return self._layers.Concatenate(axis=-1, dtype=self._dense if dense else "float32")(
            list(parts)
        )

    def add(self, a: Any, b: Any, /) -> Any:
        """Return the sum in float32."""
        return self._layers.Add(dtype="float32")([a, b])


def build_cgrdn(
    weights: Weights, /, size: CgrdnSize = PUBLISHED, *, dense: Precision = "float32"
) -> Any:
    """Build the network as a Keras model, on whichever backend Keras runs, with its weights.

    Parameters
    ----------
    weights : mapping of int to (kernel, bias)
        One pair for each of the convolutions, 153 at the published size; see `Weights`.
    size : CgrdnSize
    dense : {'float32', 'bfloat16', 'mixed_bfloat16'}
        Precision of the weights, inputs and outputs of the dense convolutions.

    Returns
    -------
    keras.Model
        Maps standardised images (n, h, w, 1), float32, h and w even, to the same shape.

    Raises
    ------
    ValueError
        When a convolution has weights of another shape.
    KeyError
        When a convolution has no weights.
    """
    import keras

    operations = KerasOperations(dense)
    image = keras.Input((None, None, 1), dtype="float32", name="image")
    model = keras.Model(image, connect_cgrdn(operations, image, size), name="cgrdn")
    for number, layer in enumerate(operations.numbered):
        layer.set_weights(weights[number])
    return model
