"""Bragg filter in Fourier space."""

import math
import warnings
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from restore.built_in import BuiltIn, untrained_metadata
from restore.classical.counts.noise_level import noise_power
from restore.classical.counts.periodic_part import split_periodic
from restore.restorer import RestorationWarning, RestorerMetadata
from restore.settings import require_positive
from stembench.arrays import Bools, Floats

BRAGG_RADIUS = 0.1
"""Default radius of what is kept around each Bragg peak, 1/Å: detail is local to about 5 Å."""
BRAGG_LONGEST = 10.0
"""Default longest lattice spacing that counts as a Bragg peak, Å."""
BRAGG_FALSE_PEAKS = 0.01
"""Default number of peaks expected in an image of pure noise."""

_EXTRAPOLATIONS = 30  # of a lattice that fits badly; more change the result by less than its noise
_MASK_ORDER = 4  # Butterworth: flat within the radius, no hard edge that would ring


@dataclass(frozen=True)
class BraggFilter:
    """Bragg filter: keep the Fourier transform around Bragg peaks and around zero alone.

    A peak is a local maximum of the power spectrum above ln(n / false_peaks) times the noise, n
    being the number of Fourier pixels: the power of white noise is exponentially distributed. The
    noise is `noise_power`, or where that is more the median of the ring of the same spatial
    frequency, as R. Kilaas (1998) has it, doi:10.1046/j.1365-2818.1998.3070861.x.

    The image is extrapolated beyond its edges iteratively, by the filter's own output
    (A. Papoulis (1975), doi:10.1109/TCS.1975.1084118): otherwise a lattice that does not fit the
    frame would be lost along its edges.

    Without a peak there is no lattice to filter. The disk around zero alone is then kept, which is
    a low-pass filter, and a `RestorationWarning` is issued.
    """

    radius: float = BRAGG_RADIUS
    """Distance from a peak at which half of the amplitude is kept, 1/Å."""
    longest: float = BRAGG_LONGEST
    """Longest spacing that counts as a lattice's, Å."""
    false_peaks: float = BRAGG_FALSE_PEAKS
    """Expected number of peaks in an image of pure white noise."""

    def __post_init__(self) -> None:
        require_positive(
            "bragg", radius=self.radius, longest=self.longest, false_peaks=self.false_peaks
        )

    @property
    def metadata(self) -> RestorerMetadata:
        """Identity and properties of the restorer."""
        return untrained_metadata(
            "bragg", self, label="Bragg filter", library="scipy", scales_with_counts=False
        )

    def restore_image(self, image: Floats, /, *, sampling: float) -> Floats:
        """Filter one image (h, w) of counts."""
        if image.max() == image.min():
            return image
        from scipy.fft import irfft2, next_fast_len, rfft2

        transform, _ = split_periodic(image)
        peaks = self.find_peaks(transform, noise_power(image), sampling=sampling)
        if not peaks.any():
            warnings.warn(
                f"restorer '{self.metadata.name}' found no lattice in an image of "
                f"{image.shape[1]} x {image.shape[0]} px; it kept its spatial frequencies below "
                f"{self.radius:g} 1/Å alone",
                RestorationWarning,
                stacklevel=2,
            )
        height, width = image.shape
        margin = math.ceil(1 / (self.radius * sampling))
        shape = tuple(next_fast_len(size + 2 * margin, real=True) for size in image.shape)
        mask = self._mask(peaks, shape, sampling=sampling)
        inside = np.s_[margin : margin + height, margin : margin + width]
        around = [
            (margin, whole - size - margin) for whole, size in zip(shape, image.shape, strict=True)
        ]
        extended = np.pad(image, around, mode="symmetric")
        for _ in range(_EXTRAPOLATIONS):
            extended[inside] = image
            extended = irfft2(rfft2(extended) * mask, s=shape)
        restored: Floats = extended[inside]
        return restored

    def _mask(self, peaks: Bools, shape: tuple[int, ...], /, *, sampling: float) -> Floats:
        """Return the filter's weights for a padded image of `shape`, in the layout of `rfft2`."""
        from scipy.fft import ifftshift
        from scipy.ndimage import distance_transform_edt

        centres = np.zeros(shape, dtype=bool)
        centres[shape[0] // 2, shape[1] // 2] = True
        places = [
            np.round((place - old // 2) * (new / old)).astype(np.intp) + new // 2
            for place, old, new in zip(np.nonzero(peaks), peaks.shape, shape, strict=True)
        ]
        centres[tuple(places)] = True
        steps = [1 / (size * sampling) for size in shape]
        distance = distance_transform_edt(~centres, sampling=steps)
        mask: Floats = ifftshift(1 / (1 + (distance / self.radius) ** (2 * _MASK_ORDER)))
        return mask[:, : shape[1] // 2 + 1]

    def find_peaks(
        self, transform: NDArray[np.complex128], noise: float, /, *, sampling: float
    ) -> Bools:
        """Find the Bragg peaks of a discrete Fourier transform.

        Parameters
        ----------
        transform : ndarray
            (h, w), zero frequency first.
        noise : float
            Expected power of the noise at each of its points.
        sampling : float
            Å/px.

        Returns
        -------
        ndarray
            (h, w), True at peaks, zero frequency in the middle.
        """
        from scipy.fft import fftfreq, fftshift
        from scipy.ndimage import maximum_filter, median

        power = fftshift(np.abs(transform) ** 2)
        height, width = power.shape
        frequency = fftshift(
            np.hypot(fftfreq(height, sampling)[:, None], fftfreq(width, sampling)[None, :])
        )
        step = 1 / (min(height, width) * sampling)
        ring = np.round(frequency / step).astype(np.intp)
        rings = np.asarray(median(power, ring, np.arange(ring.max() + 1)))
        # The median of an exponential distribution is ln 2 of its mean.
        background = np.maximum(noise, rings / math.log(2))[ring]
        threshold = background * max(1.0, math.log(power.size / self.false_peaks))
        reach = [2 * max(1, round(self.radius * size * sampling / 2)) + 1 for size in power.shape]
        highest = power == maximum_filter(power, size=reach, mode="wrap")
        # Nearer to zero than two Fourier pixels a spacing cannot be told from a slope.
        lowest = max(1 / self.longest, 2 * step)
        peaks: Bools = highest & (power > threshold) & (frequency >= lowest)
        return peaks


RESTORER: Final = BuiltIn(
    name="bragg",
    summary="the surroundings of the Bragg peaks in Fourier space",
    load=BraggFilter,
    settings_type=BraggFilter,
)
