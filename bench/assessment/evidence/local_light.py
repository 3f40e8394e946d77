"""Light of a restored image against the raw one, place by place: dark holes and invented light."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from stembench.arrays import Bools, Floats, Integers

#: Chance that noise alone makes one place of the whole image stand out.
LEVEL: Final = 0.05
#: Least part of the pixels of a place that must count.
_MOST: Final = 0.5
#: Least change of light that is worth a sentence, as a part of the mean light of the image.
LEAST: Final = 0.05


@dataclass(frozen=True, kw_only=True)
class LocalLight:
    """Light that a restorer lost or added, by square places.

    Attributes
    ----------
    change : ndarray, shape (m, n)
        Restored minus raw light of a place over the mean light of the image; NaN where too few
        pixels count.
    error : ndarray, shape (m, n)
        Its standard error from the noise of the raw image.
    lost, added : ndarray of bool, shape (m, n)
        Places where light was lost or added beyond what noise makes in one image of twenty, by at
        least 5 % of the mean light.
    size : int
        Side of a place [px], which the image's is divided into as evenly as it can be.
    rows, cols : ndarray of int, shapes (m + 1,) and (n + 1,)
        First pixels of the places, and the image's end.
    """

    change: Floats
    error: Floats
    lost: Bools
    added: Bools
    size: int
    rows: Integers
    cols: Integers

    def boxes(self, chosen: Bools) -> Floats:
        """Left, top, right and bottom edges [px] of chosen places, shape (k, 4)."""
        row, col = np.nonzero(chosen)
        edges = (self.cols[col], self.rows[row], self.cols[col + 1], self.rows[row + 1])
        return np.asarray(np.column_stack(edges) - 0.5, dtype=np.float64)

    def places(self, x: Floats, y: Floats) -> tuple[Integers, Integers]:
        """Row and column, among the places, of points (x, y) [px]; beyond the rim the nearest.

        Parameters
        ----------
        x, y : ndarray, shape (k,)
        """
        row, col = (
            np.clip(np.searchsorted(edges, np.rint(along), side="right") - 1, 0, len(edges) - 2)
            for edges, along in ((self.rows, y), (self.cols, x))
        )
        return row, col


def local_light(
    raw: Floats,
    restored: Floats,
    valid: Bools,
    *,
    power: Floats,
    size: int,
    offset: float = 0.0,
    dispersion: float = 1.0,
) -> LocalLight:
    """Compare the light of a restored and a raw image in squares.

    Parameters
    ----------
    raw, restored : ndarray, shape (rows, columns)
    valid : ndarray of bool, shape (rows, columns)
    power : ndarray, shape (rows, columns)
        Variance per pixel of sums of the raw image's noise, see `ImageNoise.power`.
    size : int
        Side of a square [px]: two column distances or so, over which jitter averages out.
    offset : float
        Value of no light.
    dispersion : float
        Mean squared residual of the raw image's fit over the noise, see `Support.dispersion`.
    """
    from scipy.stats import norm

    used = valid & np.isfinite(raw) & np.isfinite(restored)
    shape = (max(1, raw.shape[0] // size), max(1, raw.shape[1] // size))
    edges = [np.arange(n) * whole // n for n, whole in zip(shape, raw.shape, strict=True)]

    def sums(values: Floats) -> Floats:
        rows = np.add.reduceat(np.where(used, values, 0.0), edges[0], axis=0)
        return np.asarray(np.add.reduceat(rows, edges[1], axis=1), dtype=np.float64)

    number = sums(np.ones(raw.shape))
    every = np.add.reduceat(np.add.reduceat(np.ones(raw.shape), edges[0], axis=0), edges[1], axis=1)
    mean = float(np.mean(raw[used] - offset))
    with np.errstate(divide="ignore", invalid="ignore"):
        change = np.where(number >= _MOST * every, sums(restored - raw) / (number * mean), np.nan)
        error = np.sqrt(dispersion * sums(power)) / (number * abs(mean))
        score = change / error
    limit = float(norm.isf(LEVEL / 2 / max(1, int(np.isfinite(change).sum()))))
    with np.errstate(invalid="ignore"):
        much = np.abs(change) > LEAST
        lost, added = (score < -limit) & much, (score > limit) & much
    rows, cols = (
        np.append(starts, whole).astype(np.int64)
        for starts, whole in zip(edges, raw.shape, strict=True)
    )
    return LocalLight(
        change=change, error=error, lost=lost, added=added, size=size, rows=rows, cols=cols
    )
