"""Compiled nested dissection of columns by their coordinates, and the tree of its fronts.

A node of the tree holds columns that are eliminated together (its pivots, numbered in a row) and
knows those that are not yet eliminated but coupled with them then (its rim). Children come before
their parent. See George, SIAM J. Numer. Anal. 10, 345 (1973), DOI 10.1137/0710032.
"""

import numpy as np

from fitting.kernels.compiled import kernel
from stembench.arrays import Floats, Integers

#: Columns that are not dissected further.
LEAF = 24
# the cut is laid where columns are farthest apart in this middle part
_MIDDLE = 0.08


@kernel
def dissect(
    x: Floats, y: Floats, near_at: Integers, near: Integers, order: Integers, first: Integers,
    parent: Integers,
) -> int:  # fmt: skip
    """Order columns so that separators come after what they separate; returns how many nodes.

    Parameters
    ----------
    x, y : ndarray, shape (n,)
        Places [px].
    near_at, near : ndarray of int, shape (n + 1,), (m,)
        Column k couples with near[near_at[k]:near_at[k + 1]].
    order : ndarray of int, shape (n,)
        Written: columns in the order of elimination.
    first, parent : ndarray of int, shape (n + 1,), (n,)
        Written: place of each node's first pivot, ending with n; its parent, -1 for none.
    """
    n = len(x)
    for k in range(n):
        order[k] = k
    part = np.zeros(n, dtype=np.int64)
    stack = np.empty((2 * n + 2, 3), dtype=np.int64)
    begin, above = np.empty(n, dtype=np.int64), np.empty(n, dtype=np.int64)
    stack[0, 0], stack[0, 1], stack[0, 2] = 0, n, -1
    height, nodes, label = 1, 0, 0
    while height > 0:
        height -= 1
        low, high, owner = stack[height, 0], stack[height, 1], stack[height, 2]
        size = high - low
        if size == 0:
            continue
        if size <= LEAF:
            begin[nodes], above[nodes] = low, owner
            nodes += 1
            continue
        members = order[low:high].copy()
        along, across = x[members], y[members]
        if across.max() - across.min() > along.max() - along.min():
            along = across
        by = np.argsort(along, kind="mergesort")
        middle = size // 2
        slack = int(_MIDDLE * size)
        cut, widest = middle, -1.0
        for k in range(max(1, middle - slack), min(size, middle + slack + 1)):
            gap = along[by[k]] - along[by[k - 1]]
            if gap > widest:
                cut, widest = k, gap
        label += 2
        for k in range(size):
            part[members[by[k]]] = label if k < cut else label + 1
        # columns of one part that couple with the other one
        rim = np.zeros(size, dtype=np.int64)
        of_part = np.zeros(2, dtype=np.int64)
        for k in range(size):
            own = part[members[k]]
            other = label + 1 if own == label else label
            for m in near[near_at[members[k]] : near_at[members[k] + 1]]:
                if part[m] == other:
                    rim[k] = 1
                    of_part[own - label] += 1
                    break
        taken = label if of_part[0] <= of_part[1] else label + 1
        at = low
        ends = np.empty(2, dtype=np.int64)
        for side in range(2):
            for k in range(size):
                own = part[members[k]]
                if own == label + side and not (rim[k] and own == taken):
                    order[at] = members[k]
                    at += 1
            ends[side] = at
        if at < high:
            begin[nodes], above[nodes] = at, owner
            owner = nodes
            nodes += 1
            for k in range(size):
                if rim[k] and part[members[k]] == taken:
                    order[at] = members[k]
                    at += 1
        stack[height, 0], stack[height, 1], stack[height, 2] = low, ends[0], owner
        stack[height + 1, 0], stack[height + 1, 1], stack[height + 1, 2] = ends[0], ends[1], owner
        height += 2
    by = np.argsort(begin[:nodes], kind="mergesort")
    number = np.empty(nodes, dtype=np.int64)
    for k in range(nodes):
        number[by[k]] = k
    for k in range(nodes):
        first[k] = begin[by[k]]
        owner = above[by[k]]
        parent[k] = -1 if owner < 0 else number[owner]
    first[nodes] = n
    return nodes


@kernel
def rims(
    first: Integers, parent: Integers, later_at: Integers, later: Integers, rim_at: Integers
) -> Integers:
    """Rim of each node: columns behind its pivots that they or their descendants couple with.

    Parameters
    ----------
    first, parent : ndarray of int, shape (nodes + 1,), (nodes,)
        See `dissect`.
    later_at, later : ndarray of int, shape (n + 1,), (m,)
        Column k, by its place in the order, couples with later[later_at[k]:later_at[k + 1]],
        none of which comes before it.
    rim_at : ndarray of int, shape (nodes + 1,)
        Written: the rim of node i is out[rim_at[i]:rim_at[i + 1]], in order.
    """
    nodes = len(parent)
    out = np.empty(2 * len(later) + 16, dtype=np.int64)
    seen = np.full(len(later_at), -1, dtype=np.int64)
    youngest = np.full(nodes, -1, dtype=np.int64)
    elder = np.full(nodes, -1, dtype=np.int64)
    rim_at[0] = 0
    for i in range(nodes):
        found = np.empty(64, dtype=np.int64)
        count = 0
        child = -2  # the pivots themselves come first
        while child != -1:
            if child == -2:
                low, high = later_at[first[i]], later_at[first[i + 1]]
            else:
                low, high = rim_at[child], rim_at[child + 1]
            for k in range(low, high):
                column = later[k] if child == -2 else out[k]
                if column >= first[i + 1] and seen[column] != i:
                    seen[column] = i
                    if count == len(found):
                        longer = np.empty(2 * count, dtype=np.int64)
                        longer[:count] = found
                        found = longer
                    found[count] = column
                    count += 1
            child = youngest[i] if child == -2 else elder[child]
        at = rim_at[i]
        if at + count > len(out):
            larger = np.empty(2 * (at + count), dtype=np.int64)
            larger[:at] = out[:at]
            out = larger
        out[at : at + count] = np.sort(found[:count])
        rim_at[i + 1] = at + count
        if parent[i] >= 0:
            elder[i] = youngest[parent[i]]
            youngest[parent[i]] = i
    return out[: rim_at[nodes]].copy()
