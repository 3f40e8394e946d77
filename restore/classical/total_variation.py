"""Total-variation denoising of variance-stabilised counts."""

from dataclasses import dataclass
from typing import Any, Final

from restore.built_in import BuiltIn, untrained_metadata
from restore.classical.counts.anscombe import STABILISED, restore_stabilised
from restore.restorer import RestorerMetadata
from restore.settings import require_positive
from stembench.arrays import Floats

TV_STRENGTH = 0.5
"""Default weight of total variation, in standard deviations of the noise."""

# scikit-image stops at 2e-4 by default, where the result still depends on the stop more than on
# the strength.
_TV_TOLERANCE = 2e-5
_TV_ITERATIONS = 1000


@dataclass(frozen=True)
class TotalVariation:
    """Total variation: the image of least variation near the noisy one.

    L. I. Rudin, S. Osher and E. Fatemi (1992), doi:10.1016/0167-2789(92)90242-F, solved after
    A. Chambolle (2004), doi:10.1023/B:JMIV.0000011325.36760.1e, in scikit-image.
    """

    strength: float = TV_STRENGTH
    """Weight of the total variation, in standard deviations of the noise."""

    def __post_init__(self) -> None:
        require_positive("tv", strength=self.strength)

    @property
    def metadata(self) -> RestorerMetadata:
        """Identity and properties of the restorer."""
        return untrained_metadata(
            "tv",
            self,
            label="total variation",
            library="scikit-image",
            input_scale=STABILISED,
            scales_with_counts=False,
        )

    def restore_image(
        self,
        image: Floats,
        /,
        *,
        sampling: float,  # noqa: ARG002 (the protocol's)
    ) -> Floats:
        """Denoise one image (h, w) of counts."""
        from skimage import restoration

        def denoise(stable: Floats) -> Floats:
            # scikit-image ships no types.
            solve: Any = restoration.denoise_tv_chambolle
            denoised: Floats = solve(
                stable, weight=self.strength, eps=_TV_TOLERANCE, max_num_iter=_TV_ITERATIONS
            )
            return denoised

        return restore_stabilised(image, denoise, least_side=2)


RESTORER: Final = BuiltIn(
    name="tv",
    summary="total variation on variance-stabilised counts",
    load=TotalVariation,
    settings_type=TotalVariation,
)
