"""Running a network on an image of any size, window by window, in bounded memory.

What the image as a whole decides, its mean and standard deviation above all, is settled before:
the windows are cut from the standardised image. Near a cut a network sees zeros in place of the
image; that margin of each window is thrown away and what is left is blended into its neighbours.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from restore.restorer import Progress
from stembench.errors import InputError

Network = Callable[[NDArray[np.float32]], NDArray[np.floating]]
"""A network on one window (h, w), float32; returns the like."""


@dataclass(frozen=True, kw_only=True)
class Tiling:
    """How an image is cut into windows."""

    whole: int
    """Side of the largest square image that is restored whole, px."""
    tile: int
    """Side of a window, px."""
    margin: int
    """Pixels along each cut that are thrown away."""
    blend: int
    """Pixels over which two neighbours are blended, at least."""
    multiple: int = 1
    """Windows start and end at multiples of this, px: the stride of the network."""

    def __post_init__(self) -> None:
        if min(self.whole, self.blend, self.multiple) < 1 or self.margin < 0:
            raise InputError("a tiling has positive sizes and a margin that is not negative")
        if self.tile % self.multiple or self.stride < self.multiple:
            raise InputError(
                f"windows of {self.tile} px must be a multiple of {self.multiple} px and wider "
                f"than two margins of {self.margin} px and a blend of {self.blend} px"
            )

    @property
    def stride(self) -> int:
        """Largest distance between the starts of two neighbours, px."""
        return (self.tile - 2 * self.margin - self.blend) // self.multiple * self.multiple

    def applies_to(self, shape: tuple[int, ...], /) -> bool:
        """Return whether an image (h, w) is large enough to be cut."""
        return math.prod(shape) > self.whole**2

    def starts(self, size: int, /) -> list[int]:
        """Return where windows start along an axis of `size` px, evenly spread."""
        if size <= self.tile:
            return [0]
        last = size - self.tile
        count = math.ceil(last / self.stride) + 1
        return [
            last * k // (count - 1) // self.multiple * self.multiple for k in range(count - 1)
        ] + [last]

    def weights(self, size: int, start: int, /) -> NDArray[np.float64]:
        """Return the weights (tile or size) of a window along one axis of `size` px.

        They are 1 inside, fall over the blend, and are 0 in the margin of a cut; the image's own
        edges are no cuts.
        """
        length = min(size, self.tile)
        distance = np.arange(length) + 0.5 - self.margin
        rising = np.clip(distance / self.blend, 0.0, 1.0)
        weights = np.ones(length)
        if start > 0:
            weights = rising
        if start + length < size:
            weights = np.minimum(weights, rising[::-1])
        return weights


def run_in_tiles(
    image: NDArray[np.float32],
    network: Network,
    /,
    *,
    tiling: Tiling,
    progress: Progress | None = None,
) -> NDArray[np.float64]:
    """Run a network on an image window by window.

    Parameters
    ----------
    image : ndarray
        (h, w), standardised; both sides multiples of `tiling.multiple`.
    network : callable
        The network on one window.
    tiling : Tiling
    progress : callable, optional
        Told the windows done and their number.

    Returns
    -------
    ndarray
        (h, w), what the network makes of the whole image, up to what it sees beyond the margin.

    Raises
    ------
    stembench.errors.InputError
        When a side is not such a multiple.
    """
    height, width = image.shape
    if height % tiling.multiple or width % tiling.multiple:
        raise InputError(
            f"an image of {width} x {height} px cannot be cut at multiples of {tiling.multiple} px"
        )
    summed = np.zeros(image.shape)
    rows, columns = tiling.starts(height), tiling.starts(width)
    for done, (top, left) in enumerate(_places(rows, columns)):
        if progress is not None:
            progress(done, len(rows) * len(columns))
        window = np.s_[top : top + tiling.tile, left : left + tiling.tile]
        weights = np.outer(tiling.weights(height, top), tiling.weights(width, left))
        output = np.asarray(network(np.ascontiguousarray(image[window])))
        if output.shape != weights.shape:
            raise InputError(
                f"the network returned shape {output.shape} for a window of shape {weights.shape}"
            )
        summed[window] += weights * output
    if progress is not None:
        progress(len(rows) * len(columns), len(rows) * len(columns))
    return summed / np.outer(_total(tiling, height), _total(tiling, width))


def _places(rows: list[int], columns: list[int]) -> Iterator[tuple[int, int]]:
    for top in rows:
        for left in columns:
            yield top, left


def _total(tiling: Tiling, size: int) -> NDArray[np.float64]:
    """Return the sum of all windows' weights along one axis."""
    total = np.zeros(size)
    for start in tiling.starts(size):
        total[start : start + tiling.tile] += tiling.weights(size, start)
    return total
