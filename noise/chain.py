"""The S(T)EM noise chain: one frozen description, applied to a batch of images by one call."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from noise.detector import Detector, add_pulse_noise, count_electrons
from noise.dose import electrons_per_pixel
from noise.errors import InputError
from noise.fast_scan import FastScan, trail
from noise.jitter import Jitter, displace_lines, line_displacements, spline_coefficients

FloatArray = npt.NDArray[np.float64]

#: Random streams of one realization, in order. Each stage has its own, so that leaving a stage out
#: does not change the draw of another; a new stage is appended at the end.
STREAMS: Final = ("jitter_x", "jitter_y", "electrons", "pulse")


@dataclass(frozen=True)
class ScanNoise:
    """Distortions of a scanned image in the order in which they happen; None leaves one out.

    Poisson counting, equation (45), is always applied.

    Attributes
    ----------
    jitter : Jitter or None
        Scan jitter, (41) and (42).
    detector : Detector or None
        Photomultiplier pulse spread, (43), (44) and (46).
    fast_scan : FastScan or None
        Trailing response of detector and readout, (47) to (50).
    """

    jitter: Jitter | None = None
    detector: Detector | None = None
    fast_scan: FastScan | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return the parameters as nested plain types, ready for JSON."""
        return asdict(self)


#: Scan distortion of the paper's studies 2 and 3, whose settings are not published. Jitter of
#: 0.75 px and phi 0.6 is the paper's own Fig. 12 at 0.2 Å/px. The photomultiplier values are
#: typical of a YAG:P47 scintillator, and the response that of a dwell time of about 1 µs.
STUDY_SCAN: Final = ScanNoise(
    jitter=Jitter(sigma_x=0.15, sigma_y=0.15, phi_x=0.6, phi_y=0.6),
    detector=Detector(photons=100.0, photon_variance=100.0, efficiency=0.2, secondary_gain=4.0),
    fast_scan=FastScan(alpha=1.0, beta=0.5, gamma=8.0, theta=math.pi / 2),
)


def distort(
    images: npt.ArrayLike,
    generators: Sequence[np.random.Generator],
    *,
    dose: float,
    sampling: float,
    noise: ScanNoise,
    margin: int = 0,
) -> FloatArray:
    """Apply the noise chain to clean images, one generator per realization.

    Parameters
    ----------
    images : array_like, shape (h + 2 margin, w + 2 margin) or (n, h + 2 margin, w + 2 margin)
        Clean images as fractions of the incident beam. One image alone is distorted n times.
    generators : sequence of n numpy.random.Generator
        One per realization; a realization depends on its own generator alone.
    dose : float
        Mean electron dose in e/Å².
    sampling : float
        Pixel size in Å/px.
    noise : ScanNoise
    margin : int
        Pixels on each side that serve as context for displaced and trailing scan lines and are
        cut off the result, so that the frame's edges are as real as its middle.

    Returns
    -------
    ndarray, shape (n, h, w)
        Distorted images in electrons per pixel (equation (46) times α).

    Raises
    ------
    InputError
        If the images are not finite, negative or of the wrong shape, or dose or sampling are not
        positive.
    """
    clean = _checked(images, count=len(generators), margin=margin)
    scale = electrons_per_pixel(dose, sampling)
    one_for_all = clean.shape[0] == 1
    coefficients: FloatArray | None = None
    out = np.empty((len(generators), clean.shape[1] - 2 * margin, clean.shape[2] - 2 * margin))
    for k, generator in enumerate(generators):
        image = clean[0 if one_for_all else k]
        streams = dict(zip(STREAMS, generator.spawn(len(STREAMS)), strict=True))
        if noise.jitter is not None:
            if coefficients is None or not one_for_all:
                coefficients = spline_coefficients(image)
            image = _jittered(coefficients, streams, jitter=noise.jitter, sampling=sampling)
        counts = count_electrons(scale * image, streams["electrons"])
        if noise.detector is not None:
            counts = add_pulse_noise(counts, streams["pulse"], detector=noise.detector)
        if noise.fast_scan is not None:
            counts = trail(counts, noise.fast_scan)
        out[k] = counts[margin : counts.shape[0] - margin, margin : counts.shape[1] - margin]
    return out


def _jittered(
    coefficients: FloatArray,
    streams: dict[str, np.random.Generator],
    *,
    jitter: Jitter,
    sampling: float,
) -> FloatArray:
    lines = coefficients.shape[0]
    dx = line_displacements(streams["jitter_x"], lines, sigma=jitter.sigma_x, phi=jitter.phi_x)
    dy = line_displacements(streams["jitter_y"], lines, sigma=jitter.sigma_y, phi=jitter.phi_y)
    image = displace_lines(coefficients, dx / sampling, dy=dy / sampling)
    # The spline undershoots beside steep peaks; a beam fraction below zero has no meaning.
    return np.maximum(image, 0.0)


def _checked(images: npt.ArrayLike, *, count: int, margin: int) -> FloatArray:
    clean = np.asarray(images, dtype=np.float64)
    if clean.ndim == 2:
        clean = clean[None]
    if clean.ndim != 3:
        raise InputError(f"images must be (h, w) or (n, h, w), not of shape {clean.shape}")
    if clean.shape[0] not in (1, count):
        raise InputError(f"{clean.shape[0]} images were given with {count} random generators")
    if margin < 0 or min(clean.shape[1:]) <= 2 * margin:
        raise InputError(f"a margin of {margin} px leaves nothing of {clean.shape[1:]} px images")
    if not np.isfinite(clean).all():
        raise InputError("the clean image holds NaN or infinite values; remove them first")
    if clean.size and clean.min() < 0:
        raise InputError(
            f"the clean image holds negative values (down to {clean.min():.3g}); it must be a"
            " fraction of the incident beam"
        )
    return clean
