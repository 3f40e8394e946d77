"""Tiled inference: a network run on a large image window by window, in bounded memory.

Windows are cut from the image after it was standardised as a whole, so that its mean and standard
deviation do not depend on them. Near a cut a network sees zeros in place of the image; that margin
of each window is thrown away and the rest is blended into its neighbours.
"""

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from restore.restorer import Progress, Tiling
from stembench.arrays import Floats
from stembench.errors import InputError

Network = Callable[[NDArray[np.float32]], NDArray[np.floating]]
"""A network applied to one window (h, w), float32; returns the same shape."""


def run_in_tiles(
    image: NDArray[np.float32],
    network: Network,
    /,
    *,
    tiling: Tiling,
    progress: Progress | None = None,
) -> Floats:
    """Run a network on an image window by window.

    Parameters
    ----------
    image : ndarray
        (h, w), standardised; both sides multiples of `tiling.multiple`.
    network : callable
        The network applied to one window.
    tiling : Tiling
    progress : callable, optional
        Called with the number of finished windows and their total.

    Returns
    -------
    ndarray
        (h, w), the network's output for the whole image, up to what it sees beyond the margin.

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
    for done, (top, left) in enumerate(_corners(rows, columns)):
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


def _corners(rows: list[int], columns: list[int]) -> Iterator[tuple[int, int]]:
    for top in rows:
        for left in columns:
            yield top, left


def _total(tiling: Tiling, size: int) -> Floats:
    """Return the sum of all windows' weights along one axis."""
    total = np.zeros(size)
    for start in tiling.starts(size):
        total[start : start + tiling.tile] += tiling.weights(size, start)
    return total
