"""References: images without the information that is asked for, beside which others are read.

A fit that starts at the truth finds something in any image. What it finds in these is no
measurement, and a restorer whose result does not exceed it has passed none on.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from restore.built_in import BuiltIn, untrained_metadata
from restore.restorer import RestorerMetadata
from stembench.arrays import Floats


@dataclass(frozen=True)
class FlatImage:
    """The image replaced by its mean: all that is left is the number of electrons."""

    @property
    def metadata(self) -> RestorerMetadata:
        """Identity and properties of the restorer."""
        return untrained_metadata(
            "flat",
            self,
            label="flat image",
            family="reference",
            library="numpy",
            scales_with_counts=True,
        )

    def restore_image(
        self,
        image: Floats,
        /,
        *,
        sampling: float,  # noqa: ARG002 (the protocol's)
    ) -> Floats:
        """Replace one image (h, w) by its mean."""
        return np.full(image.shape, image.mean())


@dataclass(frozen=True)
class RowMean:
    """The image averaged along its lines: no position in x, and no single column, is left."""

    @property
    def metadata(self) -> RestorerMetadata:
        """Identity and properties of the restorer."""
        return untrained_metadata(
            "row-mean",
            self,
            label="mean along x",
            family="reference",
            library="numpy",
            scales_with_counts=True,
        )

    def restore_image(
        self,
        image: Floats,
        /,
        *,
        sampling: float,  # noqa: ARG002 (the protocol's)
    ) -> Floats:
        """Replace each line of one image (h, w) by its mean."""
        return np.repeat(image.mean(axis=1, keepdims=True), image.shape[1], axis=1)


RESTORERS: Final = (
    BuiltIn(name="flat", summary="the image's mean everywhere, a reference", load=FlatImage),
    BuiltIn(name="row-mean", summary="the mean of each line, a reference", load=RowMean),
)
