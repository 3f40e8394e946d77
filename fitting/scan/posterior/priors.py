"""What is known beforehand: how lines move, how columns and their profile may differ."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from fitting.scan.posterior.scene import Order, Unknowns
from fitting.scan.posterior.strips import Strips
from stembench.arrays import Bools, Floats, Integers

#: Precision that stands for 'held'; far above what any image tells.
_HELD = 1e18


@dataclass(frozen=True)
class LineStatistics:
    """Displacements of lines along one axis, d_l = φ d_(l-1) + a_l, in pixels.

    Attributes
    ----------
    sigma : float
        Standard deviation of the innovations a_l [px]; 0 holds the lines.
    phi : float
        Correlation of consecutive lines, 0 <= φ < 1.
    """

    sigma: float
    phi: float

    def precision(self, lines: int) -> tuple[Floats, float]:
        """Diagonal (lines,) of the inverse covariance, and what stands beside it."""
        diagonal = np.full(lines, 1 + self.phi**2)
        diagonal[[0, -1]] = 1.0 if lines > 1 else 1 - self.phi**2
        return diagonal / self.sigma**2, -self.phi / self.sigma**2

    def times(self, values: Floats) -> Floats:
        """Inverse covariance times series that run along axis 1."""
        diagonal, beside = self.precision(values.shape[1])
        shape = (1, -1) + (1,) * (values.ndim - 2)
        out = diagonal.reshape(shape) * values
        out[:, 1:] += beside * values[:, :-1]
        out[:, :-1] += beside * values[:, 1:]
        return np.asarray(out)


@dataclass(frozen=True)
class Priors:
    """Gaussian priors of all unknowns; a precision of 0 says nothing.

    Attributes
    ----------
    x, y : LineStatistics
        Of the lines' displacements, about the drift of their frame.
    columns, columns_precision : ndarray, shape (n, 4)
    shared, shared_precision : ndarray, shape (4 + d,)
    pull : scipy.sparse matrix or None, shape (n, n)
        Turns the coordinates of columns into their distances from what a lattice would have
        there, divided by the standard deviation of these distances.
    continuation : scipy.sparse matrix or None, shape (m, n)
        The same of columns at the frame's edge, from where their neighbours point.
    drift : ndarray, shape (rows, knots)
        Drift of a line per coefficient; the coefficients (frames, 2, knots) stand in `shared`
        behind the profile.
    gauge : float
        Precision of the sum over frames of each axis' first drift coefficient, about that of
        `shared`.
    held_columns, held_shared : ndarray of bool
        Parameters that stay where they start.
    """

    x: LineStatistics
    y: LineStatistics
    columns: Floats
    columns_precision: Floats
    shared: Floats
    shared_precision: Floats
    pull: Any = None
    continuation: Any = None
    drift: Floats = field(default_factory=lambda: np.zeros((0, 0)))
    gauge: float = 0.0
    held_columns: Bools | None = None
    held_shared: Bools | None = None

    def _pulls(self) -> list[Any]:
        return [pull for pull in (self.pull, self.continuation) if pull is not None]

    def drifts(self, at: Unknowns) -> Floats:
        """Displacement (frames, rows, 2) of each line that is its frame's drift."""
        frames, rows, _ = at.lines.shape
        if not self.drift.size:
            return np.zeros((frames, rows, 2))
        coefficients = at.shared[-frames * 2 * self.drift.shape[1] :]
        each = coefficients.reshape(frames, 2, self.drift.shape[1])
        return np.asarray(np.einsum("rk,fak->fra", self.drift, each), dtype=np.float64)

    def _rigid(self, at: Unknowns) -> Integers:
        """Places (frames, 2) in `shared` of the first drift coefficients."""
        frames, knots = len(at.lines), self.drift.shape[1]
        start = len(at.shared) - frames * 2 * knots
        first = start + knots * np.arange(2 * frames)
        return np.asarray(first.reshape(frames, 2), dtype=np.int64)

    def _held_lines(self) -> Bools:
        return np.array([axis.sigma == 0 for axis in (self.x, self.y)])

    def _held_masks(self, at: Unknowns) -> tuple[Bools, Bools]:
        columns, shared = self.held_columns, self.held_shared
        return (
            np.zeros(at.columns.shape, dtype=bool) if columns is None else columns,
            np.zeros(at.shared.shape, dtype=bool) if shared is None else shared,
        )

    def cost_and_gradient(self, at: Unknowns) -> tuple[float, tuple[Floats, Floats, Floats]]:
        """Minus the log prior, up to a constant, and its negative derivatives."""
        columns = -self.columns_precision * (at.columns - self.columns)
        shared = -self.shared_precision * (at.shared - self.shared)
        cost = -(columns * (at.columns - self.columns)).sum() / 2
        cost -= (shared * (at.shared - self.shared)).sum() / 2
        for pull in self._pulls():
            apart = pull @ at.columns[:, :2]
            cost += (apart**2).sum() / 2
            columns[:, :2] -= pull.T @ apart
        jitter = at.lines - self.drifts(at)
        lines = np.zeros_like(at.lines)
        for number, axis in enumerate((self.x, self.y)):
            if axis.sigma > 0:
                lines[..., number] = -axis.times(jitter[..., number])
                cost -= (lines[..., number] * jitter[..., number]).sum() / 2
        if self.drift.size:
            of_drift = -np.einsum("rk,fra->fak", self.drift, lines).ravel()
            shared[-len(of_drift) :] += of_drift
            rigid = self._rigid(at)
            off = (at.shared - self.shared)[rigid].sum(axis=0)
            cost += self.gauge * (off**2).sum() / 2
            shared[rigid] -= self.gauge * off
        return float(cost), (columns, lines, shared)

    def without_held(
        self, at: Unknowns, gradient: tuple[Floats, ...]
    ) -> tuple[Floats, Floats, Floats]:
        """Gradient without the parts of what is held."""
        columns, shared = self._held_masks(at)
        held = self._held_lines()
        return (
            np.where(columns, 0.0, gradient[0]),
            np.where(held, 0.0, gradient[1]),
            np.where(shared, 0.0, gradient[2]),
        )

    def add_to(self, matrix: Strips, at: Unknowns, *, order: Order) -> None:
        """Add the precision of all priors to an information matrix."""
        held_columns, held_shared = self._held_masks(at)
        of_columns = self.columns_precision + np.where(held_columns, _HELD, 0.0)
        strip, place = order.columns.T
        for number in range(of_columns.shape[1]):
            matrix.diagonal[strip, place + number, place + number] += of_columns[:, number]
        g = len(at.shared)
        matrix.corner[range(g), range(g)] += self.shared_precision + np.where(
            held_shared, _HELD, 0.0
        )
        for pull in self._pulls():
            _add_pairs(matrix, (pull.T @ pull).tocoo(), order=order)
        self._add_lines(matrix, at, order=order)
        if self.drift.size:
            for own in self._rigid(at).T:
                matrix.corner[np.ix_(own, own)] += self.gauge

    def _add_lines(self, matrix: Strips, at: Unknowns, *, order: Order) -> None:
        frames, rows, _ = at.lines.shape
        strip, place = (part.reshape(frames, rows) for part in order.lines.T)
        knots = self.drift.shape[1]
        for number, axis in enumerate((self.x, self.y)):
            if axis.sigma == 0:
                matrix.diagonal[strip, place + number, place + number] += _HELD
                continue
            diagonal, beside = axis.precision(rows)
            matrix.diagonal[strip, place + number, place + number] += diagonal
            here, there = strip[:, 1:], strip[:, :-1]
            to, back = place[:, 1:] + number, place[:, :-1] + number
            same = here == there
            low, high = np.minimum(to, back), np.maximum(to, back)
            matrix.diagonal[here[same], high[same], low[same]] += beside
            up = here > there
            matrix.below[there[up], to[up], back[up]] += beside
            down = here < there
            matrix.below[here[down], back[down], to[down]] += beside
            if not knots:
                continue
            drifted = axis.times(self.drift.T).T
            inner = self.drift.T @ drifted
            start = len(at.shared) - frames * 2 * knots
            for frame in range(frames):
                own = start + (frame * 2 + number) * knots + np.arange(knots)
                matrix.corner[np.ix_(own, own)] += inner
                matrix.border[
                    strip[frame][:, None], (place[frame] + number)[:, None], own[None, :]
                ] -= drifted


def _add_pairs(matrix: Strips, pairs: Any, *, order: Order) -> None:
    """Add a sparse symmetric (n, n) matrix to the x and to the y of columns."""
    one, other, value = pairs.row, pairs.col, pairs.data
    (strip_one, place_one), (strip_other, place_other) = (
        order.columns[one].T,
        order.columns[other].T,
    )
    same = (strip_one == strip_other) & (place_one >= place_other)
    next_to = strip_one == strip_other + 1
    for number in range(2):
        np.add.at(
            matrix.diagonal,
            (strip_one[same], place_one[same] + number, place_other[same] + number),
            value[same],
        )
        np.add.at(
            matrix.below,
            (strip_other[next_to], place_one[next_to] + number, place_other[next_to] + number),
            value[next_to],
        )
