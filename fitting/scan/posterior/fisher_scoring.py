"""Descent to the most probable columns and lines: Fisher scoring with damped steps."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from fitting.scan.posterior.priors import Priors
from fitting.scan.posterior.scene import Scene, Unknowns
from fitting.scan.posterior.strips import Factor
from stembench.arrays import Bools, Floats
from stembench.errors import InputError

#: Longest step of a position and of a line [px], of the logarithm of a width, of what is shared.
LONGEST: Final = (1.0, 0.2, 0.3)
#: Gain [nats] that a step must promise; a standard error is half a nat.
TOLERANCE: Final = 5e-2
#: Longest step [px] of columns and lines that have arrived, of which less than half a nat is hoped.
STILL: Final = 0.01
#: Damping does not fall below this.
LEAST_DAMPING: Final = 1e-4
#: Damping beyond which a descent gives up.
MOST_DAMPING: Final = 1e8
#: First damping of a line whose step made its own light fit worse, and the least step for it [px].
LINE_DAMPING: Final = 0.25
MOVING: Final = 0.05
#: Part of its promise below which a step is poor.
POOR: Final = 0.8
#: Most steps.
STEPS: Final = 60


@dataclass(frozen=True)
class Peak:
    """Where a descent ended.

    Attributes
    ----------
    at : Unknowns
    expected : ndarray, shape (frames, rows, columns)
        Expected electrons.
    cost : float
        Minus the log posterior, up to a constant [nats].
    converged : bool
    steps : int
    """

    at: Unknowns
    expected: Floats
    cost: float
    converged: bool
    steps: int


def descend(
    scene: Scene,
    priors: Priors,
    start: Unknowns,
    *,
    tolerance: float = TOLERANCE,
    still: float = STILL,
    steps: int = STEPS,
) -> Peak:
    """Descend from `start` until a step promises less than `tolerance` nats, or is `still` [px].

    Raises
    ------
    InputError
        If the counts cannot come from the start.
    """
    at = start
    expected = scene.expected(at)
    before, of_prior = priors.cost_and_gradient(at)
    cost = scene.cost(expected) + before
    if not np.isfinite(cost):
        raise InputError("the scan fit starts from an image that is not positive")
    damping = _Damping.first(at)
    number = 0
    while number < steps:
        gradient = priors.without_held(
            at, tuple(a + b for a, b in zip(scene.gradient(at, expected), of_prior, strict=True))
        )
        matrix = scene.fisher(at, scene.weight(expected))
        priors.add_to(matrix, at, order=scene.order)
        own, common = matrix.main()
        right = scene.order.gather(gradient[0], gradient[1].reshape(-1, 2))
        while True:
            number += 1
            more, more_common = damping.of(scene, own, common)
            np.einsum("kii->ki", matrix.diagonal)[:] = own + more
            np.einsum("ii->i", matrix.corner)[:] = common + more_common
            strips, shared = Factor.of(matrix).solve(right, gradient[2])
            slope = float((right * strips).sum() + gradient[2] @ shared)
            columns, lines = scene.order.scatter(strips)
            longest = max(np.abs(columns[:, :2]).max(), np.abs(lines).max())
            if slope < 2 * tolerance or (longest < still and slope < 1 and damping.small):
                return Peak(at, expected, cost, converged=True, steps=number)
            shortened = _shorten(columns, lines, shared)
            trial = at.moved(columns, lines, shared)
            there = scene.expected(trial)
            after, prior_there = priors.cost_and_gradient(trial)
            then = scene.cost(there) + after
            if shortened:
                strips = scene.order.gather(columns, lines)
                pushed, common_pushed = matrix.times(strips, shared)
                bend = float((pushed * strips).sum() + common_pushed @ shared)
                slope = float((right * strips).sum() + gradient[2] @ shared)
            else:
                bend = slope
            bend -= float((strips**2 * more).sum() + shared**2 @ more_common)
            promised = slope - bend / 2
            gained = cost - then
            good = np.isfinite(gained) and promised > 0 and gained > 1e-4 * promised
            damping.learn(
                gained / promised if good else -1.0,
                lines=lines,
                worse=(scene.line_costs(there) > scene.line_costs(expected) + 0.02).ravel(),
            )
            if good:
                at, expected, cost, of_prior = trial, there, then, prior_there
                break
            if number >= steps or damping.overall > MOST_DAMPING:
                return Peak(at, expected, cost, converged=False, steps=number)
    return Peak(at, expected, cost, converged=False, steps=number)


@dataclass
class _Damping:
    """Parts of the diagonal that are added to it: of all, of each line, and of what is shared.

    A line that lies where the image is flat, or between two places that suit it, jumps to and fro
    across its best one; it alone is held back. The profile waits until lines have moved: before
    that their displacements look like wide tails.
    """

    overall: float
    lines: Floats
    shared: float

    @classmethod
    def first(cls, at: Unknowns) -> "_Damping":
        return cls(1e-3, np.zeros(at.lines.shape[0] * at.lines.shape[1]), 0.0)

    @property
    def small(self) -> bool:
        """Whether steps are hardly shortened."""
        return self.overall < 0.2 and not self.lines.any()

    def of(self, scene: Scene, own: Floats, common: Floats) -> tuple[Floats, Floats]:
        """What is added to the diagonals of the strips (k, m) and of the corner (g,)."""
        factor = np.full(own.shape, self.overall)
        strip, place = scene.order.lines.T
        for axis in range(2):
            factor[strip, place + axis] += self.lines
        return factor * own, (self.overall + self.shared) * common

    def learn(self, ratio: float, *, lines: Floats, worse: Bools) -> None:
        """Change the dampings after a step that gained `ratio` of its promise; -1 for none."""
        moving = np.abs(lines).max(axis=1) > MOVING
        held_back = worse & moving & (ratio < POOR)
        self.lines = np.where(held_back, 4 * np.maximum(self.lines, LINE_DAMPING), self.lines / 10)
        self.lines[self.lines < LINE_DAMPING / 10] = 0.0
        if ratio < 0:
            self.overall *= 2 if held_back.any() else 8
            return
        self.shared *= 0.25
        less = max(0.1, 1 - (2 * min(ratio, 1.0) - 1) ** 3)
        self.overall = max(LEAST_DAMPING, self.overall * less)


def _shorten(columns: Floats, lines: Floats, shared: Floats) -> bool:
    """Shorten the step of each column and line, and of what is shared, to its longest, in place.

    Return whether any was longer.
    """
    of_columns = np.maximum(
        np.abs(columns[:, :2]).max(axis=1) / LONGEST[0], np.abs(columns[:, 3]) / LONGEST[1]
    )
    of_lines = np.abs(lines).max(axis=1) / LONGEST[0]
    of_shared = np.abs(shared[:3]).max() / LONGEST[2]
    columns /= np.maximum(of_columns, 1.0)[:, None]
    lines /= np.maximum(of_lines, 1.0)[:, None]
    shared /= max(1.0, of_shared)
    return bool(max(of_columns.max(), of_lines.max(), of_shared) > 1)
