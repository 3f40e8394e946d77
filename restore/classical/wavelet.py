"""Wavelet shrinkage on variance-stabilised counts."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from restore.built_in import BuiltIn, untrained_metadata
from restore.classical.counts.anscombe import STABILISED, restore_stabilised
from restore.restorer import RestorerMetadata
from restore.settings import require_positive
from stembench.arrays import Floats
from stembench.errors import InputError

WAVELET = "sym4"
"""Default wavelet, as PyWavelets names it: nearly symmetric, eight coefficients."""
WAVELET_LEVELS = 3
"""Default number of scales whose noise is taken out."""

_SHIFTS = 3  # cycle spinning: all shifts of 0 to 3 px, which covers two scales of the wavelet


def _is_known(wavelet: str) -> bool:
    import pywt

    return wavelet in pywt.wavelist(kind="discrete")


@dataclass(frozen=True)
class Wavelet:
    """Wavelet shrinkage with a threshold of its own for each scale (BayesShrink).

    S. G. Chang, B. Yu and M. Vetterli (2000), doi:10.1109/83.862633 , averaged over
    shifts of the image after R. R. Coifman and D. L. Donoho (1995),
    doi:10.1007/978-1-4612-2544-7_9; both in scikit-image, on PyWavelets.
    """

    wavelet: str = WAVELET
    """Name of an orthogonal wavelet of PyWavelets."""
    levels: int = WAVELET_LEVELS
    """Number of scales, of 2, 4, 8, ... px."""

    def __post_init__(self) -> None:
        require_positive("wavelet", levels=self.levels)
        # The default need not be looked up, which would import the package for a list.
        if self.wavelet != WAVELET and not _is_known(self.wavelet):
            raise InputError(
                f"setting 'wavelet' of 'wavelet' must be a discrete wavelet of PyWavelets such as "
                f"sym4 or db2, not '{self.wavelet}'"
            )
        if self.levels > 8:
            raise InputError(f"setting 'levels' of 'wavelet' must be at most 8, not {self.levels}")

    @property
    def metadata(self) -> RestorerMetadata:
        """Identity and properties of the restorer."""
        return untrained_metadata(
            "wavelet",
            self,
            label="wavelet shrinkage",
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
        import pywt
        from skimage.restoration import cycle_spin, denoise_wavelet

        # Mirrored beyond the edges, where the shifts and the wavelet's length reach.
        margin = 2**self.levels
        least = pywt.Wavelet(self.wavelet).dec_len * 2**self.levels

        def denoise(stable: Floats) -> Floats:
            extended = np.pad(stable, margin, mode="symmetric")
            spun: Floats = cycle_spin(
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


RESTORER: Final = BuiltIn(
    name="wavelet",
    summary="wavelet shrinkage on variance-stabilised counts",
    load=Wavelet,
    settings_type=Wavelet,
)
