"""Descents that are not worth going on with: widths that turn, crawl or stand on their bounds."""

import numpy as np

from fitting.engine.layout import Layout
from stembench.arrays import Floats

# of so many steps in a row, each lowering the cost by less than this part with all widths on their
# bounds, none leads to columns: an image that was smoothed flat takes hundreds
_VAIN = 20
_LITTLE_GAIN = 1e-4
# a shared width that turns back so often by more than this part of its last step, and of itself,
# goes to and fro instead of settling
_TURNS = 3
_TURN = 0.3
_LEAST_TURN = 1e-4
# and one that has grown by this part after so many steps crawls
_LONG = 30
_GROWN = 1.05


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
    """Count of steps in a row that gain next to nothing with all widths on their bounds.

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

    def too_many(self, theta: Floats, gain: float, cost: float) -> bool:
        """Take a step to `theta` that lowered `cost` by `gain`; whether it is time to give up."""
        widths = theta[self._widths]
        bound = bool(((widths <= self._lower) | (widths >= self._upper)).all())
        idle = len(widths) > 0 and bound and gain <= _LITTLE_GAIN * cost
        self._steps = self._steps + 1 if idle else 0
        return self._steps >= _VAIN
