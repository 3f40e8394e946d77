"""A network that sees each image standardised as a whole, and large ones window by window."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from restore.networks.normalisation import Standardised, pad_to_multiple, standardise
from restore.networks.tiling import Network, Tiling, run_in_tiles
from restore.restorer import Progress


@dataclass(frozen=True, kw_only=True)
class StandardisedNetwork:
    """What CGRDN and Noise2Void have in common; a restorer once it has `metadata`."""

    forward: Network
    """The network on one standardised image (h, w), sides multiples of `tiling.multiple`."""
    tiling: Tiling
    """How an image is cut, and from what size on."""

    def restore_image(
        self,
        image: NDArray[np.float64],
        /,
        *,
        sampling: float,  # noqa: ARG002 (the protocol's)
    ) -> NDArray[np.float64]:
        """Restore one image (h, w) of any unit; a constant image comes back unchanged.

        Mean and standard deviation are those of the given pixels, of the whole image even where
        it is cut into windows; the mirrored lines that make a size fit are added afterwards and
        cut off again.
        """
        return self._restored(image, self.tiling, None)

    def restore_in_steps(
        self,
        image: NDArray[np.float64],
        /,
        *,
        sampling: float,  # noqa: ARG002 (the protocol's)
        progress: Progress,
    ) -> NDArray[np.float64]:
        """Return the same as `restore_image`, telling `progress` of each step."""
        return self._restored(image, self.tiling, progress)

    def restore_with(
        self,
        image: NDArray[np.float64],
        /,
        *,
        sampling: float,  # noqa: ARG002 (the protocol's)
        tiling: Tiling | None,
    ) -> NDArray[np.float64]:
        """Return the restored image with another tiling than its own, whole for None."""
        return self._restored(image, tiling, None)

    def prepare(self, standard: Standardised, progress: Progress | None) -> Progress | None:  # noqa: ARG002
        """Do what comes before the image is restored; returns whom to tell of the windows."""
        return progress

    def _restored(
        self, image: NDArray[np.float64], tiling: Tiling | None, progress: Progress | None
    ) -> NDArray[np.float64]:
        standard = standardise(image)
        if standard is None:
            return image
        progress = self.prepare(standard, progress)
        height, width = image.shape
        padded = pad_to_multiple(standard.image, self.tiling.multiple)
        if tiling is None or not tiling.applies_to(padded.shape):
            output = self.forward(padded)
        else:
            output = run_in_tiles(padded, self.forward, tiling=tiling, progress=progress)
        return standard.undo(np.asarray(output, dtype=np.float32)[:height, :width])
