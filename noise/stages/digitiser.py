"""Analogue-to-digital conversion: saturation, (39) and (54), and rounding, (40) and (55)."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from noise.ranges import Chance, Range
from noise.stages.stage import Context, Example, Stage
from stembench.arrays import Floats
from stembench.limits import require

LEVEL: Final = Range(
    0.9,
    3.0,
    "of clean maximum",
    "log",
    "saturation at x/max(y) = 1.03 with 1 % of pixels in the published pair lrtem 1; at low"
    " dose noise alone exceeds the clean maximum",
)
LEVELS: Final = Range(
    64,
    65536,
    "levels",
    "log",
    "6 to 16 bits; grey steps of published pairs give 110 to over 20 000 levels",
)


@dataclass(frozen=True)
class Clip:
    """Saturation of the converter.

    Attributes
    ----------
    level : float
        Largest value the converter knows, over the clean image's maximum, > 0: an operator sets
        the amplifier by the image, not by the beam.
    """

    level: float

    def __post_init__(self) -> None:
        require(self.level, "clip level", low=0, open_low=True)

    @classmethod
    def sample(cls, rng: np.random.Generator) -> "Clip":
        """Draw the level over `LEVEL`."""
        return cls(level=LEVEL.draw(rng))


@dataclass(frozen=True)
class Quantisation:
    """Grey levels of the converter.

    Attributes
    ----------
    levels : float
        Number of steps from zero to the clean image's maximum, > 0.
    """

    levels: float

    def __post_init__(self) -> None:
        require(self.levels, "quantisation levels", low=0, open_low=True)

    @classmethod
    def sample(cls, rng: np.random.Generator) -> "Quantisation":
        """Draw their number over `LEVELS`."""
        return cls(levels=float(round(LEVELS.draw(rng))))


def saturate(image: Floats, *, threshold: float) -> Floats:
    """Cut values above `threshold` T_u, equations (39) and (54)."""
    return np.minimum(image, threshold)


def quantise(image: Floats, *, gain: float) -> Floats:
    """Round to whole levels, equations (40) and (55), and return to the unit of `image`.

    Parameters
    ----------
    image : ndarray
    gain : float
        α of the equations: levels per unit of `image`, > 0. ``gain * result`` are the levels.
    """
    return np.asarray(np.rint(gain * image) / gain, dtype=np.float64)


# An empty image has no maximum that the converter could be set by: it stays as it is.
def _clip(image: Floats, clip: Clip, context: Context, /) -> Floats:
    return saturate(image, threshold=clip.level * context.peak) if context.peak > 0 else image


def _quantise(image: Floats, quantisation: Quantisation, context: Context, /) -> Floats:
    return quantise(image, gain=quantisation.levels / context.peak) if context.peak > 0 else image


STAGES: Final = (
    Stage(
        name="clip",
        settings=Clip,
        apply=_clip,
        summary="saturation of the converter",
        equations="(39), (54)",
        chance=Chance(0.1, "seen in 1 of 39 published pairs"),
        ranges={"level": LEVEL},
        sample=Clip.sample,
        typical=Clip(level=2.0),
        symbols={"level": ("at", " × the clean maximum")},
        examples=(Example("upper clip (39), (54)", "at 0.5 of maximum", Clip(level=0.5)),),
    ),
    Stage(
        name="quantisation",
        settings=Quantisation,
        apply=_quantise,
        summary="rounding to grey levels",
        equations="(40), (55)",
        chance=Chance(0.9, "every digital image; 0.1 keeps the exact electron count"),
        ranges={"levels": LEVELS},
        sample=Quantisation.sample,
        typical=Quantisation(levels=4096.0),
        symbols={"levels": ("", " levels up to the clean maximum")},
        examples=(Example("quantisation (40), (55)", "6 levels", Quantisation(levels=6.0)),),
    ),
)
