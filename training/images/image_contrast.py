"""Contrast of an undistorted image: equations (23) to (26) and the background."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from stembench.arrays import Floats
from training.images.image_ranges import BACKGROUND, CONTRAST, INVERSION, NONLINEARITY


@dataclass(frozen=True)
class Background:
    """Description of what is added to an image.

    Attributes
    ----------
    kind : {'plane', 'gaussian'}
    height : float
        Its largest value over that of the image.
    x, y : float
        Direction in which a plane rises, not normalised; or the centre of a Gaussian as
        fractions of width and height.
    width : float
        Standard deviation of a Gaussian over the image's shorter side.
    """

    kind: Literal["plane", "gaussian"]
    height: float
    x: float
    y: float
    width: float

    @classmethod
    def sample(cls, rng: np.random.Generator) -> "Background":
        """Draw over the ranges of `BACKGROUND`."""
        height = BACKGROUND.ranges["height"].draw(rng)
        width = BACKGROUND.ranges["width"].draw(rng)
        if BACKGROUND.choices["plane"].draw(rng):
            x, y = rng.standard_normal(2)
            return cls("plane", height, float(x), float(y), width)
        x, y = rng.random(2)
        return cls("gaussian", height, float(x), float(y), width)

    def values(self, shape: tuple[int, int]) -> Floats:
        """Background of height 1, shape (h, w), between 0 and 1."""
        height, width = shape
        rows, columns = np.arange(height)[:, None], np.arange(width)[None, :]
        if self.kind == "plane":
            # From the middle, so that the direction is one of the image whatever its shape.
            plane = self.x * (columns - width / 2) + self.y * (rows - height / 2)
            low, high = float(plane.min()), float(plane.max())
            return np.asarray((plane - low) / max(high - low, np.finfo(float).tiny))
        sigma = self.width * min(shape)
        along = np.exp(-0.5 * ((columns - self.x * (width - 1)) / sigma) ** 2)
        down = np.exp(-0.5 * ((rows - self.y * (height - 1)) / sigma) ** 2)
        return np.asarray(down * along, dtype=np.float64)


@dataclass(frozen=True)
class Contrast:
    """Description of the contrast of an image, in the order in which it is made.

    Attributes
    ----------
    inverted : bool
        Equation (23).
    beta : float
        Exponent of equation (24); 1 leaves the image linear.
    background : Background
    ratio : float
        Standard deviation over mean that an image gets whose own lies outside the range of
        `CONTRAST`, equation (25).
    """

    inverted: bool
    beta: float
    background: Background
    ratio: float

    @classmethod
    def sample(cls, rng: np.random.Generator) -> "Contrast":
        """Draw over the ranges and probabilities of `IMAGE_DRAWN`."""
        inverted = INVERSION.chance is not None and INVERSION.chance.draw(rng)
        curved = NONLINEARITY.chance is not None and NONLINEARITY.chance.draw(rng)
        beta = NONLINEARITY.ranges["beta"].draw(rng)
        return cls(
            inverted=inverted,
            beta=beta if curved else 1.0,
            background=Background.sample(rng),
            ratio=CONTRAST.ranges["ratio"].draw(rng),
        )

    def applied(self, image: Floats) -> Floats:
        """Return the image (h, w) with this contrast; its maximum is 1 and its minimum >= 0."""
        y = np.maximum(image, 0.0)
        if self.inverted:
            y = y.max() - y
        if self.beta != 1.0:
            y = np.abs(y) ** self.beta
        largest = float(y.max()) or 1.0  # an empty image gets the background alone
        shape = (image.shape[0], image.shape[1])
        y = y + self.background.height * largest * self.background.values(shape)
        y = self._in_range(y)
        return np.asarray(y / y.max(), dtype=np.float64)

    def _in_range(self, y: Floats) -> Floats:
        """Equation (25): y + d where the ratio of standard deviation to mean is not allowed."""
        allowed = CONTRAST.ranges["ratio"]
        spread, mean = float(y.std()), float(y.mean())
        if spread == 0.0:
            return y + (1.0 - mean)  # nothing to see: no offset changes that
        if allowed.low <= spread / mean <= allowed.high:
            return y
        # Intensity stays positive: the darkest pixel limits how much can be taken off.
        offset = max(spread / self.ratio - mean, -float(y.min()))
        return y + offset
