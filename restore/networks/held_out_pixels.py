"""Pixels of an image that a blind-spot network is never trained on, and its loss at these."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

#: Share of the pixels that are held out.
_SHARE: Final = 0.02
#: Largest side of the part that the loss is taken of, px.
_LARGEST: Final = 1024


@dataclass(frozen=True)
class HeldOutPixels:
    """Pixels whose noise the network never saw as something to predict.

    Attributes
    ----------
    image : ndarray, shape (h, w), float32
        Standardised image of even sides.
    held : ndarray of bool, shape (h, w)
        Pixels that are not trained on.
    given : ndarray, shape (h, w), float32
        The image with a neighbour's value at these.
    """

    image: NDArray[np.float32]
    held: NDArray[np.bool_]
    given: NDArray[np.float32]

    def loss(self, forward: Callable[[NDArray[np.float32]], NDArray[Any]]) -> float:
        """Mean square error of the network at the held-out pixels, which it does not see."""
        height, width = (min(size, _LARGEST) for size in self.image.shape)
        part = np.s_[:height, :width]
        predicted = np.asarray(forward(self.given[part]), dtype=np.float64)
        held = self.held[part]
        return float(np.mean((predicted[held] - self.image[part][held]) ** 2))


def held_out_pixels(image: NDArray[np.float32], rng: np.random.Generator, /) -> HeldOutPixels:
    """Choose pixels of a standardised image (h, w) at random; none touches another's replacement.

    Each gets the value of its right or left neighbour, which is near enough to be like it.
    """
    held = rng.random(image.shape) < _SHARE
    held[:, 1:] &= ~held[:, :-1]  # so that a replacement is no held-out pixel itself
    held[:, 0] = held[:, -1] = False
    held[image.shape[0] // 2, image.shape[1] // 2] |= not held.any()
    shift = np.where(rng.random(image.shape) < 0.5, 1, -1)
    y, x = np.nonzero(held)
    given = image.copy()
    given[y, x] = image[y, x + shift[y, x]]
    return HeldOutPixels(image, held, given)


@dataclass
class Patience:
    """Whether a loss has not fallen for too long.

    Attributes
    ----------
    epochs : int
        Epochs without a lower loss after which training ends.
    best : float
        Lowest loss so far.
    waited : int
        Epochs since then.
    """

    epochs: int
    best: float = float("inf")
    waited: int = 0

    def improved(self, loss: float) -> bool:
        """Take note of an epoch's loss, and return whether it is the lowest so far."""
        if loss < self.best:
            self.best, self.waited = loss, 0
            return True
        self.waited += 1
        return False

    @property
    def over(self) -> bool:
        """Whether training is to end."""
        return self.waited >= self.epochs
