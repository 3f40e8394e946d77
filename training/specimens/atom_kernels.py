"""Compiled loops over atoms. Import this file where it is used: it loads numba."""

from pathlib import Path
from typing import Final

import numpy as np

from stembench.arrays import Bools, Floats, Integers
from stembench.compiled import Compiler, cache_folder

# Strict IEEE arithmetic: a pair is the same on every machine.
_COMPILER: Final = Compiler(folder=cache_folder("specimens", (Path(__file__),)))
kernel = _COMPILER.kernel
inlined = _COMPILER.inlined


@kernel
def nearest_copy(sites: Floats, atoms: Floats, cell: Floats) -> float:
    """Shortest distance between sites and atoms of a periodic cell, a site's own place left out.

    Parameters
    ----------
    sites : ndarray, shape (m, 3)
        Fractions of the cell.
    atoms : ndarray, shape (n, 3)
        Fractions of the cell; the sites are among them.
    cell : ndarray, shape (3, 3)
        Reduced cell vectors as rows, in Å, so that the nearest copy is in a cell next to its own.

    Returns
    -------
    float
        In Å.
    """
    least = np.inf
    for i in range(len(sites)):
        for j in range(len(atoms)):
            u = sites[i, 0] - atoms[j, 0]
            v = sites[i, 1] - atoms[j, 1]
            w = sites[i, 2] - atoms[j, 2]
            u -= np.rint(u)
            v -= np.rint(v)
            w -= np.rint(w)
            itself = abs(u) + abs(v) + abs(w) < 1e-9
            for a in range(-1, 2):
                for b in range(-1, 2):
                    for c in range(-1, 2):
                        if itself and a == 0 and b == 0 and c == 0:
                            continue
                        p, q, r = u + a, v + b, w + c
                        x = p * cell[0, 0] + q * cell[1, 0] + r * cell[2, 0]
                        y = p * cell[0, 1] + q * cell[1, 1] + r * cell[2, 1]
                        z = p * cell[0, 2] + q * cell[1, 2] + r * cell[2, 2]
                        least = min(least, x * x + y * y + z * z)
    return float(np.sqrt(least))


@kernel
def fill(
    cell: Floats, basis: Floats, first: Integers, last: Integers, sides: Floats, out: Floats,
    which: Integers,
) -> int:  # fmt: skip
    """Atoms of a lattice that lie in a box from the origin.

    Parameters
    ----------
    cell : ndarray, shape (3, 3)
        Cell vectors as rows, in Å.
    basis : ndarray, shape (m, 3)
        Places of the cell's atoms in Å, the lattice's origin included.
    first, last : ndarray of int, shape (3,)
        Cells that are tried, the last ones excluded.
    sides : ndarray, shape (3,)
        Of the box in Å.
    out : ndarray, shape (k, 3)
        Positions, written as far as there is room.
    which : ndarray of int, shape (k,)
        Atom of the cell, written likewise.

    Returns
    -------
    int
        Atoms in the box, whether there was room for them or not.
    """
    count = 0
    middle = np.zeros(3)
    for each in range(len(basis)):
        middle += basis[each] / len(basis)
    reach = 0.0
    for each in range(len(basis)):
        reach = max(reach, np.sqrt(((basis[each] - middle) ** 2).sum()))
    for a in range(first[0], last[0]):
        for b in range(first[1], last[1]):
            for c in range(first[2], last[2]):
                x = a * cell[0, 0] + b * cell[1, 0] + c * cell[2, 0]
                y = a * cell[0, 1] + b * cell[1, 1] + c * cell[2, 1]
                z = a * cell[0, 2] + b * cell[1, 2] + c * cell[2, 2]
                if (
                    x + middle[0] < -reach
                    or y + middle[1] < -reach
                    or z + middle[2] < -reach
                    or x + middle[0] > sides[0] + reach
                    or y + middle[1] > sides[1] + reach
                    or z + middle[2] > sides[2] + reach
                ):
                    continue
                for each in range(len(basis)):
                    p, q, r = x + basis[each, 0], y + basis[each, 1], z + basis[each, 2]
                    if 0.0 <= p < sides[0] and 0.0 <= q < sides[1] and 0.0 <= r < sides[2]:
                        if count < len(out):
                            out[count, 0] = p
                            out[count, 1] = q
                            out[count, 2] = r
                            which[count] = each
                        count += 1
    return count


@kernel
def place(
    tried: Floats, least: float, placed: Floats, count: int, heads: Integers, links: Integers,
    grid: Integers, edge: float,
) -> int:  # fmt: skip
    """Place points one after another where no earlier one is too near.

    Parameters
    ----------
    tried : ndarray, shape (m, 3)
        Candidates in Å.
    least : float
        Shortest allowed distance in Å.
    placed : ndarray, shape (n, 3)
        Points placed so far, written behind them until it is full.
    count : int
        How many those are.
    heads : ndarray of int, shape (cells,)
        Last point placed in each cell of a grid, -1 for none; written.
    links : ndarray of int, shape (n,)
        Point placed before each one in its cell; written.
    grid : ndarray of int, shape (3,)
        Cells along x, y, z.
    edge : float
        Of a cell in Å, at least `least`.

    Returns
    -------
    int
        Points placed now.
    """
    square = least * least
    for each in range(len(tried)):
        if count == len(placed):
            break
        x, y, z = tried[each, 0], tried[each, 1], tried[each, 2]
        i, j, k = int(x / edge), int(y / edge), int(z / edge)
        free = True
        for a in range(max(0, i - 1), min(grid[0], i + 2)):
            for b in range(max(0, j - 1), min(grid[1], j + 2)):
                for c in range(max(0, k - 1), min(grid[2], k + 2)):
                    other = heads[(a * grid[1] + b) * grid[2] + c]
                    while free and other >= 0:
                        p = placed[other, 0] - x
                        q = placed[other, 1] - y
                        r = placed[other, 2] - z
                        free = p * p + q * q + r * r >= square
                        other = links[other]
                    if not free:
                        break
                if not free:
                    break
            if not free:
                break
        if free:
            placed[count, 0], placed[count, 1], placed[count, 2] = x, y, z
            home = (i * grid[1] + j) * grid[2] + k
            links[count] = heads[home]
            heads[home] = count
            count += 1
    return count


@kernel
def inside_all(positions: Floats, normals: Floats, offsets: Floats) -> Bools:
    """Whether points lie in the intersection of half-spaces.

    Parameters
    ----------
    positions : ndarray, shape (n, 3)
    normals : ndarray, shape (m, 3)
    offsets : ndarray, shape (m,)
        A half-space is where ``normal · position <= offset``.

    Returns
    -------
    ndarray of bool, shape (n,)
    """
    inside = np.ones(len(positions), dtype=np.bool_)
    for each in range(len(positions)):
        x, y, z = positions[each, 0], positions[each, 1], positions[each, 2]
        for m in range(len(offsets)):
            if normals[m, 0] * x + normals[m, 1] * y + normals[m, 2] * z > offsets[m]:
                inside[each] = False
                break
    return inside
