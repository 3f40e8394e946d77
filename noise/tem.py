"""The TEM noise chain: one frozen description, applied to a batch of images by one call."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from noise.clean import checked_images
from noise.dose import electrons_per_pixel
from noise.ranges import CHANCES
from noise.seeds import streams_of
from noise.stages.camera import DarkCurrent, FixedPattern, add_dark_counts, add_fixed_pattern
from noise.stages.detector import count_electrons
from noise.stages.digitiser import Clip, Quantisation
from noise.stages.mtf import Mtf, blur_by_mtf
from noise.stages.point_defects import PointDefects
from noise.stages.readout import ReadoutNoise, add_flicker, add_reset, add_thermal
from noise.stages.stored_image import store
from stembench.arrays import Floats
from stembench.describe import from_dict
from stembench.errors import InputError

#: Random streams of one realization, in order; a new stage is appended at the end.
TEM_STREAMS: Final = (
    "electrons", "fixed_pattern", "dark_current", "thermal", "flicker", "reset", "black_pixels",
    "zingers",
)  # fmt: skip

#: Stages that can be left out, in the order in which they happen. Shot noise (30) always happens.
TEM_STAGES: Final = (
    "mtf", "fixed_pattern", "dark_current", "thermal", "flicker", "reset", "black_pixels",
    "zingers", "clip", "quantisation",
)  # fmt: skip


@dataclass(frozen=True)
class TemNoise:
    """Distortions of a TEM image in the order in which they happen; None leaves one out.

    Shot noise, equation (30), is always applied.

    Attributes
    ----------
    mtf : Mtf or None
        Camera blur, (27) to (29). It belongs to the ground truth too: see `ground_truth`.
    fixed_pattern : FixedPattern or None
        Gain mismatch of the pixels, (31).
    dark_current : DarkCurrent or None
        Uneven dark current and its shot noise, (32) and (33).
    thermal, flicker, reset : ReadoutNoise or None
        White, 1/f and row noise of the readout, (34) to (36).
    black_pixels, zingers : PointDefects or None
        Clusters of low and of high response, (37) and (38).
    clip : Clip or None
        Saturation, (39).
    quantisation : Quantisation or None
        Rounding to grey levels, (40).
    """

    mtf: Mtf | None = None
    fixed_pattern: FixedPattern | None = None
    dark_current: DarkCurrent | None = None
    thermal: ReadoutNoise | None = None
    flicker: ReadoutNoise | None = None
    reset: ReadoutNoise | None = None
    black_pixels: PointDefects | None = None
    zingers: PointDefects | None = None
    clip: Clip | None = None
    quantisation: Quantisation | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return the parameters as nested plain types, ready for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "TemNoise":
        """Build the chain that `as_dict` described; unknown names are refused (InputError)."""
        return from_dict(cls, values)

    def without(self, *stages: str) -> "TemNoise":
        """Return the chain with the named `TEM_STAGES` left out; other draws stay as they are.

        Raises
        ------
        InputError
            If a name is unknown.
        """
        unknown = [stage for stage in stages if stage not in TEM_STAGES]
        if unknown:
            raise InputError(
                f"there is no stage {', '.join(unknown)} to leave out; stages:"
                f" {', '.join(TEM_STAGES)}"
            )
        return replace(self, **dict.fromkeys(stages))

    @classmethod
    def sample(cls, rng: np.random.Generator) -> "TemNoise":
        """Draw a random chain over the ranges and probabilities of `noise.ranges`."""
        happens = {stage: stage == "mtf" or CHANCES[stage].draw(rng) for stage in TEM_STAGES}
        drawn = cls(
            mtf=Mtf.sample(rng),
            fixed_pattern=FixedPattern.sample(rng),
            dark_current=DarkCurrent.sample(rng),
            thermal=ReadoutNoise.sample(rng, term="thermal"),
            flicker=ReadoutNoise.sample(rng, term="flicker"),
            reset=ReadoutNoise.sample(rng, term="reset"),
            black_pixels=PointDefects.sample(rng, kind="black_pixels", clusters=True),
            zingers=PointDefects.sample(rng, kind="zingers", clusters=True),
            clip=Clip.sample(rng),
            quantisation=Quantisation.sample(rng),
        )
        return drawn.without(*(stage for stage in TEM_STAGES if not happens[stage]))


def ground_truth(images: npt.ArrayLike, noise: TemNoise) -> Floats:
    """Clean images as the camera blurs them, equation (27): what a restored image is held against.

    Parameters
    ----------
    images : array_like, shape (..., h, w)
        Clean images as fractions of the incident beam.
    noise : TemNoise

    Returns
    -------
    ndarray, shape (..., h, w)
    """
    if noise.mtf is None:
        return np.array(images, dtype=np.float64)
    # A PSF with a negative lobe would undershoot; less than no beam has no meaning.
    return np.maximum(blur_by_mtf(images, noise.mtf), 0.0)


def distort_tem(
    images: npt.ArrayLike,
    generators: Sequence[np.random.Generator],
    *,
    dose: float,
    sampling: float,
    noise: TemNoise,
    margin: int = 0,
    dtype: npt.DTypeLike = np.float64,
) -> Floats:
    """Apply the TEM chain to clean images, one generator per realization.

    Parameters
    ----------
    images : array_like, shape (h + 2 margin, w + 2 margin) or (n, h + 2 margin, w + 2 margin)
        Clean images as fractions of the incident beam, not yet blurred by the camera. One image
        alone is distorted n times, each time by a new sensor.
    generators : sequence of n numpy.random.Generator
        One per realization; a realization depends on its own generator alone.
    dose : float
        Mean electron dose in e/Å².
    sampling : float
        Pixel size in Å/px.
    noise : TemNoise
    margin : int
        Pixels on each side that serve as context of the camera's blur and are cut off the result.
    dtype : dtype
        Of the result, float64 or float32.

    Returns
    -------
    ndarray, shape (n, h, w)
        Distorted images in electrons per pixel. Beside this array, memory is needed for one image
        and for the blurred `images`.

    Raises
    ------
    InputError
        If the images are not finite, negative or of the wrong shape, or dose or sampling are not
        positive.
    """
    clean = checked_images(images, count=len(generators), margin=margin)
    scale = electrons_per_pixel(dose, sampling)
    blurred = ground_truth(clean, noise)
    height, width = clean.shape[1:]
    out = np.empty((len(generators), height - 2 * margin, width - 2 * margin), dtype=dtype)
    for k, generator in enumerate(generators):
        image = blurred[0 if len(blurred) == 1 else k]
        streams = streams_of(generator, TEM_STREAMS)
        counts = count_electrons(scale * image, streams["electrons"])
        counts = _recorded(counts, streams, noise=noise, peak=scale * float(image.max()))
        out[k] = counts[margin : height - margin, margin : width - margin]
    return out


def _recorded(
    counts: Floats, streams: Mapping[str, np.random.Generator], *, noise: TemNoise, peak: float
) -> Floats:
    """Everything between the counted electrons and the stored image, (31) to (40)."""
    if noise.fixed_pattern is not None:
        counts = add_fixed_pattern(
            counts, streams["fixed_pattern"], fixed_pattern=noise.fixed_pattern
        )
    if noise.dark_current is not None:
        counts = add_dark_counts(counts, streams["dark_current"], dark_current=noise.dark_current)
    if noise.thermal is not None:
        counts = add_thermal(counts, streams["thermal"], sigma=noise.thermal.sigma)
    if noise.flicker is not None:
        counts = add_flicker(counts, streams["flicker"], sigma=noise.flicker.sigma)
    if noise.reset is not None:
        counts = add_reset(counts, streams["reset"], sigma=noise.reset.sigma)
    return store(counts, streams, noise=noise, peak=peak)
