"""Parameter numbering, and the pairs of columns that couple in the normal matrix.

Columns are numbered so that neighbours lie close (reverse Cuthill-McKee), each with its own
parameters together; parameters shared by many columns (widths, background) come last, so that
the envelope of the normal matrix stays narrow.
"""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import reverse_cuthill_mckee
from scipy.spatial import cKDTree

from fitting.model import WidthMode
from stembench.arrays import Floats, Integers


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
        Envelope storage (see fitting.kernels.envelope).
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

    @property
    def size(self) -> int:
        """Number of stored elements of a matrix."""
        return int(self.at[-1]) + self.n_parameters if self.n_parameters else 0


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
    """

    order: Integers
    low: Integers
    high: Integers
    distance: Floats

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
    order = reverse_cuthill_mckee(graph, symmetric_mode=True).astype(np.int64)
    place = np.empty(n, dtype=np.int64)
    place[order] = np.arange(n)
    a, b = place[near[:, 0]], place[near[:, 1]]
    high = np.concatenate([np.maximum(a, b), np.arange(n)])
    low = np.concatenate([np.minimum(a, b), np.arange(n)])
    apart = np.hypot(*(points[near[:, 0]] - points[near[:, 1]]).T)
    by = np.lexsort((low, high))
    distance = np.concatenate([apart, np.zeros(n)])
    return Neighbours(order=order, low=low[by], high=high[by], distance=distance[by])


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
    first[:first_shared] = np.repeat(per_column * pairs[pair_at[:-1]], per_column)
    length = np.arange(n_parameters) - first + 1
    at = np.cumsum(length) - length - first
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
    )
