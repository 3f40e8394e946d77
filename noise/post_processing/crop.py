"""Cropping: one value outside a central, possibly tilted rectangle."""

import math
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from noise.ranges import Chance, Drawn, Range
from stembench.arrays import Bools, Floats
from stembench.errors import InputError
from stembench.limits import require

CROP_DRAWN: Final = Drawn(
    name="crop",
    chance=Chance(0.15, "seen in 7 of 40 published pairs"),
    ranges={
        "area": Range(
            0.5,
            0.95,
            "of image",
            "linear",
            "paper: outside a central part such as 50 % of the area",
        ),
    },
)


@dataclass(frozen=True)
class Crop:
    """A rectangle that is kept, and what fills the rest.

    Attributes
    ----------
    x, y : float
        Centre of the rectangle as fractions of the image's width and height, in [0, 1].
    width, height : float
        Sides as fractions of the image's width and height, > 0.
    tilt : float
        Rotation about its centre in rad.
    fill : {'low', 'high', 'median'}
        Minimum, maximum or median of the clean image.
    """

    x: float
    y: float
    width: float
    height: float
    tilt: float
    fill: Literal["low", "high", "median"]

    def __post_init__(self) -> None:
        require(self.x, "x of the crop", low=0, high=1)
        require(self.y, "y of the crop", low=0, high=1)
        require(self.width, "width of the crop", low=0, open_low=True)
        require(self.height, "height of the crop", low=0, open_low=True)
        require(self.tilt, "tilt of the crop", unit="rad")
        if self.fill not in ("low", "high", "median"):
            raise InputError(f"a crop is filled with low, high or median, not {self.fill!r}")

    @classmethod
    def sample(cls, rng: np.random.Generator) -> "Crop":
        """Draw parameters over the range of `CROP_DRAWN`."""
        area = CROP_DRAWN.ranges["area"].draw(rng)
        aspect = math.exp(rng.uniform(-0.2, 0.2))
        fills: tuple[Literal["low", "high", "median"], ...] = ("low", "high", "median")
        return cls(
            x=rng.uniform(0.4, 0.6),
            y=rng.uniform(0.4, 0.6),
            width=math.sqrt(area) * aspect,
            height=math.sqrt(area) / aspect,
            tilt=rng.uniform(-0.2, 0.2),
            fill=fills[int(rng.integers(3))],
        )


def kept(shape: tuple[int, int], crop: Crop) -> Bools:
    """Pixels inside the rectangle, shape (h, w)."""
    height, width = shape
    y, x = np.mgrid[:height, :width].astype(np.float64)
    x -= crop.x * (width - 1)
    y -= crop.y * (height - 1)
    c, s = math.cos(crop.tilt), math.sin(crop.tilt)
    inside = (np.abs(c * x + s * y) <= crop.width * width / 2) & (
        np.abs(c * y - s * x) <= crop.height * height / 2
    )
    return np.asarray(inside, dtype=np.bool_)


def cut(image: Floats, clean: Floats, *, crop: Crop) -> Floats:
    """Fill `image` (h, w) outside the rectangle with the value that `clean` sets."""
    quantile = {"low": 0.0, "median": 0.5, "high": 1.0}[crop.fill]
    inside = kept((image.shape[0], image.shape[1]), crop)
    return np.where(inside, image, float(np.quantile(clean, quantile)))
