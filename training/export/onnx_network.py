"""A trained Keras network as an ONNX model of images in any unit, read from the network's graph."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np

from stembench.errors import InputError
from training.export.keras_network import SMALLEST
from training.networks.layer_graph import calls_of

_OPSET: Final = 17
_IR_VERSION: Final = 9  # what ONNX Runtime since 1.16 reads
#: Every axis but the first.
_PIXELS: Final = [1, 2, 3]


class _OnnxGraph:
    """Nodes and constants of a model in the making; channels come second."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def node(self, kind: str, inputs: Sequence[str], **attributes: Any) -> str:
        """Add a node and return the name of its output."""
        from onnx import helper

        output = f"{kind.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [output], **attributes))
        return output

    def constant(self, values: Any, /) -> str:
        """Add a constant of float32 and return its name."""
        from onnx import numpy_helper

        name = f"constant_{len(self.constants)}"
        array = np.ascontiguousarray(values, dtype=np.float32)
        self.constants.append(numpy_helper.from_array(array, name))
        return name


def encode_network(network: Any, /) -> bytes:
    """Return a network of standardised images with standardisation and weights as an ONNX model.

    Parameters
    ----------
    network : keras.Model
        Functional, of float32, channels last, of the layers that the networks of training have;
        of several outputs the first is taken.

    Returns
    -------
    bytes
        A serialised model from images (n, 1, h, w), float32, in any unit to restored ones.

    Raises
    ------
    InputError
        When the package onnx is not installed.
    ValueError
        When a layer is of none of these kinds.
    """
    try:
        from onnx import TensorProto, helper
    except ImportError as error:
        raise InputError(
            "the package onnx is not installed; stembench needs it: 'pip install onnx'"
        ) from error

    graph = _OnnxGraph()
    away, mean, std = _standardised(graph)
    restored = _network(graph, network, away)
    scaled = graph.node("Mul", (restored, std))
    for part in mean:
        scaled = graph.node("Add", (scaled, part))
    shape: list[str | int | None] = ["n", 1, "h", "w"]
    described = helper.make_graph(
        graph.nodes,
        network.name,
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info(scaled, TensorProto.FLOAT, shape)],
        graph.constants,
    )
    model = helper.make_model(
        described, opset_imports=[helper.make_opsetid("", _OPSET)], ir_version=_IR_VERSION
    )
    encoded: bytes = model.SerializeToString()
    return encoded


def _standardised(graph: _OnnxGraph) -> tuple[str, tuple[str, str], str]:
    """Standardised image, the two parts of its mean, and its standard deviation."""
    mean = graph.node("ReduceMean", ("image",), axes=_PIXELS)
    away = graph.node("Sub", ("image", mean))
    left = graph.node("ReduceMean", (away,), axes=_PIXELS)
    away = graph.node("Sub", (away, left))
    square = graph.node("Mul", (away, away))
    std = graph.node("Sqrt", (graph.node("ReduceMean", (square,), axes=_PIXELS),))
    divisor = graph.node("Max", (std, graph.constant(SMALLEST)))
    return graph.node("Div", (away, divisor)), (left, mean), std


def _network(graph: _OnnxGraph, network: Any, image: str) -> str:
    """Add a network's layers and return its first output."""
    layers = {layer.name: layer for layer in network.layers}
    outputs: dict[tuple[str, int], str] = {}
    calls, wanted = calls_of(network)
    for use, (kind, config, sources) in calls.items():
        if kind == "InputLayer":
            outputs[use] = image
            continue
        make = _LAYERS.get(kind)
        if make is None:
            raise ValueError(f"a layer of the kind {kind} has no form in ONNX here")
        outputs[use] = make(graph, layers.get(use[0]), config, [outputs[each] for each in sources])
    return outputs[wanted[0]]


_Make = Callable[[_OnnxGraph, Any, Mapping[str, Any], Sequence[str]], str]


def _activated(graph: _OnnxGraph, x: str, activation: str) -> str:
    if activation == "linear":
        return x
    return graph.node({"relu": "Relu", "sigmoid": "Sigmoid"}[activation], (x,))


def _convolution(
    graph: _OnnxGraph, layer: Any, config: Mapping[str, Any], inputs: Sequence[str]
) -> str:
    kernel, bias = (np.asarray(values) for values in layer.get_weights())
    if kernel.ndim == 2:  # a dense layer on the channels of one pixel
        kernel, stride = kernel[None, None], 1
    else:
        stride = config["strides"][0]
    # (rows, columns, in, out) becomes (out, in, rows, columns); a transposed convolution is stored
    # with in and out swapped and wanted swapped, so that one transposition fits both.
    kernel = kernel.transpose(3, 2, 0, 1)
    size = kernel.shape[2]
    # "Same" padding of sides that the stride divides; where it is odd the end has one more.
    total = size - stride
    pads = [total // 2] * 2 + [total - total // 2] * 2
    kind = "ConvTranspose" if "Transpose" in type(layer).__name__ else "Conv"
    convolved = graph.node(
        kind,
        (inputs[0], graph.constant(kernel), graph.constant(bias)),
        kernel_shape=[size, size],
        strides=[stride, stride],
        pads=pads,
    )
    return _activated(graph, convolved, config["activation"])


def _batch_norm(
    graph: _OnnxGraph, layer: Any, config: Mapping[str, Any], inputs: Sequence[str]
) -> str:
    factor, offset, mean, variance = (graph.constant(values) for values in layer.get_weights())
    return graph.node(
        "BatchNormalization",
        (inputs[0], factor, offset, mean, variance),
        epsilon=config["epsilon"],
    )


def _upsampled(
    graph: _OnnxGraph, layer: Any, config: Mapping[str, Any], inputs: Sequence[str]
) -> str:
    del layer
    rows, columns = config["size"]
    return graph.node(
        "Resize",
        (inputs[0], "", graph.constant([1, 1, rows, columns])),
        mode="nearest",
        nearest_mode="floor",
        coordinate_transformation_mode="asymmetric",
    )


def _pooled(graph: _OnnxGraph, layer: Any, config: Mapping[str, Any], inputs: Sequence[str]) -> str:
    del layer
    return graph.node(
        "AveragePool",
        inputs,
        kernel_shape=list(config["pool_size"]),
        strides=list(config["strides"]),
    )


def _folded(kind: str) -> _Make:
    """An operation of two, applied to as many as there are."""

    def make(
        graph: _OnnxGraph, layer: Any, config: Mapping[str, Any], inputs: Sequence[str]
    ) -> str:
        del layer, config
        result, *others = inputs
        for other in others:
            result = graph.node(kind, (result, other))
        return result

    return make


def _plain(kind: str, **attributes: Any) -> _Make:
    def make(
        graph: _OnnxGraph, layer: Any, config: Mapping[str, Any], inputs: Sequence[str]
    ) -> str:
        del layer, config
        return graph.node(kind, inputs, **attributes)

    return make


_LAYERS: Final[Mapping[str, _Make]] = {
    "Activation": lambda graph, _, config, inputs: _activated(
        graph, inputs[0], config["activation"]
    ),
    "Add": _folded("Add"),
    "AveragePooling2D": _pooled,
    "BatchNormalization": _batch_norm,
    "Concatenate": _plain("Concat", axis=1),
    "Conv2D": _convolution,
    "Conv2DTranspose": _convolution,
    "Dense": _convolution,
    "GlobalAveragePooling2D": _plain("GlobalAveragePool"),
    "GlobalMaxPooling2D": _plain("GlobalMaxPool"),
    "LeakyReLU": lambda graph, _, config, inputs: graph.node(
        "LeakyRelu", inputs, alpha=config["negative_slope"]
    ),
    "Max": _plain("ReduceMax", axes=[1], keepdims=1),
    "Mean": _plain("ReduceMean", axes=[1], keepdims=1),
    "Multiply": _folded("Mul"),
    "UpSampling2D": _upsampled,
}
"""What the layers of the networks of training are in ONNX; axis -1 of `Max` and `Mean` is 1."""
