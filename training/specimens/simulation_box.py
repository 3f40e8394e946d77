"""The simulation box: image size, pixel size, and how far the specimen reaches beyond the image."""

import math
from dataclasses import dataclass
from typing import Final

from stembench.arrays import Floats
from stembench.limits import require

#: Reach of an atom's image in Å: the specimen goes on so far beyond the image, so that its edge
#: is as real as its middle (ours).
SKIRT: Final = 4.0


@dataclass(frozen=True)
class Box:
    """Size of an image and of the specimen below it.

    Attributes
    ----------
    shape : tuple of two int
        Rows and columns of the image in px.
    sampling : float
        Pixel size dr in Å/px, > 0.
    correlation : float
        Maximum correlation distance d_ext of the scan distortions in Å, >= 0: the image is made
        larger by it, half on each side, since distortion brings in what lies beyond its edge.
    """

    shape: tuple[int, int]
    sampling: float
    correlation: float = 0.0

    def __post_init__(self) -> None:
        for side in self.shape:
            require(side, "side of the image", low=1, unit="px")
        require(self.sampling, "sampling", low=0, open_low=True, unit="Å/px")
        require(self.correlation, "correlation distance", low=0, unit="Å")

    @property
    def margin(self) -> int:
        """Pixels by which the extended image is larger on each side."""
        return math.ceil(self.correlation / self.sampling / 2)

    @property
    def extended(self) -> tuple[int, int]:
        """Rows and columns of the extended image in px."""
        return self.shape[0] + 2 * self.margin, self.shape[1] + 2 * self.margin

    @property
    def skirt(self) -> int:
        """Pixels by which the specimen reaches beyond the extended image on each side."""
        return math.ceil(SKIRT / self.sampling)

    @property
    def longest(self) -> float:
        """Longest side of the required box, max(l_x, l_y, l_z), in Å."""
        return max(self.shape) * self.sampling

    @property
    def sides(self) -> Floats:
        """Extended box with its skirt, (x, y, z) in Å; n_z is the larger of the image's sides."""
        import numpy as np

        height, width = self.extended
        depth = max(self.shape) + 2 * self.margin
        wide = np.array([width + 2 * self.skirt, height + 2 * self.skirt, depth])
        return np.asarray(wide * self.sampling, dtype=np.float64)
