"""Patch discriminator of the paper's Fig. 9: a score for each patch of an image and its condition.

Adapted there from P. Isola et al. (CVPR 2017, arXiv:1611.07004), whose patches are 70 x 70 px.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from stembench.limits import require
from training.networks.first_weights import draw_first_weights

_KERNEL: Final = 4
_SLOPE: Final = 0.2
_EPSILON: Final = 1e-5
#: Levels that halve the image, and how many times the features the channels of each are.
_HALVING: Final = (1, 2, 4)
_LAST: Final = 8


@dataclass(frozen=True, kw_only=True)
class PatchDiscriminator:
    """Convolutions with instance normalisation; the scores are not transformed."""

    features: int = 64
    """Channels of the first convolution; the others have 2, 4 and 8 times as many."""
    trained_norm: bool = False
    """Whether the normalised features get a trained factor and offset."""

    def __post_init__(self) -> None:
        require(self.features, "features of the discriminator", low=1)

    @property
    def multiple(self) -> int:
        """Number that height and width must be divisible by."""
        return int(2 ** len(_HALVING))

    def build(self, rng: np.random.Generator, /) -> Any:
        """Build the untrained network as a Keras model.

        Parameters
        ----------
        rng : numpy.random.Generator
            Of the first weights.

        Returns
        -------
        keras.Model
            Maps [condition, image], both (n, h, w, 1), float32, to scores (n, h/8, w/8, 1). The
            condition is the distorted image x, which equation (15) writes as an argument of D and
            (2), (3) and (12) leave out.

        Notes
        -----
        The paper removes 'zero padding layers' and has 32 x 32 scores of 256 x 256 px. Convolutions
        that pad by themselves give that size; without any padding it would be 24 x 24.
        """
        import keras
        from keras import layers

        def conv(x: Any, channels: int, *, strides: int, bias: bool = False) -> Any:
            return layers.Conv2D(
                channels,
                _KERNEL,
                strides=strides,
                padding="same",
                use_bias=bias,
                data_format="channels_last",
                kernel_initializer="zeros",
                dtype="float32",
            )(x)

        def activated(x: Any) -> Any:
            return layers.LeakyReLU(_SLOPE, dtype="float32")(x)

        def normalised(x: Any) -> Any:
            # One channel in each group: mean and variance of each channel of each image.
            return layers.GroupNormalization(
                groups=-1,
                axis=-1,
                epsilon=_EPSILON,
                center=self.trained_norm,
                scale=self.trained_norm,
                dtype="float32",
            )(x)

        condition = keras.Input((None, None, 1), dtype="float32", name="condition")
        image = keras.Input((None, None, 1), dtype="float32", name="image")
        y = layers.Concatenate(axis=-1, dtype="float32")([condition, image])
        first, *others = _HALVING
        y = activated(conv(y, first * self.features, strides=2))
        for times in others:
            y = activated(normalised(conv(y, times * self.features, strides=2)))
        y = activated(normalised(conv(y, _LAST * self.features, strides=1)))
        scores = conv(y, 1, strides=1, bias=True)
        model = keras.Model([condition, image], scores, name="patch_discriminator")
        draw_first_weights(model, rng)
        return model
