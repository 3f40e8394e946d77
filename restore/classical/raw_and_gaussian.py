"""Restorers that are not trained: nothing at all and a Gaussian filter; what all such share.

They are the floor against which a network is read. Lengths are declared in Å, so that a restorer
does the same to the specimen at any sampling.
"""

import importlib.metadata
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from restore.restorer import RestorerMetadata
from restore.settings import name_with_settings, require_positive

GAUSSIAN_SIGMA = 0.3
"""Default width of the Gaussian filter, Å: narrower than an atomic column's image (0.4 to 0.5)."""
STABILISED = "counts, stabilised by the Anscombe transformation"
"""Input scale of the restorers that work on stabilised counts."""


def untrained_metadata(
    name: str,
    settings: Any,
    /,
    *,
    library: str,
    input_scale: str = "unchanged",
    scales_with_counts: bool,
    licence: str = "GPL-3.0-or-later",
) -> RestorerMetadata:
    """Return the metadata of a restorer without weights.

    Parameters
    ----------
    name : str
        Its name with default settings.
    settings : dataclass instance
        Its settings.
    library : str
        Installed distribution that does the arithmetic.
    input_scale : str
        What is done to the values first.
    scales_with_counts : bool
        Whether k times the counts restore to k times the image.
    licence : str
        SPDX name of the licence of the code that does the restoring.
    """
    return RestorerMetadata(
        name=name_with_settings(name, settings),
        version="1",
        licence=licence,
        training_data="none",
        input_scale=input_scale,
        engine=f"{library} {importlib.metadata.version(library)}",
        scales_with_counts=scales_with_counts,
    )


@dataclass(frozen=True)
class Raw:
    """Return the image as it is."""

    @property
    def metadata(self) -> RestorerMetadata:
        """What the restorer is."""
        return untrained_metadata("raw", self, library="numpy", scales_with_counts=True)

    def restore_image(
        self,
        image: NDArray[np.float64],
        /,
        *,
        sampling: float,  # noqa: ARG002 (the protocol's)
    ) -> NDArray[np.float64]:
        """Return one image (h, w) unchanged."""
        return image


@dataclass(frozen=True)
class GaussianFilter:
    """Convolve with a Gaussian; the image goes on beyond its edges as in a mirror."""

    sigma: float = GAUSSIAN_SIGMA
    """Standard deviation of the Gaussian, Å."""

    def __post_init__(self) -> None:
        require_positive("gaussian", sigma=self.sigma)

    @property
    def metadata(self) -> RestorerMetadata:
        """What the restorer is."""
        return untrained_metadata("gaussian", self, library="scipy", scales_with_counts=True)

    def restore_image(
        self, image: NDArray[np.float64], /, *, sampling: float
    ) -> NDArray[np.float64]:
        """Filter one image (h, w).

        The width of a Gaussian column of width rho becomes sqrt(rho**2 + sigma**2); its volume,
        and so its scattering cross-section, stays.
        """
        from scipy.ndimage import gaussian_filter

        filtered: NDArray[np.float64] = gaussian_filter(image, self.sigma / sampling, mode="mirror")
        return filtered


def estimate_noise(image: NDArray[np.float64], /) -> float:
    """Estimate the standard deviation of white Gaussian noise in an image.

    Parameters
    ----------
    image : ndarray
        (h, w), any unit.

    Returns
    -------
    float
        Median absolute diagonal detail over 0.6745, in the image's unit; 0 where there is no
        2 x 2 block.

    Notes
    -----
    The finest Haar wavelet's diagonal details, after D. L. Donoho and I. M. Johnstone (1994),
    doi:10.1093/biomet/81.3.425: smooth structure cancels in them.
    """
    height, width = (size // 2 * 2 for size in image.shape)
    if not height or not width:
        return 0.0
    blocks = image[:height, :width].reshape(height // 2, 2, width // 2, 2)
    diagonal = (
        blocks[:, 0, :, 0] - blocks[:, 0, :, 1] - blocks[:, 1, :, 0] + blocks[:, 1, :, 1]
    ) / 2
    return float(np.median(np.abs(diagonal)) / 0.6745)
