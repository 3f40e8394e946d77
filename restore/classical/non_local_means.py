"""Non-local means on variance-stabilised counts."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from restore.built_in import BuiltIn, untrained_metadata
from restore.classical.counts.anscombe import STABILISED, restore_stabilised
from restore.restorer import RestorerMetadata
from restore.settings import require_positive
from stembench.arrays import Floats

NLM_PATCH = 1.4
"""Default side of the patches that are compared, Å: one atomic column."""
NLM_REACH = 4.0
"""Default distance over which similar patches are searched, Å: one lattice constant."""
NLM_STRENGTH = 0.6
"""Default decay of the weights, in standard deviations of the noise.

scikit-image's own advice for its algorithm with a given sigma.
"""


@dataclass(frozen=True)
class NonLocalMeans:
    """Non-local means: average each pixel over others with similar surroundings.

    A. Buades, B. Coll and J.-M. Morel (2005), doi:10.1109/CVPR.2005.38, in scikit-image, on
    counts stabilised by `restore.classical.counts.anscombe`, which is undone without bias after.
    """

    patch: float = NLM_PATCH
    """Side of the compared patches, Å (3 to 15 px)."""
    reach: float = NLM_REACH
    """Largest distance of compared patches, Å (5 to 21 px)."""
    strength: float = NLM_STRENGTH
    """Decay of the weights, in standard deviations of the noise."""

    def __post_init__(self) -> None:
        require_positive("nlm", patch=self.patch, reach=self.reach, strength=self.strength)

    @property
    def metadata(self) -> RestorerMetadata:
        """Identity and properties of the restorer."""
        return untrained_metadata(
            "nlm",
            self,
            label="non-local means",
            library="scikit-image",
            input_scale=STABILISED,
            scales_with_counts=False,
        )

    def restore_image(self, image: Floats, /, *, sampling: float) -> Floats:
        """Denoise one image (h, w) of counts."""
        from skimage.restoration import denoise_nl_means

        def denoise(stable: Floats) -> Floats:
            denoised: Floats = denoise_nl_means(
                stable,
                patch_size=int(np.clip(2 * round(self.patch / sampling / 2) + 1, 3, 15)),
                patch_distance=int(np.clip(round(self.reach / sampling), 5, 21)),
                h=self.strength,
                sigma=1.0,
                fast_mode=True,
            )
            return denoised

        # scikit-image would take a single line for a one-dimensional signal.
        return restore_stabilised(image, denoise, least_side=2)


RESTORER: Final = BuiltIn(
    name="nlm",
    summary="non-local means on variance-stabilised counts",
    load=NonLocalMeans,
    settings_type=NonLocalMeans,
)
