"""Compiled factor of a sparse normal matrix by dense fronts, and solutions with it.

The matrix holds a block for each coupled pair of columns and full rows for the parameters that all
columns share, which are eliminated last, in a node of their own. Each node of the tree gathers a
dense front of its pivots and its rim (see fitting.kernels.dissection), eliminates the pivots and
hands what is left to its parent. See Duff and Reid, ACM TOMS 9, 302 (1983),
DOI 10.1145/356044.356047.

Arguments that the kernels have in common:

first, parent, rim_at, rim
    The tree (see `fitting.kernels.dissection.rims`).
pair_at, pair, later
    Pairs of the column at place k: pair[pair_at[k]:pair_at[k + 1]], with the columns `later`.
matrix, spot, at
    Entry (p, q) of pair k's block is matrix[spot[k, p] + q], row r of a shared parameter starts at
    matrix[at[r]].
held
    1 for parameters that are cut out of the matrix.
per
    Free parameters of a column alone; parameter p of column k has number per * k + p.
panel_at
    Where the factored columns of each node lie, with its rows of the rim below its pivots; last
    those of the shared parameters.
"""

import numpy as np

from fitting.kernels.compiled import inlined, kernel
from fitting.kernels.products import PANEL, eliminate
from stembench.arrays import Floats, Integers


@inlined
def gather(
    node: int,
    first: Integers,
    rim_at: Integers,
    rim: Integers,
    pair_at: Integers,
    pair: Integers,
    later: Integers,
    matrix: Floats,
    spot: Integers,
    at: Integers,
    held: Integers,
    per: int,
    where: Integers,
    front: Floats,
) -> None:
    """Write the matrix's own entries of a node's front, and `where` its rim's columns stand."""
    first_shared = per * first[-1]
    shared = len(held) - first_shared
    if node == len(first) - 1:
        for a in range(shared):
            row = at[first_shared + a] + first_shared
            for b in range(a + 1):
                cut = held[first_shared + a] or held[first_shared + b]
                front[a, b] = 0.0 if cut else matrix[row + b]
        return
    begin, end = first[node], first[node + 1]
    pivots = per * (end - begin)
    for k in range(rim_at[node], rim_at[node + 1]):
        where[rim[k]] = pivots + per * (k - rim_at[node])
    tail = pivots + per * (rim_at[node + 1] - rim_at[node])
    for column in range(begin, end):
        left = per * (column - begin)
        for k in range(pair_at[column], pair_at[column + 1]):
            other = later[k]
            down = per * (other - begin) if other < end else where[other]
            for p in range(per):
                if held[per * other + p]:
                    continue
                for q in range(p + 1 if other == column else per):
                    if not held[per * column + q]:
                        front[down + p, left + q] = matrix[spot[pair[k], p] + q]
        for a in range(shared):
            if held[first_shared + a]:
                continue
            for q in range(per):
                if not held[per * column + q]:
                    front[tail + a, left + q] = matrix[at[first_shared + a] + per * column + q]


@inlined
def places_in_parent(
    child: int,
    node: int,
    first: Integers,
    rim_at: Integers,
    rim: Integers,
    per: int,
    shared: int,
    where: Integers,
    out: Integers,
) -> int:
    """Write the places of a child's rim in the front of `node`; returns how many there are."""
    count = 0
    if node == len(first) - 1:
        tail = 0
    else:
        begin, end = first[node], first[node + 1]
        tail = per * (end - begin + rim_at[node + 1] - rim_at[node])
        for k in range(rim_at[child], rim_at[child + 1]):
            column = rim[k]
            place = per * (column - begin) if column < end else where[column]
            for p in range(per):
                out[count] = place + p
                count += 1
    for a in range(shared):
        out[count] = tail + a
        count += 1
    return count


@inlined
def size_of(node: int, first: Integers, rim_at: Integers, per: int, shared: int) -> tuple[int, int]:
    """Pivots of a node, and rows of its front."""
    if node == len(first) - 1:
        return shared, shared
    pivots = per * (first[node + 1] - first[node])
    return pivots, pivots + per * (rim_at[node + 1] - rim_at[node]) + shared


@kernel
def extents(
    first: Integers, parent: Integers, rim_at: Integers, per: int, shared: int, panel_at: Integers
) -> tuple[int, int]:
    """Fill `panel_at`; returns the rows of the largest front and the most that waits at a time."""
    nodes = len(parent)
    largest = most = waiting = 0
    of_children = np.zeros(nodes + 1, dtype=np.int64)
    panel_at[0] = 0
    for node in range(nodes + 1):
        pivots, size = size_of(node, first, rim_at, per, shared)
        panel_at[node + 1] = panel_at[node] + pivots * size
        largest = max(largest, size)
        waiting += (size - pivots) ** 2 - of_children[node]
        most = max(most, waiting)
        if node < nodes:
            owner = parent[node] if parent[node] >= 0 else nodes
            of_children[owner] += (size - pivots) ** 2
    return largest, most


@kernel
def factorise(
    first: Integers,
    parent: Integers,
    rim_at: Integers,
    rim: Integers,
    pair_at: Integers,
    pair: Integers,
    later: Integers,
    matrix: Floats,
    spot: Integers,
    at: Integers,
    held: Integers,
    damping: Floats,
    per: int,
    panel_at: Integers,
    largest: int,
    most: int,
    panels: Floats,
) -> int:
    """Factor the matrix with its diagonal times 1 + damping and held parameters cut out.

    Returns -1, or the first parameter whose pivot is not positive. Panels then are of no use.
    """
    nodes = len(parent)
    n_parameters = len(held)
    first_shared = per * first[-1]
    shared = n_parameters - first_shared
    work = np.empty(largest * largest)
    waiting = np.empty(most)
    turned = np.empty((PANEL, largest))
    diagonal = np.empty(largest)
    where = np.empty(first[-1], dtype=np.int64)
    place = np.empty(largest, dtype=np.int64)
    last = np.full(nodes + 1, -1, dtype=np.int64)  # a node's youngest child
    elder = np.full(nodes, -1, dtype=np.int64)
    end = 0
    for node in range(nodes + 1):
        pivots, size = size_of(node, first, rim_at, per, shared)
        rest = size - pivots
        front = work[: size * size].reshape((size, size))
        front[:] = 0.0
        gather(
            node, first, rim_at, rim, pair_at, pair, later, matrix, spot, at, held, per, where,
            front,
        )  # fmt: skip
        base = per * first[node]
        for a in range(pivots):
            value = front[a, a]
            # the diagonal of a held parameter was left 0
            value = 1.0 if held[base + a] or value <= 0.0 else value * (1.0 + damping[base + a])
            front[a, a] = diagonal[a] = value
        child = last[node]
        while child >= 0:
            count = places_in_parent(
                child, node, first, rim_at, rim, per, shared, where, place
            )  # fmt: skip
            end -= count * count
            part = waiting[end : end + count * count].reshape((count, count))
            for a in range(count):
                row, source = front[place[a]], part[a]
                for b in range(a + 1):
                    row[place[b]] += source[b]
            child = elder[child]
        bad = eliminate(front, size, pivots, diagonal, turned)
        if bad >= 0:
            return int(base + bad)
        panel = panels[panel_at[node] : panel_at[node + 1]].reshape((size, pivots))
        for a in range(size):
            panel[a] = front[a, :pivots]
        if node < nodes:
            part = waiting[end : end + rest * rest].reshape((rest, rest))
            for a in range(rest):
                part[a, : a + 1] = front[pivots + a, pivots : pivots + a + 1]
            end += rest * rest
            owner = parent[node] if parent[node] >= 0 else nodes
            elder[node] = last[owner]
            last[owner] = node
    return -1


@kernel
def solve(
    first: Integers,
    rim_at: Integers,
    rim: Integers,
    per: int,
    panel_at: Integers,
    panels: Floats,
    largest: int,
    vector: Floats,
) -> None:
    """Solve in place for one right-hand side with the factor."""
    nodes = len(first) - 1
    first_shared = per * first[-1]
    shared = len(vector) - first_shared
    number = np.empty(largest, dtype=np.int64)
    for step in range(2 * (nodes + 1)):
        backward = step > nodes
        node = 2 * nodes + 1 - step if backward else step
        pivots, size = size_of(node, first, rim_at, per, shared)
        panel = panels[panel_at[node] : panel_at[node + 1]].reshape((size, pivots))
        base = per * first[node]
        count = pivots
        if node < nodes:
            for k in range(rim_at[node], rim_at[node + 1]):
                for p in range(per):
                    number[count] = per * rim[k] + p
                    count += 1
            for a in range(shared):
                number[count] = first_shared + a
                count += 1
        own = vector[base : base + pivots]
        if backward:
            for a in range(pivots, size):
                value, row = vector[number[a]], panel[a]
                for c in range(pivots):
                    own[c] -= row[c] * value
            for a in range(pivots - 1, -1, -1):
                row = panel[a]
                value = own[a] / row[a]
                own[a] = value
                for c in range(a):
                    own[c] -= row[c] * value
        else:
            for a in range(pivots):
                row = panel[a]
                total = own[a]
                for c in range(a):
                    total -= row[c] * own[c]
                own[a] = total / row[a]
            for a in range(pivots, size):
                row = panel[a]
                total = 0.0
                for c in range(pivots):
                    total += row[c] * own[c]
                vector[number[a]] -= total
