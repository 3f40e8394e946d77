"""The image on straight lines, from the displacements of the lines that it was recorded on."""

from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike

from stembench.arrays import Floats
from stembench.errors import InputError

#: Standard deviation of the weights of lines about a row [px].
BANDWIDTH: Final = 0.8
#: Weights are summed this many bandwidths far.
_REACH: Final = 4.0
#: In a gap the bandwidth is at least this part of the distance of the farther line beside the row.
_IN_A_GAP: Final = 0.6


def straighten(images: ArrayLike, displacements: ArrayLike) -> Floats:
    """Image whose pixel (j, i) shows the specimen at (i, j), from lines that were displaced.

    Each line is shifted along x by a cubic spline. Across the lines a row is the local linear
    regression, at its place, over the lines about it with Gaussian weights of `BANDWIDTH`; in a gap
    between lines the weights reach farther. Values are kept, and the noise is left as it is but for
    what the interpolation averages: no pixel becomes noisier than a line.

    Parameters
    ----------
    images : array_like, shape (rows, columns) or (frames, rows, columns)
        As recorded; frames of one scene become one image, their mean.
    displacements : array_like, shape (frames, rows, 2)
        (dx, dy) of each line [px], as `ScanResult.displacements`: line l shows the specimen at
        (i + dx, l + dy).

    Returns
    -------
    ndarray, shape (rows, columns)
        In the unit of the images.

    Raises
    ------
    InputError
        If the shapes do not belong together, or a value is not finite.
    """
    frames, moved = (np.asarray(given, dtype=np.float64) for given in (images, displacements))
    if frames.ndim == 2:
        frames = frames[None]
    if frames.ndim != 3 or moved.shape != (*frames.shape[:2], 2):
        raise InputError(
            "images (frames, rows, columns) and displacements (frames, rows, 2) belong together, "
            f"not {frames.shape} and {moved.shape}"
        )
    if not (np.isfinite(frames).all() and np.isfinite(moved).all()):
        raise InputError("images and displacements must be finite to straighten lines")
    rows = frames.shape[1]
    places = (np.arange(rows) + moved[..., 1]).ravel()
    return np.asarray(_weights(places, rows) @ _shifted(frames, moved[..., 0]), dtype=np.float64)


def _shifted(frames: Floats, along: Floats) -> Floats:
    """Lines of all frames (frames * rows, columns), each shifted along x."""
    from scipy.ndimage import map_coordinates, spline_filter1d

    lines = frames.reshape(-1, frames.shape[-1])
    size = lines.shape[1]
    if size == 1:
        return lines
    bends = spline_filter1d(lines, order=3, axis=1, mode="mirror")
    where = np.clip(np.arange(size) - along.reshape(-1, 1), 0, size - 1)
    return np.stack(
        [
            map_coordinates(line, at[None], order=3, prefilter=False, mode="mirror")
            for line, at in zip(bends, where, strict=True)
        ]
    )


def _weights(places: Floats, rows: int) -> Any:
    """Weights (rows, lines) of local linear regression at the rows, as a sparse array."""
    from scipy.sparse import csr_array

    order = np.argsort(places, kind="stable")
    places = places[order]
    at = np.arange(rows, dtype=np.float64)
    after = np.searchsorted(places, at)
    # The nearest line on either side; beyond the first and the last that on the one side.
    below = at - places[np.maximum(after - 1, 0)]
    above = places[np.minimum(after, len(places) - 1)] - at
    width = np.maximum(BANDWIDTH, _IN_A_GAP * np.maximum(np.abs(below), np.abs(above)))
    first = np.searchsorted(places, at - _REACH * width)
    last = np.searchsorted(places, at + _REACH * width, side="right")
    values = [
        _regression(places[low:high] - row, own)
        for row, own, low, high in zip(at, width, first, last, strict=True)
    ]
    ends = np.concatenate([[0], np.cumsum(last - first)])
    lines = np.concatenate([order[low:high] for low, high in zip(first, last, strict=True)])
    return csr_array((np.concatenate(values), lines, ends), shape=(rows, len(places)))


def _regression(apart: Floats, width: float) -> Floats:
    """Weights of lines `apart` from a row in the value there of a straight line through them.

    Far from the middle of the lines that value is noisier than a line itself: the slope is then
    lessened until it is not.
    """
    weight = np.exp(-0.5 * (apart / width) ** 2)
    level = weight / weight.sum()
    middle = float(level @ apart)
    spread = float(level @ (apart - middle) ** 2)
    if spread <= 0:
        return np.asarray(level, dtype=np.float64)
    slope = -middle / spread * level * (apart - middle)
    # Sum of the squares of level + part * slope.
    square, mixed, plain = float(slope @ slope), float(slope @ level), float(level @ level)
    if plain + 2 * mixed + square <= 1:
        return np.asarray(level + slope, dtype=np.float64)
    part = (-mixed + np.sqrt(max(mixed**2 + square * (1 - plain), 0.0))) / square
    return np.asarray(level + part * slope, dtype=np.float64)
