"""Restorers in Fourier space: the Wiener filter and the Bragg filter.

An image does not go on periodically, as its discrete Fourier transform takes it to do. Power
spectra are therefore taken of its periodic part alone (L. Moisan (2011),
doi:10.1007/s10851-010-0227-1), and the Bragg filter continues the lattice beyond the edges.
"""

import math
import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from restore.classical.raw_and_gaussian import estimate_noise, untrained_metadata
from restore.restorer import RestorationWarning, RestorerMetadata
from restore.settings import require_positive

WIENER_SMOOTHING = 2.0
"""Default width over which the Wiener filter averages the power spectrum, Fourier pixels."""
BRAGG_RADIUS = 0.1
"""Default radius of what is kept round each Bragg peak, 1/Å: detail is local to about 5 Å."""
BRAGG_LONGEST = 10.0
"""Default longest lattice spacing that counts as a Bragg peak, Å."""
BRAGG_FALSE_PEAKS = 0.01
"""Default number of peaks expected in an image of pure noise."""

_CONTINUATIONS = 30  # of a lattice that fits badly; more change the result by less than its noise
_MASK_ORDER = 4  # Butterworth: flat within the radius, no hard edge that would ring


def split_periodic(
    image: NDArray[np.float64], /
) -> tuple[NDArray[np.complex128], NDArray[np.float64]]:
    """Split an image into a periodic and a smooth part whose sum it is.

    Parameters
    ----------
    image : ndarray
        (h, w), any unit.

    Returns
    -------
    transform : ndarray
        (h, w), the discrete Fourier transform of the periodic part, with the image's mean.
    smooth : ndarray
        (h, w), in the image's unit, of mean 0.
    """
    from scipy.fft import fft2, ifft2

    height, width = image.shape
    jump = np.zeros_like(image)
    jump[0] += image[-1] - image[0]
    jump[-1] += image[0] - image[-1]
    jump[:, 0] += image[:, -1] - image[:, 0]
    jump[:, -1] += image[:, 0] - image[:, -1]
    laplacian = (
        2 * np.cos(2 * np.pi * np.arange(height) / height)[:, None]
        + 2 * np.cos(2 * np.pi * np.arange(width) / width)
        - 4
    )
    laplacian[0, 0] = 1.0  # the jumps sum to zero
    smooth = np.real(ifft2(fft2(jump) / laplacian))
    smooth -= smooth.mean()
    return fft2(image - smooth), smooth


def noise_power(image: NDArray[np.float64], /) -> float:
    """Return the expected power of white noise at each point of the image's transform.

    The noise's variance is estimated from the image and taken as at least that of Poisson
    counts, the mean, since a detector can only add to it.

    Parameters
    ----------
    image : ndarray
        (h, w), electrons per pixel.
    """
    return image.size * max(float(image.mean()), estimate_noise(image) ** 2, 0.0)


def _is_constant(image: NDArray[np.float64]) -> bool:
    return bool(image.max() == image.min())


@dataclass(frozen=True)
class WienerFilter:
    """Weigh each spatial frequency by its share of signal, (S - N) / S.

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
        """What the restorer is."""
        return untrained_metadata("wiener", self, library="scipy", scales_with_counts=False)

    def restore_image(
        self,
        image: NDArray[np.float64],
        /,
        *,
        sampling: float,  # noqa: ARG002 (the protocol's)
    ) -> NDArray[np.float64]:
        """Filter one image (h, w) of counts; its mean stays."""
        if _is_constant(image):
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
        restored: NDArray[np.float64] = np.real(ifft2(filtered)) + smooth
        return restored


@dataclass(frozen=True)
class BraggFilter:
    """Keep the Fourier transform round the lattice's Bragg peaks and round zero alone.

    A peak is a local maximum of the power spectrum above ln(n / false_peaks) times the noise, n
    being the number of Fourier pixels: the power of white noise is exponentially distributed. The
    noise is `noise_power`, or where that is more the median of the ring of the same spatial
    frequency, as R. Kilaas (1998) has it, doi:10.1046/j.1365-2818.1998.3070861.x.

    The image is continued beyond its edges by what the filter itself makes of it, over and over
    (A. Papoulis (1975), doi:10.1109/TCS.1975.1084118): otherwise a lattice that does not fit the
    frame would be lost along its edges.

    Without a peak there is no lattice to filter. The disk round zero alone is then kept, which is
    a low-pass filter, and a `RestorationWarning` says so.
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
        """What the restorer is."""
        return untrained_metadata("bragg", self, library="scipy", scales_with_counts=False)

    def restore_image(
        self, image: NDArray[np.float64], /, *, sampling: float
    ) -> NDArray[np.float64]:
        """Filter one image (h, w) of counts."""
        if _is_constant(image):
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
        continued = np.pad(image, around, mode="symmetric")
        for _ in range(_CONTINUATIONS):
            continued[inside] = image
            continued = irfft2(rfft2(continued) * mask, s=shape)
        restored: NDArray[np.float64] = continued[inside]
        return restored

    def _mask(
        self, peaks: NDArray[np.bool_], shape: tuple[int, ...], /, *, sampling: float
    ) -> NDArray[np.float64]:
        """Return what to keep of the transform of an image of another shape, as `rfft2` has it."""
        from scipy.fft import ifftshift
        from scipy.ndimage import distance_transform_edt

        kept = np.zeros(shape, dtype=bool)
        kept[shape[0] // 2, shape[1] // 2] = True
        places = [
            np.round((place - old // 2) * (new / old)).astype(np.intp) + new // 2
            for place, old, new in zip(np.nonzero(peaks), peaks.shape, shape, strict=True)
        ]
        kept[tuple(places)] = True
        steps = [1 / (size * sampling) for size in shape]
        distance = distance_transform_edt(~kept, sampling=steps)
        mask: NDArray[np.float64] = ifftshift(
            1 / (1 + (distance / self.radius) ** (2 * _MASK_ORDER))
        )
        return mask[:, : shape[1] // 2 + 1]

    def find_peaks(
        self, transform: NDArray[np.complex128], noise: float, /, *, sampling: float
    ) -> NDArray[np.bool_]:
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
        peaks: NDArray[np.bool_] = highest & (power > threshold) & (frequency >= lowest)
        return peaks
