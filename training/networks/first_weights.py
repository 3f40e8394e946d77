"""First weights of a network, the same on every backend."""

from typing import Any

import numpy as np


def draw_first_weights(model: Any, rng: np.random.Generator, /) -> None:
    """Draw every kernel of a Keras model uniformly as X. Glorot and Y. Bengio do; biases are zero.

    The limit is sqrt(6 / (numbers in + numbers out)) of each layer, the default of Keras, which the
    paper does not say it departed from. The numbers come from numpy, so that a training on another
    backend starts from the same bits.

    Parameters
    ----------
    model : keras.Model
        Its kernels are replaced, in the order of its layers. What has no kernel stays.
    rng : numpy.random.Generator
    """
    for layer in model.layers:
        kernel = getattr(layer, "kernel", None)
        if kernel is None:
            continue
        shape = tuple(int(size) for size in kernel.shape)
        field = int(np.prod(shape[:-2]))
        limit = np.sqrt(6.0 / (field * (shape[-1] + shape[-2])))
        kernel.assign(rng.uniform(-limit, limit, shape).astype(np.float32))
