"""Descents that are not worth going on with: shared widths that turn or crawl."""

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
