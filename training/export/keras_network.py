"""A trained network as a Keras model of images in any unit."""

from typing import Any, Final

#: Smallest divisor: an image without contrast is divided by it, and comes back as it was.
SMALLEST: Final = 1e-30


def with_standardisation(network: Any, /) -> Any:
    """Put a standardisation before a network of standardised images, and its inverse after it.

    A model file is given images as they are. The arithmetic is that of
    `restore.StandardisedNetwork` in float32; the mean is taken twice, so that it is exact to the
    last bit where it is far above the contrast.

    Parameters
    ----------
    network : keras.Model
        From (n, h, w, 1) to the same shape, or to a list of which the first has that shape.

    Returns
    -------
    keras.Model
        From images (n, h, w, 1), float32, in any unit to restored images in that unit.
    """
    import keras
    from keras import ops

    axes = (1, 2, 3)
    image = keras.Input((None, None, 1), dtype="float32", name="image")
    mean = ops.mean(image, axis=axes, keepdims=True)
    away = ops.subtract(image, mean)
    left = ops.mean(away, axis=axes, keepdims=True)
    away = ops.subtract(away, left)
    std = ops.sqrt(ops.mean(ops.square(away), axis=axes, keepdims=True))
    outputs = network(ops.divide(away, ops.maximum(std, SMALLEST)))
    restored = outputs[0] if isinstance(outputs, list | tuple) else outputs
    scaled = ops.add(ops.add(ops.multiply(restored, std), left), mean)
    return keras.Model(image, scaled, name=f"{network.name}_on_counts")
