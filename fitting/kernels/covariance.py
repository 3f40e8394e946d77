"""Compiled covariance blocks of each column: selected entries of the inverse, and of a sandwich.

Only entries of the inverse within fronts are made, from the last front to the first. With a
front's pivots A, the rows B of its rim, G = B A⁻¹ and the inverse Z at the rim,

    Z_rim,pivots = -Z G,    Z_pivots = A⁻¹ + Gᵀ Z G

(Takahashi's recurrence: Erisman and Tinney, Comm. ACM 18, 177 (1975), DOI 10.1145/360680.360704).
The sandwich H⁻¹VH⁻¹ is the derivative of (H - tV)⁻¹ by t at 0. Its entries within fronts follow
from the derivatives of the same steps, so that no other entry of the inverse is needed. Arguments
are explained in `fitting.kernels.fronts`.
"""

import math

import numpy as np

from fitting.kernels.compiled import inlined, kernel
from fitting.kernels.fronts import gather, places_in_parent, size_of
from fitting.kernels.products import add_product, transpose
from stembench.arrays import Floats, Integers


@kernel
def invert_pivots(
    first: Integers, rim_at: Integers, per: int, shared: int, panel_at: Integers, panels: Floats
) -> None:
    """Turn panels of the factor into those of A⁻¹ and, below, of G."""
    for node in range(len(first)):
        pivots, size = size_of(node, first, rim_at, per, shared)
        panel = panels[panel_at[node] : panel_at[node + 1]].reshape((size, pivots))
        # L⁻¹ in the place of L: row a of L⁻¹ is -(sum of L[a, c] L⁻¹[c, :]) / L[a, a]
        inverse = np.zeros((pivots, pivots))
        for a in range(pivots):
            line, row = inverse[a], panel[a]
            for c in range(a):
                other = inverse[c]
                for j in range(c + 1):
                    line[j] -= row[c] * other[j]
            line[a] = 1.0
            for j in range(a + 1):
                line[j] /= row[a]
        below = panel[pivots:].copy()
        panel[:] = 0.0
        # G = B L⁻ᵀ L⁻¹ with B L⁻ᵀ at hand
        add_product(
            1.0, below, 0, 0, inverse, 0, 0, panel, pivots, 0, size - pivots, pivots, pivots, False
        )  # fmt: skip
        turned = np.empty((pivots, pivots))
        transpose(inverse, 0, 0, pivots, pivots, turned)
        add_product(
            1.0, turned, 0, 0, inverse, 0, 0, panel, 0, 0, pivots, pivots, pivots, False
        )  # fmt: skip


@inlined
def mirror(matrix: Floats, size: int) -> None:
    """Copy the lower triangle to the upper one."""
    for a in range(size):
        for b in range(a):
            matrix[b, a] = matrix[a, b]


@kernel
def differentiate(
    first: Integers,
    parent: Integers,
    rim_at: Integers,
    rim: Integers,
    pair_at: Integers,
    pair: Integers,
    later: Integers,
    variance: Floats,
    spot: Integers,
    at: Integers,
    held: Integers,
    per: int,
    panel_at: Integers,
    largest: int,
    most: int,
    panels: Floats,
    slopes: Floats,
) -> None:
    """Write the derivatives of A⁻¹ and G (`panels`) along -V to `slopes`."""
    nodes = len(parent)
    shared = len(held) - per * first[-1]
    work = np.empty(largest * largest)
    waiting = np.empty(most)
    where = np.empty(first[-1], dtype=np.int64)
    place = np.empty(largest, dtype=np.int64)
    last = np.full(nodes + 1, -1, dtype=np.int64)
    elder = np.full(nodes, -1, dtype=np.int64)
    end = 0
    for node in range(nodes + 1):
        pivots, size = size_of(node, first, rim_at, per, shared)
        rest = size - pivots
        front = work[: size * size].reshape((size, size))
        front[:] = 0.0
        gather(
            node, first, rim_at, rim, pair_at, pair, later, variance, spot, at, held, per, where,
            front,
        )  # fmt: skip
        for a in range(size):
            for b in range(min(a + 1, pivots)):
                front[a, b] = -front[a, b]
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
        panel = panels[panel_at[node] : panel_at[node + 1]].reshape((size, pivots))
        slope = slopes[panel_at[node] : panel_at[node + 1]].reshape((size, pivots))
        mirror(front, pivots)
        # rows A' and B' - G A'
        changed = front[:, :pivots].copy()
        add_product(
            -1.0, panel, pivots, 0, changed, 0, 0, changed, pivots, 0, rest, pivots, pivots, False
        )  # fmt: skip
        # B' A⁻¹ - G A' A⁻¹, and below A' A⁻¹ from the left with -A⁻¹
        slope[:] = 0.0
        add_product(
            1.0, changed, pivots, 0, panel, 0, 0, slope, pivots, 0, rest, pivots, pivots, False
        )  # fmt: skip
        product = np.zeros((pivots, pivots))
        add_product(
            1.0, changed, 0, 0, panel, 0, 0, product, 0, 0, pivots, pivots, pivots, False
        )  # fmt: skip
        add_product(
            -1.0, panel, 0, 0, product, 0, 0, slope, 0, 0, pivots, pivots, pivots, False
        )  # fmt: skip
        if node == nodes:
            return
        # what is left: C' - W Gᵀ - G Wᵀ with W = B' - G A' / 2
        for a in range(pivots, size):
            for b in range(pivots):
                changed[a, b] = 0.5 * (changed[a, b] + front[a, b])
        turned = np.empty((pivots, rest))
        transpose(panel, pivots, 0, rest, pivots, turned)
        add_product(
            -1.0, changed, pivots, 0, turned, 0, 0, front, pivots, pivots, rest, pivots, rest, True
        )  # fmt: skip
        transpose(changed, pivots, 0, rest, pivots, turned)
        add_product(
            -1.0, panel, pivots, 0, turned, 0, 0, front, pivots, pivots, rest, pivots, rest, True
        )  # fmt: skip
        part = waiting[end : end + rest * rest].reshape((rest, rest))
        for a in range(rest):
            part[a, : a + 1] = front[pivots + a, pivots : pivots + a + 1]
        end += rest * rest
        owner = parent[node] if parent[node] >= 0 else nodes
        elder[node] = last[owner]
        last[owner] = node


@kernel
def waiting_fronts(
    first: Integers, parent: Integers, rim_at: Integers, per: int, shared: int
) -> int:
    """Most entries of fronts that wait for children at a time, from the last node to the first."""
    nodes = len(parent)
    left = np.zeros(nodes + 1, dtype=np.int64)
    for node in range(nodes):
        left[parent[node] if parent[node] >= 0 else nodes] += 1
    most = held = 0
    for node in range(nodes, -1, -1):
        if node < nodes:
            owner = parent[node] if parent[node] >= 0 else nodes
            left[owner] -= 1
            if left[owner] == 0:
                _, size = size_of(owner, first, rim_at, per, shared)
                held -= size * size
        if left[node] > 0:
            _, size = size_of(node, first, rim_at, per, shared)
            held += size * size
            most = max(most, held)
    return most


@inlined
def take_rim(source: Floats, place: Integers, pivots: int, count: int, out: Floats) -> None:
    """Copy entries of the parent's front to the rim's rows and columns of `out`."""
    for a in range(count):
        row = source[place[a]]
        line = out[pivots + a]
        for b in range(count):
            line[pivots + b] = row[place[b]]


@inlined
def write_blocks(
    node: int,
    first: Integers,
    front: Floats,
    tail: int,
    index: Integers,
    held: Integers,
    per: int,
    out: Floats,
) -> None:
    """Copy the blocks (4, 4) of a node's columns from its front; NaN where held or not free."""
    begin = per * first[node]
    first_shared = per * first[-1]
    for n in range(first[node], first[node + 1]):
        for a in range(4):
            p = index[n, a]
            if p < 0 or held[p]:
                continue
            row = p - begin if p < first_shared else tail + p - first_shared
            for b in range(4):
                q = index[n, b]
                if q < 0 or held[q]:
                    continue
                column = q - begin if q < first_shared else tail + q - first_shared
                out[n, a, b] = front[row, column]


@kernel
def column_blocks(
    first: Integers,
    parent: Integers,
    rim_at: Integers,
    rim: Integers,
    held: Integers,
    per: int,
    panel_at: Integers,
    largest: int,
    most: int,
    panels: Floats,
    slopes: Floats,
    sandwich: bool,
    index: Integers,
    out: Floats,
) -> None:
    """Blocks (n, 4, 4) of the inverse, or of the sandwich; NaN where a parameter is held.

    `panels` are those of `invert_pivots`, `slopes` those of `differentiate`, `index` (n, 4) the
    numbers of each column's parameters, `most` that of `waiting_fronts`.
    """
    nodes = len(parent)
    shared = len(held) - per * first[-1]
    out[:] = math.nan
    left = np.zeros(nodes + 1, dtype=np.int64)
    for node in range(nodes):
        left[parent[node] if parent[node] >= 0 else nodes] += 1
    kinds = 2 if sandwich else 1
    waiting = np.empty((kinds, most))
    work = np.empty((kinds, largest * largest))
    where = np.empty(first[-1], dtype=np.int64)
    place = np.empty(largest, dtype=np.int64)
    end = 0
    for node in range(nodes, -1, -1):
        pivots, size = size_of(node, first, rim_at, per, shared)
        rest = size - pivots
        panel = panels[panel_at[node] : panel_at[node + 1]].reshape((size, pivots))
        slope = slopes[panel_at[node] : panel_at[node + 1]] if sandwich else slopes[:0]
        front = work[0, : size * size].reshape((size, size))
        change = work[kinds - 1, : size * size].reshape((size, size))
        if node < nodes:
            owner = parent[node] if parent[node] >= 0 else nodes
            _, wide = size_of(owner, first, rim_at, per, shared)
            if owner < nodes:
                edge = per * (first[owner + 1] - first[owner])
                for k in range(rim_at[owner], rim_at[owner + 1]):
                    where[rim[k]] = edge + per * (k - rim_at[owner])
            count = places_in_parent(
                node, owner, first, rim_at, rim, per, shared, where, place
            )  # fmt: skip
            for kind in range(kinds):
                source = waiting[kind, end - wide * wide : end].reshape((wide, wide))
                take_rim(source, place, pivots, count, front if kind == 0 else change)
            left[owner] -= 1
            if left[owner] == 0:
                end -= wide * wide
        turned = np.empty((pivots, rest))
        transpose(panel, pivots, 0, rest, pivots, turned)
        beside = np.zeros((rest, pivots))
        own = panel[:pivots].copy()
        add_product(
            -1.0, front, pivots, pivots, panel, pivots, 0, beside, 0, 0, rest, rest, pivots, False
        )  # fmt: skip
        add_product(
            -1.0, turned, 0, 0, beside, 0, 0, own, 0, 0, pivots, rest, pivots, False
        )  # fmt: skip
        if sandwich:
            slope2 = slope.reshape((size, pivots))
            beside_change = np.zeros((rest, pivots))
            own_change = slope2[:pivots].copy()
            add_product(
                -1.0, change, pivots, pivots, panel, pivots, 0, beside_change, 0, 0, rest, rest,
                pivots, False,
            )  # fmt: skip
            add_product(
                -1.0, front, pivots, pivots, slope2, pivots, 0, beside_change, 0, 0, rest, rest,
                pivots, False,
            )  # fmt: skip
            add_product(
                -1.0, turned, 0, 0, beside_change, 0, 0, own_change, 0, 0, pivots, rest, pivots,
                False,
            )  # fmt: skip
            transpose(slope2, pivots, 0, rest, pivots, turned)
            add_product(
                -1.0, turned, 0, 0, beside, 0, 0, own_change, 0, 0, pivots, rest, pivots, False
            )  # fmt: skip
            place_pivots(change, own_change, beside_change)
        place_pivots(front, own, beside)
        if node < nodes:
            write_blocks(node, first, change, size - shared, index, held, per, out)
        if left[node] > 0:
            for kind in range(kinds):
                waiting[kind, end : end + size * size] = work[kind, : size * size]
            end += size * size


@inlined
def place_pivots(front: Floats, own: Floats, beside: Floats) -> None:
    """Write the pivots' block, made symmetric, and their rows and columns beside the rim's."""
    pivots = len(own)
    for a in range(pivots):
        for b in range(a + 1):
            front[a, b] = front[b, a] = 0.5 * (own[a, b] + own[b, a])
    for a in range(len(beside)):
        for b in range(pivots):
            front[pivots + a, b] = front[b, pivots + a] = beside[a, b]
