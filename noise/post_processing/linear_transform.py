"""Linear transform of a recorded image by interpolation, as a registration or rotation does."""

import math
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from noise.ranges import Chance, Drawn, Range
from stembench.arrays import Floats
from stembench.errors import InputError
from stembench.limits import require

TRANSFORM_DRAWN: Final = Drawn(
    name="transform",
    chance=Chance(0.25, "an image that was rotated or registered before restoration"),
    ranges={
        "scale": Range(0.8, 1.25, "", "log", "small enough to keep the sampling's range"),
        "rotation": Range(-math.pi / 6, math.pi / 6, "rad", "linear", "published pairs"),
        "shear": Range(-0.1, 0.1, "", "linear", "drift and scan coil errors"),
    },
)


@dataclass(frozen=True)
class LinearTransform:
    """Scaling, rotation and shear about the centre of the image.

    Attributes
    ----------
    scale : float
        Magnification, > 0.
    rotation : float
        In rad; positive turns the image's x axis towards its y axis (down).
    shear : float
        Displacement along x per unit of y.
    order : int
        1 for bilinear, 3 for bicubic interpolation.
    """

    scale: float = 1.0
    rotation: float = 0.0
    shear: float = 0.0
    order: Literal[1, 3] = 3

    def __post_init__(self) -> None:
        require(self.scale, "scale of the transform", low=0, open_low=True)
        require(self.rotation, "rotation of the transform", unit="rad")
        require(self.shear, "shear of the transform")
        if self.order not in (1, 3):
            raise InputError(f"interpolation order must be 1 or 3, not {self.order}")

    @classmethod
    def sample(cls, rng: np.random.Generator) -> "LinearTransform":
        """Draw parameters over the ranges of `TRANSFORM_DRAWN`."""
        return cls(
            scale=TRANSFORM_DRAWN.ranges["scale"].draw(rng),
            rotation=TRANSFORM_DRAWN.ranges["rotation"].draw(rng),
            shear=TRANSFORM_DRAWN.ranges["shear"].draw(rng),
            order=3 if rng.random() < 0.5 else 1,
        )

    def matrix(self) -> Floats:
        """Matrix that takes (x, y) of the recorded to (x, y) of the transformed image."""
        c, s = math.cos(self.rotation), math.sin(self.rotation)
        turned = np.array([[c, -s], [s, c]]) @ np.array([[1.0, self.shear], [0.0, 1.0]])
        return np.asarray(self.scale * turned, dtype=np.float64)


def transform(images: npt.ArrayLike, linear: LinearTransform) -> Floats:
    """Transform images by interpolation; what lies outside is mirrored in.

    Parameters
    ----------
    images : array_like, shape (..., h, w)
    linear : LinearTransform

    Returns
    -------
    ndarray, shape (..., h, w)
    """
    stack = np.asarray(images, dtype=np.float64)
    # scipy asks for the way back, in (row, column).
    back = np.linalg.inv(linear.matrix())[::-1, ::-1]
    centre = (np.array(stack.shape[-2:]) - 1) / 2
    offset = centre - back @ centre
    out = np.empty_like(stack)
    flat = stack.reshape(-1, *stack.shape[-2:])
    for source, target in zip(flat, out.reshape(flat.shape), strict=True):
        target[:] = ndimage.affine_transform(
            source, back, offset=offset, order=linear.order, mode="mirror"
        )
    return out
