"""Gaussian filter. Its width is declared in Å, so that it acts the same at any sampling."""

from dataclasses import dataclass
from typing import Final

from restore.built_in import BuiltIn, untrained_metadata
from restore.restorer import RestorerMetadata
from restore.settings import require_positive
from stembench.arrays import Floats

GAUSSIAN_SIGMA = 0.3
"""Default width of the Gaussian filter, Å: narrower than an atomic column's image (0.4 to 0.5)."""


@dataclass(frozen=True)
class GaussianFilter:
    """Convolution with a Gaussian, the image mirrored at its edges."""

    sigma: float = GAUSSIAN_SIGMA
    """Standard deviation of the Gaussian, Å."""

    def __post_init__(self) -> None:
        require_positive("gaussian", sigma=self.sigma)

    @property
    def metadata(self) -> RestorerMetadata:
        """Identity and properties of the restorer."""
        return untrained_metadata(
            "gaussian", self, label="Gaussian filter", library="scipy", scales_with_counts=True
        )

    def restore_image(self, image: Floats, /, *, sampling: float) -> Floats:
        """Filter one image (h, w).

        The width of a Gaussian column of width rho becomes sqrt(rho**2 + sigma**2); its volume,
        and so its scattering cross-section, stays.
        """
        from scipy.ndimage import gaussian_filter

        filtered: Floats = gaussian_filter(image, self.sigma / sampling, mode="mirror")
        return filtered


RESTORER: Final = BuiltIn(
    name="gaussian",
    summary="Gaussian filter of 0.3 Å",
    load=GaussianFilter,
    settings_type=GaussianFilter,
)
