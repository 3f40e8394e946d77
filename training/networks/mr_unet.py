"""MR-UNET: a U-net with an output at each of its resolutions.

Levels and channels are those of F. Wang et al., Sci. Rep. 10, 5730 (2020). The paper gives it seven
times CGRDN's parameters; the published one has 5.95 times as many, with one level more 7.75 times.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from restore import Precision
from stembench.errors import InputError
from stembench.limits import require
from training.networks.first_weights import draw_first_weights

_KERNEL: Final = 4
_SLOPE: Final = 0.2
_MOMENTUM: Final = 0.8


@dataclass(frozen=True, kw_only=True)
class MrUnet:
    """U-net with a linear head on each level of its decoder.

    The heads add to the image, averaged to their size: counts have no upper limit, so that the
    sigmoid of the original cannot hold them.
    """

    channels: tuple[int, ...] = (64, 128, 256, 512, 512, 512, 512)
    """Of each level of the encoder, which halves the image; the decoder mirrors all but the
    last."""

    def __post_init__(self) -> None:
        if len(self.channels) < 2:
            raise InputError("an MR-UNET needs channels for at least 2 levels")
        for number in self.channels:
            require(number, "channels of an MR-UNET", low=1)

    @property
    def multiple(self) -> int:
        """Number that height and width must be divisible by."""
        return int(2 ** len(self.channels))

    @property
    def heads(self) -> int:
        """Outputs, each half the size of the one before it."""
        return len(self.channels)

    def build(self, rng: np.random.Generator, /, *, precision: Precision = "float32") -> Any:
        """Build the untrained network; see `Generator.build`."""
        import keras
        from keras import layers

        form = {"data_format": "channels_last"}

        def conv(x: Any, channels: int, *, dtype: str, **settings: Any) -> Any:
            return layers.Conv2D(
                channels,
                _KERNEL,
                padding="same",
                kernel_initializer="zeros",
                dtype=dtype,
                **form,
                **settings,
            )(x)

        def twice(x: Any) -> Any:
            return layers.UpSampling2D(2, interpolation="nearest", dtype=precision, **form)(x)

        image = keras.Input((None, None, 1), dtype="float32", name="image")
        encoded = [image]
        for number in self.channels:
            y = conv(encoded[-1], number, strides=2, dtype=precision)
            encoded.append(layers.LeakyReLU(_SLOPE, dtype=precision)(y))
        images = [image]
        for _ in self.channels[1:]:
            images.append(layers.AveragePooling2D(2, dtype="float32", **form)(images[-1]))
        y = encoded[-1]
        features = []
        for level in range(len(self.channels) - 1, 0, -1):
            y = conv(twice(y), self.channels[level - 1], activation="relu", dtype=precision)
            y = layers.BatchNormalization(momentum=_MOMENTUM, dtype="float32")(y)
            y = layers.Concatenate(axis=-1, dtype=precision)([y, encoded[level]])
            features.append(y)
        features.append(twice(y))
        outputs = [
            layers.Add(dtype="float32")([conv(y, 1, dtype="float32"), of_its_size])
            for y, of_its_size in zip(reversed(features), images, strict=True)
        ]
        model = keras.Model(image, outputs, name="mr_unet")
        draw_first_weights(model, rng)
        return model


def averaged_truths(truth: Any, heads: int, /) -> list[Any]:
    """Average truths to the sizes of an MR-UNET's heads.

    Parameters
    ----------
    truth : tensor
        (n, h, w, 1).
    heads : int
        `MrUnet.heads`.

    Returns
    -------
    list of tensor
        `heads` of them; the first is `truth`, each other the mean of 2 x 2 px of the one before.
    """
    from keras import ops

    truths = [truth]
    for _ in range(heads - 1):
        truths.append(
            ops.average_pool(truths[-1], 2, 2, padding="valid", data_format="channels_last")
        )
    return truths
