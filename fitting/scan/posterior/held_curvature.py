"""Descent in the neighbourhood of a peak, where the curvature hardly changes and is held."""

from typing import Final

import numpy as np

from fitting.scan.posterior.fisher_scoring import Peak, descend
from fitting.scan.posterior.priors import Priors
from fitting.scan.posterior.scene import Scene, Unknowns
from fitting.scan.posterior.strips import Factor
from stembench.arrays import Floats

#: Most gradients. One costs a fifth of a step of `descend`.
GRADIENTS: Final = 150
#: Longest move [px] at whose end a gradient is taken.
NEAR: Final = 0.02
#: Part of the promise of a quadratic's first step at which the next quadratic takes its place.
FORCING: Final = 1e-3
#: The same as a part of `tolerance`, with which the whole ends.
INNER: Final = 0.3

#: Parts of a step that are tried one after the other until the cost falls.
LENGTHS: Final = (1.0, 0.5, 0.25, 0.125)

#: Derivatives in strips (k, m), and by what is shared (g,).
_Vector = tuple[Floats, Floats]


def held_factor(scene: Scene, priors: Priors, peak: Peak) -> Factor:
    """Factor of the information about all unknowns at a peak.

    Raises
    ------
    InputError
        If it is singular.
    """
    matrix = scene.fisher(peak.at, scene.weight(peak.expected))
    priors.add_to(matrix, peak.at, order=scene.order)
    return Factor.of(matrix)


def settle(
    scene: Scene,
    priors: Priors,
    start: Unknowns,
    *,
    factor: Factor,
    tolerance: float,
    otherwise: int,
) -> Unknowns:
    """Go from `start` to the peak next to it with the curvature of `factor`.

    Newton's steps by conjugate gradients, preconditioned by the held factor. Steps of the factor
    alone would be enough were it not for single lines where the image is flat: the information
    expected there may be less than half of the curvature, and such a line jumps across its best
    place, farther each time. A step after which the cost has not fallen is shortened; where that
    does not help, as where the cost is not convex, steps of `descend` from `start` take their
    place.

    Parameters
    ----------
    scene : Scene
    priors : Priors
    start : Unknowns
    factor : Factor
        `held_factor` of a peak close by.
    tolerance : float
        Gain [nats] that a step must promise.
    otherwise : int
        Most steps of `descend`, if it is needed.

    Returns
    -------
    Unknowns

    Notes
    -----
    J. Nocedal and S. J. Wright, Numerical Optimization (2006), algorithms 5.3 and 7.1: the product
    of the curvature with a direction is the difference of two gradients.
    """
    at, left = start, GRADIENTS
    cost = _cost(scene, priors, at)
    while left > 0:
        ours = right = _slopes(scene, priors, at)
        towards = direction = factor.solve(*right)
        # Twice the gain that the step promises.
        slope = first = _inner(right, towards)
        if slope < 2 * tolerance:
            return at
        step = (np.zeros_like(right[0]), np.zeros_like(right[1]))
        while slope > max(2 * INNER * tolerance, FORCING * first) and left > 0:
            left -= 1
            trial = NEAR / max(NEAR, float(np.abs(direction[0]).max()))
            there = _slopes(scene, priors, _moved(scene, at, direction, trial))
            change = ((ours[0] - there[0]) / trial, (ours[1] - there[1]) / trial)
            bend = _inner(change, direction)
            if not bend > 0:
                break
            length = slope / bend
            step = _plus(step, direction, length)
            right = _plus(right, change, -length)
            towards = factor.solve(*right)
            before, slope = slope, _inner(right, towards)
            direction = _plus(towards, direction, slope / before)
        for length in LENGTHS:
            there_at = _moved(scene, at, step, length)
            then = _cost(scene, priors, there_at)
            if then < cost:
                at, cost = there_at, then
                break
        else:  # not convex here, or no direction at all
            break
    return descend(scene, priors, start, tolerance=tolerance, still=0.0, steps=otherwise).at


def _cost(scene: Scene, priors: Priors, at: Unknowns) -> float:
    """Minus the log posterior; infinite where a step has left all numbers."""
    cost = scene.cost(scene.expected(at)) + priors.cost_and_gradient(at)[0]
    return cost if np.isfinite(cost) else np.inf


def _plus(one: _Vector, other: _Vector, factor: float) -> _Vector:
    return one[0] + factor * other[0], one[1] + factor * other[1]


def _slopes(scene: Scene, priors: Priors, at: Unknowns) -> _Vector:
    """Derivatives of the log posterior."""
    of_light = scene.gradient(at, scene.expected(at))
    of_prior = priors.cost_and_gradient(at)[1]
    whole = priors.without_held(at, tuple(a + b for a, b in zip(of_light, of_prior, strict=True)))
    return scene.order.gather(whole[0], whole[1].reshape(-1, 2)), whole[2]


def _inner(one: _Vector, other: _Vector) -> float:
    return float((one[0] * other[0]).sum() + one[1] @ other[1])


def _moved(scene: Scene, at: Unknowns, direction: _Vector, length: float) -> Unknowns:
    columns, lines = scene.order.scatter(length * direction[0])
    return at.moved(columns, lines, length * direction[1])
