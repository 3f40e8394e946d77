"""CGRDN as TensorFlow computes it in a tuning: the backward pass of a dense block by hand.

The dense convolutions are held, so that of a block's backward pass the gradient of its input alone
is wanted beside that of its fusion. Automatic differentiation gets it by adding slices of gradients
of all features once for each convolution, which takes as long as the convolutions. But the gradient
of what one convolution gave is a convolution of the gradients of all later ones, with their kernels
turned round: the backward pass is a dense block itself, and nothing is added.
"""

from collections.abc import Callable, Sequence
from itertools import count
from typing import Any

import numpy as np

from restore import CgrdnSize, Precision, connect_cgrdn


def tuned_forward(
    model: Any, size: CgrdnSize, /, *, precision: Precision = "float32"
) -> Callable[[Any], Any]:
    """Return the function of a CGRDN, with gradients for its fusions alone.

    Parameters
    ----------
    model : keras.Model
        Of which the fusions' variables are read at each call, all else now.
    size : CgrdnSize
        Of the model.
    precision : {'float32', 'mixed_bfloat16'}
        Of the dense convolutions and their gradients.

    Returns
    -------
    callable
        Standardised images (n, h, w, 1), float32, to restored ones; for use in `tf.function`.
    """
    import tensorflow as tf

    dtype = tf.float32 if precision == "float32" else tf.bfloat16
    layers = {layer.name: layer for layer in model.layers}
    held = {
        name: tuple(np.asarray(part, dtype=np.float32) for part in layer.get_weights())
        for name, layer in layers.items()
        if name.startswith("conv_") and not layer.trainable
    }
    blocks: dict[int, _DenseBlock] = {}

    def forward(image: Any) -> Any:
        on = _Operations(layers, held)

        def block(_: Any, x: Any, size: CgrdnSize, /) -> Any:
            first = on.number
            dense = [f"conv_{on.next():03d}" for _ in range(size.dense_layers)]
            if first not in blocks:
                blocks[first] = _DenseBlock([held[name] for name in dense], dtype)
            fusion = layers[f"conv_{on.next():03d}"]
            features = blocks[first](x)
            return _fused(features, fusion.kernel.value, fusion.bias.value) + x

        return connect_cgrdn(on, image, size, block=block)

    return forward


class _Operations:
    """The graph's operations on tensors; convolutions that are held are constants."""

    def __init__(self, layers: dict[str, Any], held: dict[str, Any]) -> None:
        self._layers, self._held = layers, held
        self._numbers = count()
        self.number = 0

    def next(self) -> int:
        """Take the number of the next convolution."""
        taken = next(self._numbers)
        self.number = taken + 1
        return taken

    def _weights(self) -> tuple[Any, Any]:
        name = f"conv_{self.next():03d}"
        if name in self._held:
            kernel, bias = self._held[name]
            return kernel, bias
        layer = self._layers[name]
        return layer.kernel.value, layer.bias.value

    def conv(
        self, x: Any, /, channels: int, size: int, *, stride: int = 1, relu: bool = False
    ) -> Any:
        """Return the convolution of `x`; none of them here has a ReLU."""
        import tensorflow as tf

        del channels, relu
        kernel, bias = self._weights()
        if size == 1:
            return _fused(x, kernel, bias)
        return tf.nn.conv2d(x, kernel, stride, "SAME") + bias

    def deconv(self, x: Any, /, channels: int, size: int, *, stride: int) -> Any:
        """Return the transposed convolution of `x`."""
        import tensorflow as tf

        del size
        kernel, bias = self._weights()
        n, h, w, _ = tf.unstack(tf.shape(x))
        return (
            tf.nn.conv2d_transpose(x, kernel, [n, stride * h, stride * w, channels], stride) + bias
        )

    def concatenate(self, parts: Sequence[Any], /) -> Any:
        """Return `parts` joined along their channels."""
        import tensorflow as tf

        return tf.concat(list(parts), axis=-1)

    def add(self, a: Any, b: Any, /) -> Any:
        """Return the sum."""
        return a + b


class _DenseBlock:
    """Densely connected convolutions of a block, from its input to all its features."""

    def __init__(self, weights: Sequence[Any], dtype: Any) -> None:
        import tensorflow as tf

        # Made once, and outside of the graph that calls first.
        with tf.init_scope():
            self._kernels = [tf.constant(kernel, dtype) for kernel, _ in weights]
            self._biases = [tf.constant(bias, dtype) for _, bias in weights]
            self._turned = [tf.constant(each, dtype) for each in _turned([k for k, _ in weights])]
        self._dtype = dtype
        self._first = weights[0][0].shape[2]

    def __call__(self, x: Any) -> Any:
        """Features (n, h, w, all channels) of `x` (n, h, w, channels)."""
        import tensorflow as tf

        @tf.custom_gradient  # type: ignore[untyped-decorator]
        def features_of(x: Any) -> Any:
            features = tf.cast(x, self._dtype)
            given = []
            for kernel, bias in zip(self._kernels, self._biases, strict=True):
                given.append(
                    tf.nn.relu(tf.nn.bias_add(tf.nn.conv2d(features, kernel, 1, "SAME"), bias))
                )
                features = tf.concat([features, given[-1]], axis=-1)

            def gradient(upstream: Any) -> Any:
                sizes = [self._first, *(each.shape[-1] for each in given)]
                parts = tf.split(upstream, sizes, axis=-1)
                later: Any = None
                for part, out, turned in zip(
                    reversed(parts), reversed([None, *given]), reversed(self._turned), strict=True
                ):
                    found = part
                    if later is not None:
                        found = found + tf.nn.conv2d(later, turned, 1, "SAME")
                    if out is None:
                        return tf.cast(found, x.dtype)
                    found = tf.raw_ops.ReluGrad(gradients=found, features=out)
                    later = found if later is None else tf.concat([found, later], axis=-1)
                return None

            return features, gradient

        return features_of(x)


def _turned(kernels: Sequence[Any]) -> list[Any]:
    """Kernels from the gradients of all later convolutions to that of each part of the features.

    Parameters
    ----------
    kernels : sequence of ndarray, shape (3, 3, channels in, channels out)
        Each takes the block's input and what all before it gave.

    Returns
    -------
    list of ndarray, shape (3, 3, channels of all later ones, channels of the part)
        First that of the block's input, last, with nothing after it, an empty one.
    """
    sizes = [kernels[0].shape[2], *(kernel.shape[3] for kernel in kernels)]
    starts = np.cumsum([0, *sizes])
    found = []
    for place, start in enumerate(starts[:-1]):
        some = slice(start, starts[place + 1])
        parts = [kernel[::-1, ::-1, some].transpose(0, 1, 3, 2) for kernel in kernels[place:]] or [
            np.zeros((*kernels[0].shape[:2], 0, sizes[place]), np.float32)
        ]
        found.append(np.concatenate(parts, axis=2))
    return found


def _fused(features: Any, kernel: Any, bias: Any) -> Any:
    """1 x 1 convolution as a product of matrices in float32; gradients as precise as `features`."""
    import tensorflow as tf

    channels, given = kernel.shape[-2:]
    rows = tf.reshape(features, [-1, channels])
    out = _product(rows, tf.reshape(kernel, [channels, given])) + bias
    return tf.reshape(out, tf.concat([tf.shape(features)[:-1], [given]], axis=0))


def _product(rows: Any, kernel: Any) -> Any:
    import tensorflow as tf

    @tf.custom_gradient  # type: ignore[untyped-decorator]
    def product(rows: Any, kernel: Any) -> Any:
        def gradient(upstream: Any) -> tuple[Any, Any]:
            found = tf.cast(upstream, rows.dtype)
            of_kernel = tf.matmul(rows, found, transpose_a=True)
            of_rows = tf.matmul(found, tf.cast(kernel, rows.dtype), transpose_b=True)
            return of_rows, tf.cast(of_kernel, kernel.dtype)

        return tf.matmul(tf.cast(rows, kernel.dtype), kernel), gradient

    return product(rows, kernel)
