"""The CGRDN network as an ONNX graph, from the same `restore.cgrdn.graph.connect_cgrdn`.

Channels come second here, as ONNX has it; the kernels are transposed once, when the graph is made.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from restore.cgrdn.graph import PUBLISHED, CgrdnSize, Weights, connect_cgrdn
from stembench.errors import InputError

_OPSET = 17
_IR_VERSION = 9  # what ONNX Runtime since 1.16 reads


class _OnnxOperations:
    """The graph's operations as ONNX nodes; a tensor is the name of a node's output."""

    def __init__(self, weights: Weights) -> None:
        self._weights = weights
        self._convolutions = 0
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def _node(self, kind: str, inputs: Sequence[str], **attributes: Any) -> str:
        from onnx import helper

        output = f"{kind.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [output], **attributes))
        return output

    def _convolve(self, kind: str, x: str, channels: int, size: int, stride: int) -> str:
        from onnx import numpy_helper

        number = self._convolutions
        self._convolutions += 1
        kernel, bias = self._weights[number]
        if kernel.shape[:2] != (size, size) or bias.shape != (channels,):
            raise ValueError(
                f"convolution {number} has weights of shape {kernel.shape} and {bias.shape}"
            )
        # (rows, columns, in, out) becomes (out, in, rows, columns); a transposed convolution is
        # stored with in and out swapped and wanted swapped, so that one transposition fits both.
        kernel = np.ascontiguousarray(kernel.transpose(3, 2, 0, 1))
        names = (f"kernel_{number}", f"bias_{number}")
        self.constants += [
            numpy_helper.from_array(kernel, names[0]),
            numpy_helper.from_array(bias, names[1]),
        ]
        # On even sizes "same" padding is symmetric for every layer of this graph.
        pad = (size - stride + 1) // 2
        return self._node(
            kind,
            (x, *names),
            kernel_shape=[size, size],
            strides=[stride, stride],
            pads=[pad, pad, pad, pad],
        )

    def conv(
        self, x: str, /, channels: int, size: int, *, stride: int = 1, relu: bool = False
    ) -> str:
        y = self._convolve("Conv", x, channels, size, stride)
        return self._node("Relu", (y,)) if relu else y

    def deconv(self, x: str, /, channels: int, size: int, *, stride: int) -> str:
        return self._convolve("ConvTranspose", x, channels, size, stride)

    def concatenate(self, parts: Sequence[str], /) -> str:
        return self._node("Concat", parts, axis=1)

    def add(self, a: str, b: str, /) -> str:
        return self._node("Add", (a, b))


def encode_cgrdn(weights: Weights, /, size: CgrdnSize = PUBLISHED) -> bytes:
    """Return the network with its weights as a serialised ONNX model.

    Parameters
    ----------
    weights : mapping of int to (kernel, bias)
        One pair for each of the convolutions, see `restore.cgrdn.graph.Weights`.
    size : CgrdnSize

    Returns
    -------
    bytes
        A model from standardised images (n, 1, h, w), float32, h and w even, to the same shape.

    Raises
    ------
    ValueError
        When a convolution has weights of another shape.
    KeyError
        When a convolution has no weights.
    stembench.errors.InputError
        When the package onnx is not installed.
    """
    try:
        from onnx import TensorProto, helper
    except ImportError as error:
        raise InputError(
            "the package onnx is not installed; stembench needs it: 'pip install onnx'"
        ) from error

    operations = _OnnxOperations(weights)
    output = connect_cgrdn(operations, "image", size)
    shape: list[str | int | None] = ["n", 1, "h", "w"]
    graph = helper.make_graph(
        operations.nodes,
        "cgrdn",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info(output, TensorProto.FLOAT, shape)],
        operations.constants,
    )
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", _OPSET)], ir_version=_IR_VERSION
    )
    encoded: bytes = model.SerializeToString()
    return encoded
