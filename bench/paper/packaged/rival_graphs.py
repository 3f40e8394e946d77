"""Graphs of two published denoisers as ONNX models of counts, built from their weights.

Each takes counts (n, 1, h, w), float32, and gives counts, so that what their authors do around the
network (standardisation; a noise level) is in the graph. Channels come second.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Weights = Mapping[str, NDArray[np.float32]]

_OPSET: Final = 17
_IR_VERSION: Final = 9  # what ONNX Runtime since 1.16 reads
_PIXELS: Final = [1, 2, 3]
_LEAKY: Final = 0.1
_LEAST_SPREAD: Final = 1e-6
#: Of PyTorch's batch normalisation.
_EPSILON: Final = 1e-5


class _Graph:
    """Nodes and constants of a model in the making; its input is 'counts'."""

    def __init__(self) -> None:
        self._nodes: list[Any] = []
        self._constants: list[Any] = []

    def node(self, kind: str, *inputs: str, **attributes: Any) -> str:
        """Add a node and return the name of its output."""
        from onnx import helper

        output = f"{kind.lower()}_{len(self._nodes)}"
        self._nodes.append(helper.make_node(kind, list(inputs), [output], **attributes))
        return output

    def constant(self, values: Any) -> str:
        """Add a constant of float32 and return its name."""
        from onnx import numpy_helper

        name = f"constant_{len(self._constants)}"
        array = np.array(values, dtype=np.float32, order="C")
        self._constants.append(numpy_helper.from_array(array, name))
        return name

    def convolution(
        self, image: str, kernel: NDArray[np.float32], bias: NDArray[np.float32] | None = None
    ) -> str:
        """Convolve with zeros beyond the edge, so that the size stays."""
        half = kernel.shape[-1] // 2
        inputs = [image, self.constant(kernel)]
        if bias is not None:
            inputs.append(self.constant(bias))
        return self.node("Conv", *inputs, pads=[half] * 4)

    def encoded(self, output: str, name: str) -> bytes:
        """Serialise the model whose result is `output`."""
        from onnx import TensorProto, helper

        shape: list[str | int | None] = ["n", 1, "h", "w"]
        graph = helper.make_graph(
            self._nodes,
            name,
            [helper.make_tensor_value_info("counts", TensorProto.FLOAT, shape)],
            [helper.make_tensor_value_info(output, TensorProto.FLOAT, shape)],
            self._constants,
        )
        model = helper.make_model(
            graph, opset_imports=[helper.make_opsetid("", _OPSET)], ir_version=_IR_VERSION
        )
        content: bytes = model.SerializeToString()
        return content


def encode_topaz(weights: Weights, /) -> bytes:
    """U-net of Topaz-Denoise, five levels, on the standardised image.

    T. Bepler et al., Nat. Commun. 11, 5208 (2020), doi:10.1038/s41467-020-18952-1.

    Parameters
    ----------
    weights : mapping of str to ndarray
        Of its model 'unet': ``enc1.0.weight`` to ``dec1.4.bias``.

    Returns
    -------
    bytes
        A model for sides that are multiples of 32.
    """
    graph = _Graph()
    mean = graph.node("ReduceMean", "counts", axes=_PIXELS, keepdims=1)
    away = graph.node("Sub", "counts", mean)
    variance = graph.node("ReduceMean", graph.node("Mul", away, away), axes=_PIXELS, keepdims=1)
    spread = graph.node("Max", graph.node("Sqrt", variance), graph.constant(_LEAST_SPREAD))
    image = graph.node("Div", away, spread)

    def layers(into: str, name: str, places: Sequence[int], *, bare: int = -1) -> str:
        for place in places:
            kernel, bias = (weights[f"{name}.{place}.{part}"] for part in ("weight", "bias"))
            into = graph.convolution(into, kernel, bias)
            if place != bare:
                into = graph.node("LeakyRelu", into, alpha=_LEAKY)
        return into

    finer = [image]
    for level in range(1, 6):
        own = layers(finer[-1], f"enc{level}", (0,))
        finer.append(graph.node("MaxPool", own, kernel_shape=[2, 2], strides=[2, 2]))
    own = layers(finer.pop(), "enc6", (0,))
    twice = graph.constant([1.0, 1.0, 2.0, 2.0])
    for level in range(5, 0, -1):
        wide = graph.node(
            "Resize", own, "", twice, mode="nearest", nearest_mode="floor",
            coordinate_transformation_mode="asymmetric",
        )  # fmt: skip
        joined = graph.node("Concat", wide, finer.pop(), axis=1)
        last = level == 1
        own = layers(joined, f"dec{level}", (0, 2, 4) if last else (0, 2), bare=4)
    restored = graph.node("Add", graph.node("Mul", own, spread), mean)
    return graph.encoded(restored, "topaz")


def encode_ffdnet(weights: Weights, /) -> bytes:
    """FFDNet for grey images on Anscombe-stabilised counts, whose noise it is told to be 1.

    K. Zhang, W. Zuo and L. Zhang, IEEE Trans. Image Process. 27, 4608 (2018),
    doi:10.1109/TIP.2018.2839891. The inverse is the closed form of the exact unbiased one
    (M. Mäkitalo and A. Foi, 2011, doi:10.1109/TIP.2011.2121085).

    Parameters
    ----------
    weights : mapping of str to ndarray
        ``module.intermediate_dncnn.itermediate_dncnn.0.weight`` and further; batch normalisation
        is taken into the convolution before it.

    Returns
    -------
    bytes
        A model for even sides.
    """
    graph = _Graph()
    counted = graph.node("Max", "counts", graph.constant(0.0))
    root = graph.node("Sqrt", graph.node("Add", counted, graph.constant(3 / 8)))
    stable = graph.node("Mul", root, graph.constant(2.0))
    # The network was trained on grey values from 0 to 1.
    low = graph.node("ReduceMin", stable, axes=_PIXELS, keepdims=1)
    high = graph.node("ReduceMax", stable, axes=_PIXELS, keepdims=1)
    span = graph.node("Max", graph.node("Sub", high, low), graph.constant(_LEAST_SPREAD))
    grey = graph.node("Div", graph.node("Sub", stable, low), span)
    parts = graph.node("SpaceToDepth", grey, blocksize=2)
    nothing = graph.node(
        "Mul", graph.node("ReduceMax", parts, axes=[1], keepdims=1), graph.constant(0.0)
    )
    level = graph.node("Add", nothing, graph.node("Reciprocal", span))
    own = graph.node("Concat", level, parts, axis=1)
    chain = _folded(weights)
    for place, (kernel, bias) in enumerate(chain):
        own = graph.convolution(own, kernel, bias)
        if place + 1 < len(chain):
            own = graph.node("Relu", own)
    noise = graph.node("DepthToSpace", own, blocksize=2)
    clean = graph.node("Add", graph.node("Mul", graph.node("Sub", grey, noise), span), low)
    return graph.encoded(_in_counts(graph, clean), "ffdnet")


def _folded(
    weights: Weights,
) -> list[tuple[NDArray[np.float32], NDArray[np.float32] | None]]:
    """Kernels and biases of FFDNet, batch normalisation taken into them."""
    places: dict[int, dict[str, NDArray[np.float32]]] = {}
    for name, values in weights.items():
        *_, place, part = name.split(".")
        places.setdefault(int(place), {})[part] = values
    chain: list[tuple[NDArray[np.float32], NDArray[np.float32] | None]] = []
    for _, parts in sorted(places.items()):
        if "running_mean" not in parts:
            chain.append((parts["weight"], None))
            continue
        kernel, _ = chain.pop()
        factor = parts["weight"] / np.sqrt(parts["running_var"] + _EPSILON)
        bias = parts["bias"] - factor * parts["running_mean"]
        chain.append((kernel * factor[:, None, None, None], bias))
    return chain


def _in_counts(graph: _Graph, stable: str) -> str:
    """Undo the Anscombe transform of expected values; zero counts give 2 (3/8)^(1/2)."""
    root = float(np.sqrt(3 / 2))
    d = graph.node("Max", stable, graph.constant(2 * np.sqrt(3 / 8)))
    inverse = graph.node("Reciprocal", d)
    square = graph.node("Mul", inverse, inverse)
    cube = graph.node("Mul", square, inverse)
    terms = (
        (graph.node("Mul", d, d), 1 / 4), (inverse, root / 4), (square, -11 / 8),
        (cube, 5 * root / 8),
    )  # fmt: skip
    total = graph.constant(-1 / 8)
    for term, factor in terms:
        total = graph.node("Add", total, graph.node("Mul", term, graph.constant(factor)))
    return graph.node("Max", total, graph.constant(0.0))
