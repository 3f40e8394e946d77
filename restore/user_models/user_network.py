"""Common part of a user's own networks: layout, fixed size, and metadata.

A user's network is given counts as they are, float32, without any scaling: what it was trained on
is not known here, so that normalisation belongs in the network or its wrapper.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from restore.restorer import RestorationError, RestorerMetadata
from stembench.arrays import Floats

Layout = Literal["nhwc", "nchw"]


def user_metadata(name: str, *, engine: str, weights_sha256: str | None) -> RestorerMetadata:
    """Return the metadata of a model that states none itself."""
    return RestorerMetadata(
        name=name,
        version="unknown",
        licence="unknown",
        training_data="unknown",
        input_scale="counts, unchanged",
        weights_sha256=weights_sha256,
        engine=engine,
    )


@dataclass(frozen=True)
class UserNetwork:
    """Restorer by a user's network, image by image, from counts as they are."""

    metadata: RestorerMetadata
    """Its identity and properties, as far as they are known."""
    forward: Callable[[NDArray[np.float32]], NDArray[np.floating]]
    """The network applied to one image (h, w); returns its whole output with a sample axis."""
    layout: Layout
    """Position of the output's channel axis."""
    height: int | None = None
    """The only height that the network takes, None for any."""
    width: int | None = None
    """The only width that the network takes, None for any."""

    def restore_image(
        self,
        image: Floats,
        /,
        *,
        sampling: float,  # noqa: ARG002 (the protocol's)
    ) -> NDArray[np.floating]:
        """Apply the network to one image (h, w)."""
        name = self.metadata.name
        for side, size, wanted in zip(
            ("high", "wide"), image.shape, (self.height, self.width), strict=True
        ):
            if wanted is not None and size != wanted:
                raise RestorationError(
                    f"restorer '{name}' takes only images {wanted} px {side}, not {size} px; save "
                    "the model with free height and width"
                )
        output = self.forward(image.astype(np.float32))
        one_image = (1, *image.shape, 1) if self.layout == "nhwc" else (1, 1, *image.shape)
        if output.shape != one_image:
            raise RestorationError(
                f"restorer '{name}' returned shape {output.shape} for an input of shape "
                f"{one_image}; a restored image must have the shape of its input"
            )
        return output.reshape(image.shape)
