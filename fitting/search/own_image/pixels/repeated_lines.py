"""Scan lines that are copies of others: padded borders, and lines filled by their neighbours."""

from collections import defaultdict
from dataclasses import dataclass
from typing import Final

import numpy as np

from stembench.arrays import Bools, Floats, Indices

#: Lines that noise makes equal less often than this in the whole image are copies.
_CHANCE: Final = 1e-6
#: Lines are compared whole, then in so many parts of at least this length [px].
_PARTS: Final = 8
_LEAST_PART: Final = 32
#: More lines than this part as copies are no copies: the image was enlarged, tiled, or repeats
#: itself. Without noise a lattice is symmetric: there fewer are, and none of rounded values.
_MOST: Final = 0.7
_MOST_SMOOTH: Final = 0.3
#: Noise is what is left by the eighth differences along both axes; below this part of the range
#: there is none. Columns of a width of 1 px leave 0.002 of their height.
_NOISE: Final = 0.005
_DIFFERENCES: Final = 8
#: Fewest runs of copies that tell together which line of a run is the original, and by how many
#: standard errors.
_FEWEST_RUNS: Final = 8
_SURE: Final = 3.0


@dataclass(frozen=True)
class RepeatedLines:
    """Pixels that are copies of others.

    Attributes
    ----------
    pixels : ndarray of bool, shape (rows, columns)
        Copies, and originals that cannot be told from them.
    border, inside : int
        Lines (rows and columns) of them at the edges, and others.
    everywhere : bool
        Whether so many lines are equal that all were kept.
    """

    pixels: Bools
    border: int = 0
    inside: int = 0
    everywhere: bool = False


def repeated_lines(image: Floats, valid: Bools) -> RepeatedLines:
    """Find rows and columns that are exact copies of others.

    At an edge they are a padded border (`numpy.pad`: reflect, symmetric, edge, wrap), elsewhere
    lines that were written twice or filled in. Two lines with noise are equal by copying alone.

    Parameters
    ----------
    image : ndarray, shape (rows, columns)
        Image in any unit; finite where `valid`.
    valid : ndarray of bool, shape (rows, columns)

    Notes
    -----
    A mirrored border's original lies farther from the edge and stays. Of lines that are equal to
    their neighbour, all or the first or the last are originals: where many such runs tell which
    line goes on smoothly, it stays, otherwise the whole run is left out, as are blocks that occur
    twice inside and the two ends of a wrapped image.
    """
    out = np.zeros_like(valid)
    border = inside = 0
    filled = np.where(valid, image, 0.0)
    for along, used, left_out in ((filled, valid, out), (filled.T, valid.T, out.T)):
        whole = _Lines(along, used)
        copies, at_edge = whole.copies()
        left_out |= copies[:, None]
        border, inside = border + int(at_edge.sum()), inside + int((copies & ~at_edge).sum())
        parts = min(_PARTS, along.shape[1] // _LEAST_PART)
        partly = np.zeros(len(along), dtype=np.bool_)
        for part in np.array_split(np.arange(along.shape[1]), parts) if parts > 1 else ():
            window = slice(int(part[0]), int(part[-1]) + 1)
            copies, _ = _Lines(along[:, window], used[:, window], known=whole.in_class).copies()
            left_out[:, window] |= copies[:, None]
            partly |= copies
        inside += int(partly.sum())
    out &= valid
    if not out.any():
        return RepeatedLines(out)
    share = np.count_nonzero(out) / np.count_nonzero(valid)
    smooth = not _noisy(image, valid)
    if smooth and (share > _MOST_SMOOTH or _rounded(image[valid])):
        return RepeatedLines(np.zeros_like(out))
    if share > _MOST:
        return RepeatedLines(np.zeros_like(out), everywhere=True)
    return RepeatedLines(out, border, inside)


class _Lines:
    """Lines of one direction, grouped into classes of equal ones.

    Parameters
    ----------
    lines : ndarray, shape (n, length)
    used : ndarray of bool, shape (n, length)
    known : ndarray of bool, shape (n,), optional
        Lines that are not looked at.
    """

    def __init__(self, lines: Floats, used: Bools, *, known: Bools | None = None) -> None:
        self._lines, self._used, self._n = lines, used, len(lines)
        of_content: dict[bytes, list[int]] = defaultdict(list)
        for k in range(self._n):
            if known is None or not known[k]:
                # -0 and 0 are one value
                content = np.ascontiguousarray(lines[k]) + 0.0
                of_content[content.tobytes() + used[k].tobytes()].append(k)
        equal = (np.array(own) for own in of_content.values() if len(own) > 1)
        self.classes = [own for own in equal if self._no_chance(int(own[0]))]
        self.in_class = np.zeros(self._n, dtype=np.bool_)
        for own in self.classes:
            self.in_class[own] = True

    def _no_chance(self, k: int) -> bool:
        """Whether noise with the values of line k hardly makes two lines equal."""
        values = self._lines[k][self._used[k]]
        if len(values) < 2:
            return False
        _, number = np.unique(values, return_counts=True)
        same = float(np.sum((number / len(values)) ** 2))
        return bool(same < 1.0 and len(values) * np.log(same) < np.log(_CHANCE / self._n**2))

    def copies(self) -> tuple[Bools, Bools]:
        """Lines to leave out, and those of them that are a border, each of shape (n,)."""
        n = self._n
        out, border = np.zeros(n, dtype=np.bool_), np.zeros(n, dtype=np.bool_)
        if not self.classes:
            return out, border
        kept = np.full(n, -1)
        depth = np.minimum(np.arange(n), n - 1 - np.arange(n))
        for own in self.classes:
            original = own[int(np.argmax(depth[own]))]
            kept[own[own != original]] = original
        for block in (_from_start(kept >= 0), n - 1 - _from_start(kept[::-1] >= 0)):
            if not len(block):
                continue
            border[block] = True
            # Only what is mirrored is surely a copy on this side alone.
            if (
                len(block) < 2
                or np.median(kept[block[1:]] - kept[block[:-1]]) * np.sign(block[1] - block[0]) > -1
            ):
                border[kept[block]] = True
        inner = [own for own in self.classes if not border[own].any()]
        runs = [own for own in inner if np.all(np.diff(own) == 1)]
        first, last = self._ends_that_stay(runs)
        for own in inner:
            out[own] = True
        for own in runs:
            out[own[0]] &= not first
            out[own[-1]] &= not last
        return out | border, border

    def _ends_that_stay(self, runs: list[Indices]) -> tuple[bool, bool]:
        """Whether the first, or the last, line of each run is its original."""
        change = [
            self._distance(own[0] - 1, own[0]) - self._distance(own[-1], own[-1] + 1)
            for own in runs
            if own[0] > 0 and own[-1] + 1 < self._n
        ]
        if len(change) < _FEWEST_RUNS:
            return False, False
        total, error = float(np.sum(change)), float(np.sqrt(np.sum(np.square(change))))
        return total < -_SURE * error, total > _SURE * error

    def _distance(self, a: int, b: int) -> float:
        both = self._used[a] & self._used[b]
        return float(np.mean((self._lines[a] - self._lines[b])[both] ** 2)) if both.any() else 0.0


def _from_start(chosen: Bools) -> Indices:
    """Indices of the lines chosen without a gap from the first on."""
    return np.arange(int(np.argmin(np.append(chosen, False))))


def _noisy(image: Floats, valid: Bools) -> bool:
    """Whether pixels differ from their neighbours as no column makes them."""
    filled = np.where(valid, image, np.nan)
    difference = filled
    for axis in (0, 1):
        difference = np.diff(difference, n=min(_DIFFERENCES, image.shape[axis] - 1), axis=axis)
    known = np.abs(difference[np.isfinite(difference)])
    if not len(known):
        return True
    gain = float(_binomial_gain(_DIFFERENCES))
    low, high = np.percentile(image[valid], [1.0, 99.0])
    return float(np.median(known)) / (0.6745 * gain) > _NOISE * float(high - low)


def _binomial_gain(order: int) -> float:
    """Standard deviation of white noise after differences of this order along both axes."""
    kernel = np.array([1.0])
    for _ in range(order):
        kernel = np.convolve(kernel, [1.0, -1.0])
    return float(np.sum(kernel**2))


def _rounded(values: Floats) -> bool:
    """Whether most pixels share their value with another."""
    return len(np.unique(values)) < 0.5 * len(values)
