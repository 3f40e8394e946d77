"""Network restorer that standardises each image as a whole and tiles large ones."""

from dataclasses import dataclass

import numpy as np

from restore.networks.normalisation import Standardised, pad_to_multiple, standardise
from restore.networks.tiling import Network, run_in_tiles
from restore.restorer import Progress, Tiling
from stembench.arrays import Floats


@dataclass(frozen=True, kw_only=True)
class StandardisedNetwork:
    """Common part of CGRDN and Noise2Void; a restorer once it has `metadata`."""

    forward: Network
    """The network applied to one standardised image (h, w), sides multiples of
    `tiling.multiple`."""
    tiling: Tiling
    """Windows of a large image, and the size above which they are used."""

    def restore_image(
        self,
        image: Floats,
        /,
        *,
        sampling: float,  # noqa: ARG002 (the protocol's)
    ) -> Floats:
        """Restore one image (h, w) of any unit; a constant image is returned unchanged.

        Mean and standard deviation are those of the given pixels, of the whole image even where
        it is cut into windows; the mirrored lines that make a size fit are added afterwards and
        cut off again.
        """
        return self._restored(image, self.tiling, None)

    def restore_in_steps(
        self,
        image: Floats,
        /,
        *,
        sampling: float,  # noqa: ARG002 (the protocol's)
        progress: Progress,
    ) -> Floats:
        """Return the same as `restore_image`, calling `progress` after each step."""
        return self._restored(image, self.tiling, progress)

    def restore_with(
        self,
        image: Floats,
        /,
        *,
        sampling: float,  # noqa: ARG002 (the protocol's)
        tiling: Tiling | None,
    ) -> Floats:
        """Return the restored image with another tiling than its own, whole for None."""
        return self._restored(image, tiling, None)

    def prepare(self, standard: Standardised, progress: Progress | None) -> Progress | None:  # noqa: ARG002
        """Prepare for one image; return the progress callback for its windows, None for none."""
        return progress

    def _restored(self, image: Floats, tiling: Tiling | None, progress: Progress | None) -> Floats:
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
