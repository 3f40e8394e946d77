"""Attention by channels and by places, which GRDN has and CGRDN leaves out."""

from typing import Any, Final

#: Channels of the narrow layer: one for so many of the features.
_REDUCTION: Final = 16
_WINDOW: Final = 7


def attended(x: Any, /) -> Any:
    """Weight features by their channels and then by their places.

    S. Woo et al., ECCV 2018 (arXiv:1807.06521). The weights of the channels come from mean and
    maximum over the image through one pair of dense layers, those of the places from mean and
    maximum over the channels through a 7 x 7 convolution.

    Parameters
    ----------
    x : keras tensor
        (n, h, w, c), c at least 16.

    Returns
    -------
    keras tensor
        Of the same shape.
    """
    from keras import layers

    channels = int(x.shape[-1])
    form = {"keepdims": True, "data_format": "channels_last", "dtype": "float32"}
    narrow = layers.Dense(
        channels // _REDUCTION, activation="relu", kernel_initializer="zeros", dtype="float32"
    )
    wide = layers.Dense(channels, kernel_initializer="zeros", dtype="float32")
    pooled = (layers.GlobalAveragePooling2D(**form)(x), layers.GlobalMaxPooling2D(**form)(x))
    both = layers.Add(dtype="float32")([wide(narrow(part)) for part in pooled])
    x = layers.Multiply(dtype="float32")([x, layers.Activation("sigmoid", dtype="float32")(both)])

    from keras import ops

    flat = layers.Concatenate(axis=-1, dtype="float32")(
        [ops.mean(x, axis=-1, keepdims=True), ops.max(x, axis=-1, keepdims=True)]
    )
    places = layers.Conv2D(
        1,
        _WINDOW,
        padding="same",
        activation="sigmoid",
        data_format="channels_last",
        kernel_initializer="zeros",
        dtype="float32",
    )(flat)
    return layers.Multiply(dtype="float32")([x, places])
