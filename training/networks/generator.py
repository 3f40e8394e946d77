"""What every generator of restored images offers to training."""

from typing import Any, Protocol

import numpy as np

from restore import Precision


class Generator(Protocol):
    """Settings of a network from standardised images to standardised restored ones."""

    @property
    def multiple(self) -> int:
        """Number that height and width must be divisible by."""
        ...

    @property
    def heads(self) -> int:
        """Outputs, each half the size of the one before it."""
        ...

    def build(self, rng: np.random.Generator, /, *, precision: Precision = "float32") -> Any:
        """Build the untrained network as a Keras model.

        Parameters
        ----------
        rng : numpy.random.Generator
            Of the first weights.
        precision : {'float32', 'bfloat16', 'mixed_bfloat16'}
            Of the convolutions that do most of the work.

        Returns
        -------
        keras.Model
            Maps images (n, h, w, 1), float32, to the same shape, or, with several heads, to a list
            of which the first has that shape.
        """
        ...
