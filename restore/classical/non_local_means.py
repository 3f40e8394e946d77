"""Non-local means on stabilised counts: each pixel an average over others in like surroundings."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from restore.classical.raw_and_gaussian import STABILISED, untrained_metadata
from restore.classical.stabilised import restore_stabilised
from restore.restorer import RestorerMetadata
from restore.settings import require_positive

NLM_PATCH = 1.4
"""Default side of the patches that are compared, Å: one atomic column."""
NLM_REACH = 4.0
"""Default distance over which like patches are looked for, Å: one lattice constant."""
NLM_STRENGTH = 0.6
"""Default decay of the weights, in standard deviations of the noise.

scikit-image's own advice for its algorithm with a given sigma.
"""


@dataclass(frozen=True)
class NonLocalMeans:
    """Average each pixel over others whose surroundings look alike, on stabilised counts.

    A. Buades, B. Coll and J.-M. Morel (2005), doi:10.1109/CVPR.2005.38, in scikit-image; the
    noise is made even by `restore.classical.anscombe` before and that is undone without bias after.
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
        """What the restorer is."""
        return untrained_metadata(
            "nlm",
            self,
            library="scikit-image",
            input_scale=STABILISED,
            scales_with_counts=False,
        )

    def restore_image(
        self, image: NDArray[np.float64], /, *, sampling: float
    ) -> NDArray[np.float64]:
        """Denoise one image (h, w) of counts."""
        from skimage.restoration import denoise_nl_means

        def denoise(stable: NDArray[np.float64]) -> NDArray[np.float64]:
            denoised: NDArray[np.float64] = denoise_nl_means(
                stable,
                patch_size=int(np.clip(2 * round(self.patch / sampling / 2) + 1, 3, 15)),
                patch_distance=int(np.clip(round(self.reach / sampling), 5, 21)),
                h=self.strength,
                sigma=1.0,
                fast_mode=True,
            )
            return denoised

        # scikit-image takes a single line for one dimension.
        return restore_stabilised(image, denoise, least_side=2)
