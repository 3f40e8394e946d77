"""Analogue-to-digital conversion: saturation, (39) and (54), and rounding, (40) and (55)."""

from dataclasses import dataclass

import numpy as np

from noise.ranges import RANGES
from stembench.arrays import Floats
from stembench.limits import require


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
        """Draw parameters over the ranges of `noise.ranges`."""
        return cls(level=RANGES["clip.level"].draw(rng))


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
        """Draw parameters over the ranges of `noise.ranges`."""
        return cls(levels=float(round(RANGES["quantisation.levels"].draw(rng))))


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
