"""Descents not worth going on with: widths that turn or crawl, images without columns."""

import numpy as np

from fitting.engine.layout import Layout
from stembench.arrays import Floats

# a shared width that turns back so often by more than this part of its last step, and of itself,
# goes to and fro instead of settling
_TURNS = 3
_TURN = 0.3
_LEAST_TURN = 1e-4
# and one that has grown by this part after so many steps crawls
_LONG = 30
_GROWN = 1.05
# An image that holds no columns keeps a descent among saddles, where the cost is convex along no
# step and each step gains next to nothing, until steps run out. So many steps of that in a row,
# each gaining less than this part of the cost while half of the columns still move, end it.
_VAIN = 25
_LITTLE_GAIN = 2e-4
_MOVING = 1e-5


class Turns:
    """Count of how often each shared width turns back."""

    def __init__(self, layout: Layout, theta: Floats) -> None:
        self._widths = slice(layout.first_shared, layout.first_background)
        self._first = theta[self._widths].copy()
        self._last = np.zeros(len(self._first))
        self._turns = np.zeros(len(self._first), dtype=np.int64)
        self._steps = 0

    def too_many(self, step: Floats, theta: Floats) -> bool:
        """Take an accepted step from `theta`; whether a width turns too often or crawls."""
        now, last = step[self._widths], self._last
        least = np.maximum(_TURN * np.abs(last), _LEAST_TURN * np.abs(theta[self._widths]))
        self._turns = np.where((now * last < 0) & (np.abs(now) > least), self._turns + 1, 0)
        self._last = now.copy()
        self._steps += 1
        crawls = (theta[self._widths] > _GROWN * self._first) & (self._steps >= _LONG)
        return bool((crawls | (self._turns >= _TURNS)).any())


class Vain:
    """Count of steps in a row that lead nowhere, with widths that are held or on their bounds.

    A descent with a width that is free to move is never given up, nor one on whose way the cost is
    convex: that one ends by itself.

    Parameters
    ----------
    layout : Layout
    lower, upper : ndarray, shape (n_parameters,)
        Bounds.
    """

    def __init__(self, layout: Layout, lower: Floats, upper: Floats) -> None:
        widths = np.unique(layout.index[:, 3])
        self._widths = widths[widths >= 0]
        self._lower, self._upper = lower[self._widths], upper[self._widths]
        self._steps = 0

    def too_many(self, theta: Floats, *, gain: float, moved: Floats, convex: bool) -> bool:
        """Take an accepted step; whether it is time to give up.

        Parameters
        ----------
        theta : ndarray, shape (n_parameters,)
            Where the step led.
        gain : float
            Part of the cost by which it lowered it.
        moved : ndarray, shape (n,)
            Movement of each column in units of its width and height.
        convex : bool
            Whether the step was made with second derivatives.
        """
        widths = theta[self._widths]
        bound = bool(((widths <= self._lower) | (widths >= self._upper)).all())
        moving = 2 * np.count_nonzero(moved > _MOVING) >= len(moved)
        vain = bound and moving and not convex and gain <= _LITTLE_GAIN
        self._steps = self._steps + 1 if vain else 0
        return self._steps >= _VAIN
