"""Elimination of columns by a tree of dense fronts: factor, solutions and covariance blocks."""

from dataclasses import dataclass

import numpy as np

from fitting.kernels import covariance, dissection, fronts
from stembench.arrays import Floats, Integers

#: Columns of a node where columns are eliminated one after another and not dissected.
CHAINED = 12


@dataclass(frozen=True)
class Elimination:
    """Tree of fronts of the normal matrix of a layout; names are those of the kernels' arguments.

    Attributes
    ----------
    first, parent, rim_at, rim : ndarray of int
        See `fitting.kernels.dissection.rims`.
    pair_at, pair, later : ndarray of int
        Coupled pairs by the column that is eliminated first.
    spot, at : ndarray of int
        Where the matrix is stored (see `fitting.engine.layout.Layout`).
    per, shared : int
        Free parameters of a column alone, and those that columns share.
    panel_at : ndarray of int, shape (nodes + 2,)
        Where the panel of each node lies.
    largest, most : int
        Rows of the largest front; most entries that wait for their parent at a time.
    """

    first: Integers
    parent: Integers
    rim_at: Integers
    rim: Integers
    pair_at: Integers
    pair: Integers
    later: Integers
    spot: Integers
    at: Integers
    per: int
    shared: int
    panel_at: Integers
    largest: int
    most: int

    def blank(self) -> Floats:
        """Allocate panels."""
        return np.empty(int(self.panel_at[-1]))

    def factorise(self, matrix: Floats, held: Integers, damping: Floats, panels: Floats) -> int:
        """Factor with a damped diagonal, held parameters cut out; see `fronts.factorise`."""
        return int(
            fronts.factorise(
                self.first,
                self.parent,
                self.rim_at,
                self.rim,
                self.pair_at,
                self.pair,
                self.later,
                matrix,
                self.spot,
                self.at,
                held,
                damping,
                self.per,
                self.panel_at,
                self.largest,
                self.most,
                panels,
            )
        )

    def solve(self, panels: Floats, vector: Floats) -> None:
        """Solve in place for one right-hand side."""
        fronts.solve(
            self.first,
            self.rim_at,
            self.rim,
            self.per,
            self.panel_at,
            panels,
            self.largest,
            vector,
        )

    def column_blocks(
        self, panels: Floats, held: Integers, index: Integers, variance: Floats | None
    ) -> Floats:
        """Blocks (n, 4, 4) of H⁻¹, or of H⁻¹VH⁻¹ with a variance V, in solver order.

        `panels` hold the factor of H and are changed.
        """
        tree = (self.first, self.parent, self.rim_at, self.rim)
        covariance.invert_pivots(
            self.first, self.rim_at, self.per, self.shared, self.panel_at, panels
        )
        slopes = np.empty(0)
        if variance is not None:
            slopes = np.empty_like(panels)
            covariance.differentiate(
                *tree,
                self.pair_at,
                self.pair,
                self.later,
                variance,
                self.spot,
                self.at,
                held,
                self.per,
                self.panel_at,
                self.largest,
                self.most,
                panels,
                slopes,
            )
        blocks = np.empty((len(index), 4, 4))
        covariance.column_blocks(
            *tree,
            held,
            self.per,
            self.panel_at,
            self.largest,
            covariance.waiting_fronts(self.first, self.parent, self.rim_at, self.per, self.shared),
            panels,
            slopes,
            variance is not None,
            index,
            blocks,
        )
        return blocks


def chain(n: int) -> tuple[Integers, Integers]:
    """First pivots and parents of nodes of n columns that are eliminated one after another."""
    first = np.append(np.arange(0, n, CHAINED), n).astype(np.int64)
    parent = np.arange(1, len(first), dtype=np.int64)
    parent[-1:] = -1
    return first, parent


def eliminate(
    nodes: tuple[Integers, Integers],
    *,
    pair_at: Integers,
    pairs: Integers,
    spot: Integers,
    at: Integers,
    per: int,
    shared: int,
) -> Elimination:
    """Tree of fronts for coupled pairs, stored by the column that is eliminated last.

    Parameters
    ----------
    nodes : tuple of ndarray
        First pivot and parent of each node (`chain`, `fitting.kernels.dissection.dissect`).
    pair_at, pairs, spot, at
        As in `fitting.engine.layout.Layout`.
    per, shared : int
        Free parameters of a column alone, and those that columns share.
    """
    first, parent = nodes
    n = len(pair_at) - 1
    pair = np.argsort(pairs, kind="stable").astype(np.int64)
    later = np.repeat(np.arange(n), np.diff(pair_at))[pair].astype(np.int64)
    by_first = np.searchsorted(pairs[pair], np.arange(n + 1)).astype(np.int64)
    rim_at = np.empty(len(first), dtype=np.int64)
    rim = dissection.rims(first, parent, by_first, later, rim_at)
    panel_at = np.empty(len(first) + 1, dtype=np.int64)
    largest, most = fronts.extents(first, parent, rim_at, per, shared, panel_at)
    return Elimination(
        first=first,
        parent=parent,
        rim_at=rim_at,
        rim=rim,
        pair_at=by_first,
        pair=pair,
        later=later,
        spot=spot,
        at=at,
        per=per,
        shared=shared,
        panel_at=panel_at,
        largest=largest,
        most=most,
    )
