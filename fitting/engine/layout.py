"""Parameter numbering, and the pairs of columns that couple in the normal matrix.

Columns are numbered so that neighbours lie close (reverse Cuthill-McKee), each with its own
parameters together; parameters shared by many columns (widths, background) come last, so that
the envelope of the normal matrix stays narrow. Many columns are numbered by nested dissection
instead, and their matrix is stored by pairs of columns: an envelope grows with the square root of
their number.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import reverse_cuthill_mckee
from scipy.spatial import cKDTree

from fitting.engine.elimination import Elimination, chain, eliminate
from fitting.kernels.dissection import dissect
from fitting.model import WidthMode
from stembench.arrays import Floats, Integers

#: More columns than this are dissected.
DISSECTED = 2000


@dataclass(frozen=True)
class Layout:
    """Parameter numbering and coupling of a set of columns, in solver order.

    Attributes
    ----------
    order : ndarray, shape (n,)
        Column of the caller at each solver place.
    index : ndarray, shape (n, 4)
        Parameter number of x, y, height, width of each column, -1 where not free.
    pair_at, pairs : ndarray
        Column k couples with ``pairs[pair_at[k]:pair_at[k + 1]]``, all numbers up to k.
    first_shared : int
        Number of the first parameter that columns share (widths, then background).
    first_background, n_background : int
        Number of the first background coefficient, and how many there are.
    n_parameters : int
        Number of all free parameters.
    at, first : ndarray, shape (n_parameters,)
        Envelope storage (see fitting.kernels.envelope). Where columns were dissected, only rows of
        shared parameters are stored so.
    spot : ndarray of int, shape (len(pairs), free parameters of a column)
        Entry (p, q) of the block of pair k lies at ``spot[k, p] + q``; in the block of a column and
        itself up to q = p.
    size : int
        Number of stored elements of a matrix.
    nodes : tuple of ndarray, or None
        Nodes of the dissection (see `fitting.kernels.dissection.dissect`).
    """

    order: Integers
    index: Integers
    pair_at: Integers
    pairs: Integers
    first_shared: int
    first_background: int
    n_background: int
    n_parameters: int
    at: Integers
    first: Integers
    spot: Integers
    size: int
    nodes: tuple[Integers, Integers] | None

    @property
    def per_column(self) -> int:
        """Number of free parameters that a column has for itself."""
        return int(self.spot.shape[1])

    @cached_property
    def diagonal(self) -> Integers:
        """Where the diagonal is stored, shape (n_parameters,)."""
        own = self.spot[self.pair_at[1:] - 1] + np.arange(self.per_column)
        shared = np.arange(self.first_shared, self.n_parameters)
        return np.concatenate([own.ravel(), self.at[shared] + shared])

    @cached_property
    def elimination(self) -> Elimination:
        """Tree of fronts; of columns one after another where they were not dissected."""
        return eliminate(
            chain(len(self.order)) if self.nodes is None else self.nodes,
            pair_at=self.pair_at,
            pairs=self.pairs,
            spot=self.spot,
            at=self.at,
            per=self.per_column,
            shared=self.n_parameters - self.first_shared,
        )

    def dense(self, stored: Floats) -> Floats:
        """Symmetric matrix (n_parameters, n_parameters) from what is stored of it."""
        out = np.zeros((self.n_parameters, self.n_parameters))
        per = self.per_column
        high = np.repeat(np.arange(len(self.order)), np.diff(self.pair_at))
        for p in range(per):
            for q in range(per):
                taken = (high > self.pairs) | (q <= p)
                r, c = per * high[taken] + p, per * self.pairs[taken] + q
                out[r, c] = out[c, r] = stored[self.spot[taken, p] + q]
        for row in range(self.first_shared, self.n_parameters):
            part = stored[self.at[row] : self.at[row] + row + 1]
            out[row, : row + 1] = out[: row + 1, row] = part
        return out


@dataclass(frozen=True)
class Neighbours:
    """Columns in solver order and the pairs that may couple.

    Attributes
    ----------
    order : ndarray, shape (n,)
        Column of the caller at each solver place.
    low, high : ndarray, shape (p,)
        Solver places of each pair, low <= high, a column and itself among them; ordered by high,
        then low.
    distance : ndarray, shape (p,)
        Of each pair [px].
    nodes : tuple of ndarray, or None
        Nodes of the dissection, where columns were dissected.
    """

    order: Integers
    low: Integers
    high: Integers
    distance: Floats
    nodes: tuple[Integers, Integers] | None

    def within(self, reach: float) -> tuple[Integers, Integers]:
        """``pair_at`` and ``pairs`` of `Layout` for pairs within `reach` [px]."""
        near = self.distance <= reach
        starts = np.searchsorted(self.high[near], np.arange(len(self.order) + 1))
        return starts.astype(np.int64), self.low[near]


def neighbours(points: Floats, *, reach: float) -> Neighbours:
    """Order columns in space and list the pairs within `reach` [px]."""
    n = len(points)
    near = cKDTree(points).query_pairs(reach, output_type="ndarray").astype(np.int64)
    graph = coo_array(
        (np.ones(2 * len(near)), (np.r_[near[:, 0], near[:, 1]], np.r_[near[:, 1], near[:, 0]])),
        shape=(n, n),
    ).tocsr()
    nodes = None
    if n > DISSECTED:
        order, first, parent = (np.empty(size, dtype=np.int64) for size in (n, n + 1, n))
        near_at, ends = (each.astype(np.int64) for each in (graph.indptr, graph.indices))
        x, y = (np.ascontiguousarray(axis, dtype=np.float64) for axis in points.T)
        count = dissect(x, y, near_at, ends, order, first, parent)
        nodes = first[: count + 1].copy(), parent[:count].copy()
    else:
        order = reverse_cuthill_mckee(graph, symmetric_mode=True).astype(np.int64)
    place = np.empty(n, dtype=np.int64)
    place[order] = np.arange(n)
    a, b = place[near[:, 0]], place[near[:, 1]]
    high = np.concatenate([np.maximum(a, b), np.arange(n)])
    low = np.concatenate([np.minimum(a, b), np.arange(n)])
    apart = np.hypot(*(points[near[:, 0]] - points[near[:, 1]]).T)
    by = np.lexsort((low, high))
    distance = np.concatenate([apart, np.zeros(n)])
    return Neighbours(order=order, low=low[by], high=high[by], distance=distance[by], nodes=nodes)


def arrange(
    near: Neighbours,
    *,
    reach: float,
    positions_free: bool,
    width: WidthMode,
    group: Integers,
    n_background: int,
) -> Layout:
    """Number the free parameters.

    Parameters
    ----------
    near : Neighbours
        Columns in solver order and all pairs within at least `reach`.
    reach : float
        Distance [px] up to which columns couple.
    positions_free : bool
        Whether x and y are free.
    width : {'shared', 'species', 'column', 'fixed'}
        Which widths are free.
    group : ndarray of int, shape (n,)
        Width group of each column in the caller's order, numbered from 0 without gaps.
    n_background : int
        Number of background coefficients.
    """
    order, (pair_at, pairs) = near.order, near.within(reach)
    group = group[order]
    n = len(order)
    per_column = 2 * positions_free + 1 + (width == "column")
    base = per_column * np.arange(n)
    index = np.full((n, 4), -1, dtype=np.int64)
    if positions_free:
        index[:, 0] = base
        index[:, 1] = base + 1
    index[:, 2] = base + 2 * positions_free
    first_shared = per_column * n
    n_widths = 0
    if width == "column":
        index[:, 3] = base + per_column - 1
    elif width in ("shared", "species"):
        n_widths = int(group.max(initial=-1)) + 1
        index[:, 3] = first_shared + group
    first_background = first_shared + n_widths
    n_parameters = first_background + n_background
    first = np.zeros(n_parameters, dtype=np.int64)
    if near.nodes is None:
        first[:first_shared] = np.repeat(per_column * pairs[pair_at[:-1]], per_column)
        length = np.arange(n_parameters) - first + 1
        at = np.cumsum(length) - length - first
        rows = at[:first_shared].reshape(n, per_column)
        spot = np.repeat(rows, np.diff(pair_at), axis=0) + per_column * pairs[:, None]
    else:
        block = per_column**2
        spot = block * np.arange(len(pairs))[:, None] + per_column * np.arange(per_column)
        rows = np.arange(n_parameters) - first_shared
        at = block * len(pairs) + rows * n_parameters
    size = int(at[-1]) + n_parameters if n_parameters else 0
    return Layout(
        order=order,
        index=index,
        pair_at=pair_at,
        pairs=pairs,
        first_shared=first_shared,
        first_background=first_background,
        n_background=n_background,
        n_parameters=n_parameters,
        at=at,
        first=first,
        spot=np.ascontiguousarray(spot, dtype=np.int64),
        size=size,
        nodes=near.nodes,
    )
