"""Start and bounds of a fit: spacing, trial widths, parameter bounds, usable columns."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.spatial import cKDTree

from fitting import flags
from stembench.arrays import Floats, Integers
from stembench.errors import InputError

#: Largest drift of a position from its start along x and along y, as a fraction of the distance
#: to the nearest other column: less than half, so that two columns cannot change places.
DRIFT: Final = 0.4
#: A free width stays within the start width divided and multiplied by this.
WIDTH_RANGE: Final = 2.5
#: Start widths that are tried, as fractions of the median nearest-neighbour distance.
WIDTH_TRIALS: Final = (0.12, 0.15, 0.19, 0.24, 0.30, 0.37)
#: A start outside the frame is modelled if it lies within this many start widths of it.
EDGE_REACH: Final = 2.0
#: Fewest valid pixels within two start widths, per free parameter of a column.
MIN_PIXELS: Final = 6
#: Starts nearer than this [px] are one column.
SAME: Final = 0.5
#: Smallest width that pixel-centre sampling can describe [px].
MIN_WIDTH: Final = 0.4


@dataclass(frozen=True)
class Bounds:
    """Bounds of the parameters of a fit; None stands for the documented default.

    Attributes
    ----------
    drift : float, optional
        Largest change of x and of y from the start [px]; 0 holds the positions. Default: 0.4 of
        the distance to the nearest other start (three start widths for a lone column).
    width : tuple of float, optional
        Smallest and largest free width [px]. Default: start width / 2.5 (but not under 0.4 px)
        to start width * 2.5.
    height : tuple of float, optional
        Smallest and largest height [image unit]. Default: unbounded; a height that is not
        positive is flagged.
    """

    drift: float | None = None
    width: tuple[float, float] | None = None
    height: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        if self.drift is not None and not self.drift >= 0:
            raise InputError(f"drift must be 0 or more pixels, not {self.drift}")
        for name in ("width", "height"):
            pair = getattr(self, name)
            if pair is not None and not (len(pair) == 2 and pair[0] < pair[1]):
                raise InputError(f"{name} bounds must be (low, high) with low < high, not {pair}")
        if self.width is not None and not self.width[0] > 0:
            raise InputError(f"the lower width bound must be above 0 px, not {self.width[0]}")


def spacing(positions: Floats) -> Floats:
    """Distance of each start to the nearest other start farther than half a pixel [px].

    Lone columns get infinity; starts that are not finite get NaN.
    """
    out = np.full(len(positions), np.nan)
    good = np.flatnonzero(np.isfinite(positions).all(axis=1))
    if len(good) == 0:
        return out
    # a few neighbours suffice unless starts are heaped up, and heaps are duplicates
    k = min(len(good), 6)
    distance = np.reshape(cKDTree(positions[good]).query(positions[good], k=k)[0], (len(good), -1))
    out[good] = np.where(distance > SAME, distance, np.inf).min(axis=1)
    return out


def first_of_each_place(positions: Floats) -> Integers:
    """Flag for each start: DUPLICATE if an earlier one lies within half a pixel, else 0."""
    out = np.zeros(len(positions), dtype=np.int64)
    good = np.flatnonzero(np.isfinite(positions).all(axis=1))
    if len(good) < 2:
        return out
    near = cKDTree(positions[good]).query_pairs(SAME, output_type="ndarray")
    for low, high in sorted((min(p), max(p)) for p in near):
        if not out[good[low]]:
            out[good[high]] = flags.DUPLICATE
    return out


def trial_widths(positions: Floats, shape: tuple[int, int]) -> Floats:
    """Widths [px] among which the data choose the start width."""
    gaps = spacing(positions)
    gaps = gaps[np.isfinite(gaps)]
    if len(gaps):
        return np.maximum(MIN_WIDTH, float(np.median(gaps)) * np.asarray(WIDTH_TRIALS))
    largest = max(1.0, min(shape) / 6)
    return np.geomspace(0.7, max(0.71, largest), 8)


def usable(
    positions: Floats, valid: "np.ndarray[tuple[int, int], np.dtype[np.bool_]]", *, width: float
) -> Integers:
    """Flags that keep a start out of the fit: outside the frame, no data around it, a duplicate.

    Starts outside the frame within EDGE_REACH widths carry OUT_OF_FRAME and are still modelled.
    """
    rows, cols = valid.shape
    out = first_of_each_place(positions)
    finite = np.isfinite(positions).all(axis=1)
    out[~finite] |= flags.NO_DATA
    x, y = positions[finite].T
    bits = out[finite]
    inside = (x >= -0.5) & (x <= cols - 0.5) & (y >= -0.5) & (y <= rows - 0.5)
    bits[~inside] |= flags.OUT_OF_FRAME
    reach = 2.0 * width
    # valid pixels above and left of each corner of a pixel
    total = np.zeros((rows + 1, cols + 1), dtype=np.int64)
    np.cumsum(np.cumsum(valid, axis=0, dtype=np.int64), axis=1, out=total[1:, 1:])
    left, right = _between(x, reach, cols)
    top, bottom = _between(y, reach, rows)
    count = total[bottom, right] - total[top, right] - total[bottom, left] + total[top, left]
    bits[count < MIN_PIXELS] |= flags.NO_DATA
    out[finite] = bits
    return out


def _between(centre: Floats, reach: float, size: int) -> tuple[Integers, Integers]:
    """First pixel within `reach` of each centre and the one behind the last, within the frame."""
    # far outside the frame a number may be too large for an integer
    low = np.clip(np.ceil(centre - reach), 0, size).astype(np.int64)
    high = np.clip(np.floor(centre + reach) + 1, 0, size).astype(np.int64)
    return low, np.maximum(low, high)
