"""Wiener filter in Fourier space."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from restore.built_in import BuiltIn, untrained_metadata
from restore.classical.counts.noise_level import noise_power
from restore.classical.counts.periodic_part import split_periodic
from restore.restorer import RestorerMetadata
from restore.settings import require_positive
from stembench.arrays import Floats

WIENER_SMOOTHING = 2.0
"""Default width over which the power spectrum is averaged, Fourier pixels."""


@dataclass(frozen=True)
class WienerFilter:
    """Wiener filter: weigh each spatial frequency by its share of signal, (S - N) / S.

    N is the power of the noise, `noise_power`; S the image's power spectrum, averaged over a few
    Fourier pixels. R. Kilaas (1998), doi:10.1046/j.1365-2818.1998.3070861.x, with the noise known
    instead of read off an amorphous edge.
    """

    smoothing: float = WIENER_SMOOTHING
    """Standard deviation of the average over the power spectrum, Fourier pixels."""

    def __post_init__(self) -> None:
        require_positive("wiener", smoothing=self.smoothing)

    @property
    def metadata(self) -> RestorerMetadata:
        """Identity and properties of the restorer."""
        return untrained_metadata(
            "wiener", self, label="Wiener filter", library="scipy", scales_with_counts=False
        )

    def restore_image(
        self,
        image: Floats,
        /,
        *,
        sampling: float,  # noqa: ARG002 (the protocol's)
    ) -> Floats:
        """Filter one image (h, w) of counts; its mean stays."""
        if image.max() == image.min():
            return image
        from scipy.fft import ifft2
        from scipy.ndimage import gaussian_filter

        transform, smooth = split_periodic(image)
        power = np.abs(transform) ** 2
        power[0, 0] = 0.0  # the mean would leak into its neighbours
        spectrum = gaussian_filter(power, self.smoothing, mode="wrap")
        noise = noise_power(image)
        weight = np.maximum(0.0, 1 - noise / np.maximum(spectrum, noise)) if noise else 1.0
        mean = transform[0, 0]
        filtered = transform * weight
        filtered[0, 0] = mean
        restored: Floats = np.real(ifft2(filtered)) + smooth
        return restored


RESTORER: Final = BuiltIn(
    name="wiener",
    summary="Wiener filter in Fourier space, noise estimated from the image",
    load=WienerFilter,
    settings_type=WienerFilter,
)
