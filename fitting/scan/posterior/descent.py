"""Descent to the most probable columns and lines: Fisher scoring with damped steps."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from fitting.scan.posterior.priors import Priors
from fitting.scan.posterior.scene import Scene, Unknowns
from fitting.scan.posterior.strips import Factor
from stembench.arrays import Floats
from stembench.errors import InputError

#: Longest step of a position and of a line [px], of the logarithm of a width, and of what is shared.
LONGEST: Final = (1.0, 0.2, 0.3)
#: Gain [nats] that a step must promise; a standard error is half a nat.
TOLERANCE: Final = 1e-2
#: Damping does not fall below this.
LEAST_DAMPING: Final = 1e-4
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
    steps: int = STEPS,
) -> Peak:
    """Descend from `start` until a step promises less than `tolerance` nats.

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
    damping, number = 1e-3, 0
    while number < steps:
        gradient = priors.release_nothing_held(
            at,
            tuple(  # type: ignore[arg-type]
                a + b for a, b in zip(scene.gradient(at, expected), of_prior, strict=True)
            ),
        )
        matrix = scene.fisher(at, scene.weight(expected))
        priors.add_to(matrix, at, order=scene.order)
        own, common = matrix.main()
        right = scene.order.gather(gradient[0], gradient[1].reshape(-1, 2))
        moved = False
        while number < steps:
            number += 1
            diagonal = np.einsum("kii->ki", matrix.diagonal)
            diagonal[:] = own * (1 + damping)
            g = len(common)
            matrix.corner[range(g), range(g)] = common * (1 + damping)
            strips, shared = Factor.of(matrix).solve(right, gradient[2])
            slope = float((right * strips).sum() + gradient[2] @ shared)
            if slope < 2 * tolerance:
                return Peak(at, expected, cost, converged=True, steps=number)
            columns, lines = scene.order.scatter(strips)
            _shorten(columns, lines, shared)
            strips = scene.order.gather(columns, lines)
            trial = at.moved(columns, lines, shared)
            there = scene.expected(trial)
            after, prior_there = priors.cost_and_gradient(trial)
            then = scene.cost(there) + after
            pushed, common_pushed = matrix.times(strips, shared)
            bend = float((pushed * strips).sum() + common_pushed @ shared)
            bend -= damping * float((strips**2 * own).sum() + shared**2 @ common)
            promised = float((right * strips).sum() + gradient[2] @ shared) - bend / 2
            gained = cost - then
            ratio = gained / promised if np.isfinite(gained) and promised > 0 else -1.0
            if ratio > 1e-4:
                damping = max(LEAST_DAMPING, damping * max(0.1, 1 - (2 * min(ratio, 1.0) - 1) ** 3))
                at, expected, cost, of_prior, moved = trial, there, then, prior_there, True
                break
            damping *= 8
            if damping > 1e8:
                return Peak(at, expected, cost, converged=False, steps=number)
        if not moved:
            break
    return Peak(at, expected, cost, converged=False, steps=number)


def _shorten(columns: Floats, lines: Floats, shared: Floats) -> None:
    """Shorten the step of each column and line, and of what is shared, to its longest, in place."""
    longest = np.maximum(
        np.abs(columns[:, :2]).max(axis=1) / LONGEST[0], np.abs(columns[:, 3]) / LONGEST[1]
    )
    columns /= np.maximum(longest, 1.0)[:, None]
    lines /= np.maximum(np.abs(lines).max(axis=1) / LONGEST[0], 1.0)[:, None]
    shared /= max(1.0, np.abs(shared[:3]).max() / LONGEST[2])
