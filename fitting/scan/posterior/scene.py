"""What a scan fit looks at: counts, which column each line shows, and how unknowns are sorted."""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from fitting.scan.posterior.strips import Strips
from stembench.arrays import Bools, Floats, Integers

#: Reach of a column in widths of its wide part, for the light and for the information. The cost and
#: its gradient are those of the first exactly; steps and errors rest on the second.
LIGHT_REACH: Final = 4.0
INFORMATION_REACH: Final = 2.6
#: Lines whose columns' windows allow for, beyond the reach: displacements across them [px].
SLACK: Final = 3.0


@dataclass(frozen=True)
class Windows:
    """Pixels at which columns are seen.

    Attributes
    ----------
    along : ndarray of int, shape (frames, n, 2)
        First pixel along a line, and the one behind the last.
    first, near : ndarray of int, shape (frames * rows + 1,), (m,)
        Columns that line l shows: near[first[l]:first[l + 1]].
    """

    along: Integers
    first: Integers
    near: Integers

    @classmethod
    def around(
        cls, places: Floats, shape: tuple[int, int], *, shifts: Floats, reach: float
    ) -> "Windows":
        """Windows about the places (n, 2) of columns in frames that are moved by `shifts`."""
        rows, cols = shape
        along, near, counts = [], [], []
        for shift in shifts:
            x, y = (places - shift).T
            low = np.clip(np.ceil(x - reach), 0, cols)
            high = np.clip(np.floor(x + reach) + 1, low, cols)
            along.append(np.stack([low, high], axis=1))
            order = np.argsort(x, kind="stable")
            seen = np.abs(np.arange(rows)[:, None] - y[order]) <= reach + SLACK
            seen &= (high > low)[order]
            counts.append(seen.sum(axis=1))
            near.append(np.broadcast_to(order, seen.shape)[seen])
        first = np.concatenate([[0], np.cumsum(np.concatenate(counts))])
        return cls(
            np.asarray(along, dtype=np.int64),
            first.astype(np.int64),
            np.concatenate(near).astype(np.int64),
        )


@dataclass(frozen=True)
class Order:
    """Strip of every unknown and its place therein.

    Attributes
    ----------
    columns, lines : ndarray of int, shape (n, 2), (frames * rows, 2)
        Strip, and place of the first parameter.
    strips, size : int
        How many strips, and places of each.
    taken : ndarray of bool, shape (strips, size)
        Places that an unknown holds.
    """

    columns: Integers
    lines: Integers
    strips: int
    size: int
    taken: Bools

    @classmethod
    def along(cls, y: Floats, lines: Floats, *, height: float, rows: int) -> "Order":
        """Sort columns at `y` (n,) and lines at the places `lines` (frames * rows,) [px]."""
        from fitting.kernels.displaced_lines import COLUMN

        strips = max(1, int(np.ceil(rows / height)))
        of_column, of_line = (
            np.clip(np.floor(place / height), 0, strips - 1).astype(np.int64)
            for place in (y, lines)
        )
        # Along the strip as well, so that unknowns which share no pixel lie far apart therein.
        strip, width = np.concatenate([of_column, of_line]), np.full(len(y) + len(lines), 2)
        width[: len(y)] = COLUMN
        sequence = np.lexsort([np.concatenate([y, lines]), strip])
        size = np.bincount(strip, weights=width, minlength=strips).astype(np.int64)
        before = np.concatenate([[0], np.cumsum(size)[:-1]])
        place = np.empty(len(strip), dtype=np.int64)
        place[sequence] = np.cumsum(width[sequence]) - width[sequence] - before[strip[sequence]]
        placed = np.split(np.stack([strip, place], axis=1), [len(y)])
        taken = np.arange(size.max()) < size[:, None]
        return cls(placed[0], placed[1], strips, int(size.max()), taken)

    def empty(self, *, shared: int) -> Strips:
        """Return an empty matrix with 1 where no unknown is."""
        out = Strips.zeros(self.strips, self.size, shared=shared)
        strip, place = np.nonzero(~self.taken)
        out.diagonal[strip, place, place] = 1.0
        return out

    def gather(self, columns: Floats, lines: Floats) -> Floats:
        """Write values of columns (n, 4) and lines (frames * rows, 2) into strips (k, m)."""
        out = np.zeros((self.strips, self.size))
        for at, values in ((self.columns, columns), (self.lines, lines)):
            for number in range(values.shape[1]):
                out[at[:, 0], at[:, 1] + number] = values[:, number]
        return out

    def scatter(self, strips: Floats) -> tuple[Floats, Floats]:
        """Read values of columns (n, 4) and lines (frames * rows, 2) out of strips (k, m)."""
        from fitting.kernels.displaced_lines import COLUMN

        found = [
            np.stack([strips[at[:, 0], at[:, 1] + number] for number in range(width)], axis=1)
            for at, width in ((self.columns, COLUMN), (self.lines, 2))
        ]
        return found[0], found[1]

    def diagonal_blocks(self, matrix: Strips) -> tuple[Floats, Floats]:
        """Blocks of columns (n, 4, 4) and of lines (frames * rows, 2, 2) on the diagonal."""
        from fitting.kernels.displaced_lines import COLUMN

        found = []
        for at, width in ((self.columns, COLUMN), (self.lines, 2)):
            place = at[:, 1, None] + np.arange(width)
            found.append(matrix.diagonal[at[:, 0, None, None], place[:, :, None], place[:, None]])
        return found[0], found[1]


@dataclass(frozen=True)
class Unknowns:
    """Values of all unknowns.

    Attributes
    ----------
    columns : ndarray, shape (n, 4)
        x, y [px], height [electrons], log of the width over the common one.
    lines : ndarray, shape (frames, rows, 2)
        Displacements (dx, dy) [px]: line l shows the specimen at (i + dx, l + dy).
    shared : ndarray, shape (4 + d,)
        Log width [px], log ratio of the widths, logit of the wide part, background [electrons],
        and the coefficients of the frames' drift.
    """

    columns: Floats
    lines: Floats
    shared: Floats

    def moved(self, columns: Floats, lines: Floats, shared: Floats) -> "Unknowns":
        """Return the values after a step."""
        return replace(
            self,
            columns=self.columns + columns,
            lines=self.lines + lines.reshape(self.lines.shape),
            shared=self.shared + shared,
        )


@dataclass(frozen=True)
class Scene:
    """Counts and how they depend on the unknowns.

    Attributes
    ----------
    counts : ndarray, shape (frames, rows, columns)
        Electrons of each pixel; NaN nowhere.
    used : ndarray of float, shape (frames, rows, columns)
        1 where a pixel counts, 0 where not.
    floor : float
        Variance of what is no counting noise [electrons²]: detector and what the profile misses.
    variance : float or None
        The same variance of every pixel, for images whose counts are not known; None for counts.
    light, information : Windows
    order : Order
    """

    counts: Floats
    used: Floats
    floor: float
    variance: float | None
    light: Windows
    information: Windows
    order: Order

    def expected(self, at: Unknowns) -> Floats:
        """Expected image of every frame, shape (frames, rows, columns)."""
        from fitting.kernels import displaced_lines

        out = np.empty_like(self.counts)
        windows = self.light
        displaced_lines.light(
            at.columns, at.lines, at.shared[: displaced_lines.SHARED], windows.along, windows.first,
            windows.near, out,
        )  # fmt: skip
        return out

    def cost(self, expected: Floats) -> float:
        """Minus the log likelihood, up to a constant."""
        return float(self.line_costs(expected).sum())

    def line_costs(self, expected: Floats) -> Floats:
        """Parts (frames, rows) of the cost that lie in each line."""
        if self.variance is not None:
            squares = self.used * (self.counts - expected) ** 2
            return np.asarray(squares.sum(axis=2) / (2 * self.variance), dtype=np.float64)
        rate = expected + self.floor
        counts = self.counts + self.floor
        # Where detector noise makes counts negative beyond the floor, the likelihood grows without
        # limit as light becomes negative: below the floor it goes on as a parabola.
        least = np.maximum(rate, self.floor)
        below = rate - least
        slope = 1 - counts / self.floor
        each = least - counts * np.log(least) + below * slope + below**2 / (2 * self.floor)
        return np.asarray((self.used * each).sum(axis=2), dtype=np.float64)

    def score(self, expected: Floats) -> Floats:
        """Derivative of the log likelihood by each pixel's expected electrons."""
        residual = self.used * (self.counts - expected)
        return residual * self.weight(expected)

    def weight(self, expected: Floats) -> Floats:
        """Information of each pixel about its expected electrons."""
        if self.variance is not None:
            return self.used / self.variance
        return np.asarray(self.used / (np.maximum(expected, 0.0) + self.floor), dtype=np.float64)

    def gradient(self, at: Unknowns, expected: Floats) -> tuple[Floats, Floats, Floats]:
        """Derivatives of the log likelihood by columns, lines and what is shared."""
        from fitting.kernels import displaced_lines

        columns, lines = np.zeros_like(at.columns), np.zeros_like(at.lines)
        shared = np.zeros_like(at.shared)
        windows = self.light
        displaced_lines.gradient(
            at.columns, at.lines, at.shared[: displaced_lines.SHARED], windows.along, windows.first,
            windows.near, self.score(expected), columns, lines, shared,
        )  # fmt: skip
        return columns, lines, shared

    def fisher(self, at: Unknowns, weight: Floats) -> Strips:
        """Information about all unknowns, where each pixel holds `weight`."""
        from fitting.kernels import displaced_lines

        out = self.order.empty(shared=len(at.shared))
        windows = self.information
        displaced_lines.information(
            at.columns, at.lines, at.shared[: displaced_lines.SHARED], windows.along, windows.first,
            windows.near, weight, self.order.columns, self.order.lines,
            out.diagonal, out.below, out.border, out.corner,
        )  # fmt: skip
        return out
