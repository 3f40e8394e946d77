"""The S(T)EM noise chain: one frozen description, applied to a batch of images by one call."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt

from noise.clean import checked_images
from noise.dose import electrons_per_pixel
from noise.ranges import CHANCES
from noise.seeds import streams_of
from noise.stages.detector import Detector, add_pulse_noise, count_electrons
from noise.stages.digitiser import Clip, Quantisation
from noise.stages.fast_scan import FastScan, trail
from noise.stages.jitter import Jitter, displace_lines, line_displacements, spline_coefficients
from noise.stages.point_defects import PointDefects
from noise.stages.row_lines import RowLines, replace_row_lines
from noise.stages.stored_image import store
from stembench.arrays import Floats
from stembench.describe import from_dict
from stembench.errors import InputError

#: Random streams of one realization, in order. Each stage has its own, so that leaving a stage out
#: does not change the draw of another; a new stage is appended at the end.
STREAMS: Final = (
    "jitter_x", "jitter_y", "electrons", "pulse", "row_lines", "black_pixels", "zingers",
)  # fmt: skip

#: Stages that can be left out, in the order in which they happen. Counting (45) always happens.
STAGES: Final = (
    "jitter", "detector", "fast_scan", "row_lines", "black_pixels", "zingers", "clip",
    "quantisation",
)  # fmt: skip


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
    row_lines : RowLines or None
        Pieces of lines that the detector misses, (51).
    black_pixels, zingers : PointDefects or None
        Points of low and of high response, (52) and (53).
    clip : Clip or None
        Saturation, (54).
    quantisation : Quantisation or None
        Rounding to grey levels, (55).
    """

    jitter: Jitter | None = None
    detector: Detector | None = None
    fast_scan: FastScan | None = None
    row_lines: RowLines | None = None
    black_pixels: PointDefects | None = None
    zingers: PointDefects | None = None
    clip: Clip | None = None
    quantisation: Quantisation | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return the parameters as nested plain types, ready for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "ScanNoise":
        """Build the chain that `as_dict` described; unknown names are refused (InputError)."""
        return from_dict(cls, values)

    def without(self, *stages: str) -> "ScanNoise":
        """Return the chain with the named stages left out.

        The draws of the other stages stay as they are.

        Parameters
        ----------
        *stages : str
            Names from `STAGES`.

        Raises
        ------
        InputError
            If a name is unknown.
        """
        unknown = [stage for stage in stages if stage not in STAGES]
        if unknown:
            raise InputError(
                f"there is no stage {', '.join(unknown)} to leave out; stages: {', '.join(STAGES)}"
            )
        return replace(self, **dict.fromkeys(stages))

    @classmethod
    def sample(
        cls, rng: np.random.Generator, *, modality: Literal["stem", "sem"] = "stem"
    ) -> "ScanNoise":
        """Draw a random chain over the ranges and probabilities of `noise.ranges`.

        Parameters
        ----------
        rng : numpy.random.Generator
        modality : {'stem', 'sem'}
            SEM images get no black pixels: dark spots there are pores of the specimen.
        """
        happens = {stage: CHANCES[stage].draw(rng) for stage in STAGES}
        if modality == "sem":
            happens["black_pixels"] = False
        drawn = cls(
            jitter=Jitter.sample(rng),
            detector=Detector.sample(rng),
            fast_scan=FastScan.sample(rng),
            row_lines=RowLines.sample(rng),
            black_pixels=PointDefects.sample(rng, kind="black_pixels"),
            zingers=PointDefects.sample(rng, kind="zingers"),
            clip=Clip.sample(rng),
            quantisation=Quantisation.sample(rng),
        )
        return drawn.without(*(stage for stage in STAGES if not happens[stage]))


#: Scan distortion of the paper's studies 2 and 3, whose settings are not published. Jitter of
#: 0.75 px and phi 0.6 is the paper's own Fig. 12 at 0.2 Å/px. The photomultiplier values are
#: typical of a YAG:P47 scintillator, and the response that of a dwell time of about 1 µs.
STUDY_SCAN: Final = ScanNoise(
    jitter=Jitter(sigma_x=0.15, sigma_y=0.15, phi_x=0.6, phi_y=0.6),
    detector=Detector(photons=100.0, photon_variance=100.0, efficiency=0.2, secondary_gain=4.0),
    fast_scan=FastScan.at_dwell(1.0),
)


def distort(
    images: npt.ArrayLike,
    generators: Sequence[np.random.Generator],
    *,
    dose: float,
    sampling: float,
    noise: ScanNoise,
    margin: int = 0,
    dtype: npt.DTypeLike = np.float64,
) -> Floats:
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
    dtype : dtype
        Of the result, float64 or float32: half the memory for training batches. The chain itself
        counts in float64; float32 holds counts exactly up to 16 777 216.

    Returns
    -------
    ndarray, shape (n, h, w)
        Distorted images in electrons per pixel (equation (46) times α). Beside this array,
        memory is needed for one image only.

    Raises
    ------
    InputError
        If the images are not finite, negative or of the wrong shape, or dose or sampling are not
        positive.
    """
    clean = checked_images(images, count=len(generators), margin=margin)
    scale = electrons_per_pixel(dose, sampling)
    one_for_all = clean.shape[0] == 1
    coefficients: Floats | None = None
    height, width = clean.shape[1:]
    out = np.empty((len(generators), height - 2 * margin, width - 2 * margin), dtype=dtype)
    for k, generator in enumerate(generators):
        image = clean[0 if one_for_all else k]
        peak = scale * float(image.max())
        streams = streams_of(generator, STREAMS)
        if noise.jitter is not None:
            if coefficients is None or not one_for_all:
                coefficients = spline_coefficients(image)
            image = _jittered(coefficients, streams, jitter=noise.jitter, sampling=sampling)
        counts = count_electrons(scale * image, streams["electrons"])
        counts = _recorded(counts, streams, noise=noise, peak=peak)
        out[k] = counts[margin : height - margin, margin : width - margin]
    return out


def _recorded(
    counts: Floats, streams: Mapping[str, np.random.Generator], *, noise: ScanNoise, peak: float
) -> Floats:
    """Everything between the counted electrons and the stored image, (46) to (55)."""
    if noise.detector is not None:
        counts = add_pulse_noise(counts, streams["pulse"], detector=noise.detector)
    if noise.fast_scan is not None:
        counts = trail(counts, noise.fast_scan)
    if noise.row_lines is not None:
        counts = replace_row_lines(counts, streams["row_lines"], row_lines=noise.row_lines)
    return store(counts, streams, noise=noise, peak=peak)


def _jittered(
    coefficients: Floats,
    streams: Mapping[str, np.random.Generator],
    *,
    jitter: Jitter,
    sampling: float,
) -> Floats:
    lines = coefficients.shape[0]
    dx = line_displacements(streams["jitter_x"], lines, sigma=jitter.sigma_x, phi=jitter.phi_x)
    dy = line_displacements(streams["jitter_y"], lines, sigma=jitter.sigma_y, phi=jitter.phi_y)
    image = displace_lines(coefficients, dx / sampling, dy=dy / sampling)
    # The spline undershoots beside steep peaks; a beam fraction below zero has no meaning.
    return np.maximum(image, 0.0)
