"""Restorers for even noise, on stabilised counts: wavelets, total variation, patch-PCA, BM3D.

Counts are stabilised by `restore.classical.anscombe`, denoised as an image with white noise of
standard deviation 1, and brought back by the exact unbiased inverse.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from restore.classical.anscombe import stabilise, unstabilise
from restore.classical.patch_pca import denoise_by_patches
from restore.classical.raw_and_gaussian import STABILISED, estimate_noise, untrained_metadata
from restore.restorer import RestorerMetadata
from restore.settings import require_positive
from stembench.errors import InputError

Image = NDArray[np.float64]

WAVELET = "sym4"
"""Default wavelet, as PyWavelets names it: nearly symmetric, eight coefficients."""
WAVELET_LEVELS = 3
"""Default number of scales whose noise is taken out."""
TV_STRENGTH = 0.5
"""Default weight of total variation, in standard deviations of the noise."""
PCA_PATCH = 2.6
"""Default side of patch-PCA's patches, Å: an atomic column and a part of each neighbour."""

_SHIFTS = 3  # cycle spinning: all shifts of 0 to 3 px, which covers two scales of the wavelet
_BM3D_LEAST = 16
# scikit-image stops at 2e-4 by default, where the result still depends on the stop more than on
# the strength.
_TV_TOLERANCE = 2e-5
_TV_ITERATIONS = 1000


def read_noise(image: Image, /) -> float:
    """Estimate the standard deviation of a detector's noise from counts below zero.

    Counted electrons are never negative, so that what lies below zero is the lower half of the
    noise round none. Without it the many pixels near zero of a dark image would be stabilised and
    brought back too high: patch-PCA's mean of the nanoparticle at 0.3 electrons per pixel was
    33 % above the truth without and 2 % below with it.

    Parameters
    ----------
    image : ndarray
        Electrons per pixel, any shape.

    Returns
    -------
    float
        Electrons; 0 where no count is negative.
    """
    negative = image[image < 0]
    return float(np.sqrt(np.mean(negative**2))) if negative.size else 0.0


def restore_stabilised(
    image: Image, denoise: Callable[[Image], Image], /, *, least_side: int
) -> Image:
    """Denoise an image of counts by a method for white noise of standard deviation 1.

    Parameters
    ----------
    image : ndarray
        (h, w), electrons per pixel.
    denoise : callable
        Takes and returns stabilised images (h', w').
    least_side : int
        Least height and width that `denoise` takes; a smaller image is mirrored up to it.

    Returns
    -------
    ndarray
        (h, w), electrons per pixel, >= 0; a constant image comes back as it is.

    Notes
    -----
    The noise is estimated from the stabilised image and taken as at least that of Poisson
    counts (1), since a detector can only add to it; the detector's part is `read_noise`.
    """
    if image.max() == image.min():
        return image
    height, width = image.shape
    below = read_noise(image)
    stable = stabilise(image, read_noise=below)
    sigma = max(1.0, estimate_noise(stable))
    missing = [(0, max(0, least_side - size)) for size in image.shape]
    padded = np.pad(stable / sigma, missing, mode="symmetric")
    return unstabilise(sigma * denoise(padded)[:height, :width], read_noise=below)


@dataclass(frozen=True)
class Wavelet:
    """Shrink wavelet coefficients by a threshold that each scale chooses itself.

    S. G. Chang, B. Yu and M. Vetterli (2000), doi:10.1109/83.862633 (BayesShrink), averaged over
    shifts of the image after R. R. Coifman and D. L. Donoho (1995),
    doi:10.1007/978-1-4612-2544-7_9; both in scikit-image, on PyWavelets.
    """

    wavelet: str = WAVELET
    """Name of an orthogonal wavelet of PyWavelets."""
    levels: int = WAVELET_LEVELS
    """Number of scales, of 2, 4, 8, ... px."""

    def __post_init__(self) -> None:
        require_positive("wavelet", levels=self.levels)
        import pywt

        if self.wavelet not in pywt.wavelist(kind="discrete"):
            raise InputError(
                f"setting 'wavelet' of 'wavelet' must be a discrete wavelet of PyWavelets such as "
                f"sym4 or db2, not '{self.wavelet}'"
            )
        if self.levels > 8:
            raise InputError(f"setting 'levels' of 'wavelet' must be at most 8, not {self.levels}")

    @property
    def metadata(self) -> RestorerMetadata:
        """What the restorer is."""
        return untrained_metadata(
            "wavelet",
            self,
            library="scikit-image",
            input_scale=STABILISED,
            scales_with_counts=False,
        )

    def restore_image(
        self,
        image: Image,
        /,
        *,
        sampling: float,  # noqa: ARG002 (the protocol's)
    ) -> Image:
        """Denoise one image (h, w) of counts."""
        import pywt
        from skimage.restoration import cycle_spin, denoise_wavelet

        # What lies beyond the edges is mirrored: the shifts and the wavelet's length reach there.
        margin = 2**self.levels
        least = pywt.Wavelet(self.wavelet).dec_len * 2**self.levels

        def denoise(stable: Image) -> Image:
            extended = np.pad(stable, margin, mode="symmetric")
            spun: Image = cycle_spin(
                extended,
                denoise_wavelet,
                max_shifts=_SHIFTS,
                func_kw={
                    "sigma": 1.0,
                    "wavelet": self.wavelet,
                    "wavelet_levels": self.levels,
                    "method": "BayesShrink",
                    "mode": "soft",
                    "rescale_sigma": False,
                },
                workers=1,
            )
            return spun[margin:-margin, margin:-margin]

        return restore_stabilised(image, denoise, least_side=least)


@dataclass(frozen=True)
class TotalVariation:
    """Find the image of least total variation near the given one.

    L. I. Rudin, S. Osher and E. Fatemi (1992), doi:10.1016/0167-2789(92)90242-F, solved after
    A. Chambolle (2004), doi:10.1023/B:JMIV.0000011325.36760.1e, in scikit-image.
    """

    strength: float = TV_STRENGTH
    """Weight of the total variation, in standard deviations of the noise."""

    def __post_init__(self) -> None:
        require_positive("tv", strength=self.strength)

    @property
    def metadata(self) -> RestorerMetadata:
        """What the restorer is."""
        return untrained_metadata(
            "tv", self, library="scikit-image", input_scale=STABILISED, scales_with_counts=False
        )

    def restore_image(
        self,
        image: Image,
        /,
        *,
        sampling: float,  # noqa: ARG002 (the protocol's)
    ) -> Image:
        """Denoise one image (h, w) of counts."""
        from skimage import restoration

        def denoise(stable: Image) -> Image:
            # Without a type, as the rest of scikit-image.
            solve: Any = restoration.denoise_tv_chambolle
            denoised: Image = solve(
                stable, weight=self.strength, eps=_TV_TOLERANCE, max_num_iter=_TV_ITERATIONS
            )
            return denoised

        return restore_stabilised(image, denoise, least_side=2)


@dataclass(frozen=True)
class PatchPCA:
    """Keep of each patch what it shares with others: `restore.classical.patch_pca`."""

    patch: float = PCA_PATCH
    """Side of the patches, Å (3 to 15 px)."""

    def __post_init__(self) -> None:
        require_positive("patch-pca", patch=self.patch)

    @property
    def metadata(self) -> RestorerMetadata:
        """What the restorer is."""
        return untrained_metadata(
            "patch-pca", self, library="numpy", input_scale=STABILISED, scales_with_counts=False
        )

    def restore_image(self, image: Image, /, *, sampling: float) -> Image:
        """Denoise one image (h, w) of counts."""
        side = int(np.clip(2 * round(self.patch / sampling / 2) + 1, 3, 15))
        return restore_stabilised(
            image, lambda stable: denoise_by_patches(stable, side=side), least_side=2 * side
        )


@dataclass(frozen=True)
class BlockMatching:
    """BM3D: denoise groups of like patches together.

    K. Dabov, A. Foi, V. Katkovnik and K. Egiazarian (2007), doi:10.1109/TIP.2007.901238, as the
    package bm3d has it (Y. Mäkinen, L. Azzari and A. Foi (2020), doi:10.1109/TIP.2020.3014721).
    That package is free for non-commercial use alone, so that it is an extra and never installed
    unasked.
    """

    @property
    def metadata(self) -> RestorerMetadata:
        """What the restorer is."""
        return untrained_metadata(
            "bm3d",
            self,
            library="bm3d",
            input_scale=STABILISED,
            scales_with_counts=False,
            licence="LicenseRef-BM3D-non-commercial",
        )

    def restore_image(
        self,
        image: Image,
        /,
        *,
        sampling: float,  # noqa: ARG002 (the protocol's)
    ) -> Image:
        """Denoise one image (h, w) of counts."""
        import bm3d

        profile = bm3d.BM3DProfile()
        profile.num_threads = 1  # more threads sum in an order that changes from call to call

        def denoise(stable: Image) -> Image:
            return np.asarray(bm3d.bm3d(stable, sigma_psd=1.0, profile=profile), dtype=np.float64)

        return restore_stabilised(image, denoise, least_side=_BM3D_LEAST)


def load_block_matching() -> BlockMatching:
    """Return BM3D.

    Raises
    ------
    stembench.errors.InputError
        When the package bm3d is not installed.
    """
    try:
        import bm3d  # noqa: F401
    except ImportError as error:
        raise InputError(
            "the package bm3d is not installed, and is not by default because its licence allows "
            "non-commercial use alone; if yours is, install the extra 'bm3d' (pip install "
            "'.[bm3d]')"
        ) from error
    return BlockMatching()
