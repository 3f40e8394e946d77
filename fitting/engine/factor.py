"""Cholesky factor of a layout's normal matrix: by envelope, or by fronts where it is dissected."""

import numpy as np

from fitting.engine.layout import Layout
from fitting.kernels import envelope
from stembench.arrays import Floats, Integers


class Factor:
    """Room for the factor of one matrix after another.

    Parameters
    ----------
    layout : Layout
        How the matrices are stored.
    """

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        dissected = layout.nodes is not None
        self._stored = layout.elimination.blank() if dissected else np.empty(layout.size)

    def of(self, matrix: Floats, held: Integers, damping: Floats) -> int:
        """Factor with the diagonal times 1 + `damping`, `held` parameters cut out.

        Returns -1, or the first parameter whose pivot is not positive.
        """
        layout = self._layout
        if layout.nodes is not None:
            return layout.elimination.factorise(matrix, held, damping, self._stored)
        envelope.damped(matrix, layout.at, layout.first, held, damping, self._stored)
        return int(envelope.cholesky(self._stored, layout.at, layout.first))

    def solve(self, vector: Floats) -> None:
        """Solve in place for one right-hand side with the last factor."""
        layout = self._layout
        if layout.nodes is not None:
            layout.elimination.solve(self._stored, vector)
        else:
            envelope.solve(self._stored, layout.at, layout.first, vector)
