"""Compiled products of dense matrices, and the Cholesky factor of the first columns of one.

Written out and not left to a library of linear algebra, whose sums depend on how many threads it
uses. Matrices are stored by rows; parts of them are named by their first row and column.
"""

import math

from fitting.kernels.compiled import kernel
from stembench.arrays import Floats

# Part of the product that is summed while it stays in the nearest cache.
_ROWS = 32
_COLS = 256
#: Columns that are factored together.
PANEL = 16


@kernel
def add_product(
    factor: float,
    left: Floats,
    left_row: int,
    left_col: int,
    right: Floats,
    right_row: int,
    right_col: int,
    out: Floats,
    out_row: int,
    out_col: int,
    rows: int,
    inner: int,
    cols: int,
    lower: bool,
) -> None:
    """Add `factor` times left (rows, inner) @ right (inner, cols) to out.

    If `lower`, only up to the diagonal, and what lies up to three columns beyond it is spoiled.
    Four rows and four terms at a time: what is loaded then is used four times.
    """
    for j0 in range(0, cols, _COLS):
        j1 = min(cols, j0 + _COLS)
        for i0 in range(0, rows, _ROWS):
            i1 = min(rows, i0 + _ROWS)
            if lower and i1 <= j0:
                continue
            for p0 in range(0, inner, 4):
                p, r = left_col + p0, right_row + p0
                from_col, end = right_col + j0, right_col + j1
                if p0 + 4 > inner:
                    for i in range(i0, i1):
                        line = out[out_row + i, out_col + j0 : out_col + j1]
                        for q in range(inner - p0):
                            a = factor * left[left_row + i, p + q]
                            only = right[r + q, from_col:end]
                            for j in range(min(j1, i + 1) - j0 if lower else j1 - j0):
                                line[j] += a * only[j]
                    continue
                r0, r1 = right[r, from_col:end], right[r + 1, from_col:end]
                r2, r3 = right[r + 2, from_col:end], right[r + 3, from_col:end]
                for i in range(i0, i1, 4):
                    k = left_row + i
                    stop = min(j1, i + 4) - j0 if lower else j1 - j0
                    if i + 4 > i1:
                        for n in range(i1 - i):
                            a0, a1 = factor * left[k + n, p], factor * left[k + n, p + 1]
                            a2, a3 = factor * left[k + n, p + 2], factor * left[k + n, p + 3]
                            line = out[out_row + i + n, out_col + j0 : out_col + j1]
                            for j in range(min(stop, j1 - j0)):
                                line[j] += a0 * r0[j] + a1 * r1[j] + a2 * r2[j] + a3 * r3[j]
                        continue
                    a0, a1 = factor * left[k, p], factor * left[k, p + 1]
                    a2, a3 = factor * left[k, p + 2], factor * left[k, p + 3]
                    b0, b1 = factor * left[k + 1, p], factor * left[k + 1, p + 1]
                    b2, b3 = factor * left[k + 1, p + 2], factor * left[k + 1, p + 3]
                    c0, c1 = factor * left[k + 2, p], factor * left[k + 2, p + 1]
                    c2, c3 = factor * left[k + 2, p + 2], factor * left[k + 2, p + 3]
                    d0, d1 = factor * left[k + 3, p], factor * left[k + 3, p + 1]
                    d2, d3 = factor * left[k + 3, p + 2], factor * left[k + 3, p + 3]
                    first = out[out_row + i, out_col + j0 : out_col + j1]
                    second = out[out_row + i + 1, out_col + j0 : out_col + j1]
                    third = out[out_row + i + 2, out_col + j0 : out_col + j1]
                    fourth = out[out_row + i + 3, out_col + j0 : out_col + j1]
                    for j in range(stop):
                        x0, x1, x2, x3 = r0[j], r1[j], r2[j], r3[j]
                        first[j] += a0 * x0 + a1 * x1 + a2 * x2 + a3 * x3
                        second[j] += b0 * x0 + b1 * x1 + b2 * x2 + b3 * x3
                        third[j] += c0 * x0 + c1 * x1 + c2 * x2 + c3 * x3
                        fourth[j] += d0 * x0 + d1 * x1 + d2 * x2 + d3 * x3


@kernel
def transpose(source: Floats, row: int, col: int, rows: int, cols: int, out: Floats) -> None:
    """Write the transpose of a part (rows, cols) of `source` to the first rows of `out`."""
    for i in range(rows):
        for j in range(cols):
            out[j, i] = source[row + i, col + j]


@kernel
def eliminate(front: Floats, size: int, pivots: int, diagonal: Floats, turned: Floats) -> int:
    """Factor the first `pivots` columns of a symmetric matrix; what is left becomes the rest.

    Parameters
    ----------
    front : ndarray, shape (size, size) or larger
        Lower triangle; changed.
    diagonal : ndarray, shape (pivots,)
        Diagonal before anything was eliminated. A pivot below 1e-13 of it counts as zero.
    turned : ndarray, shape (PANEL, size)
        Scratch space.

    Returns
    -------
    int
        -1, or the first column whose pivot is not positive.
    """
    for begin in range(0, pivots, PANEL):
        width = min(PANEL, pivots - begin)
        end = begin + width
        for i in range(begin, end):
            row = front[i]
            for c in range(begin, i):
                total = row[c]
                column = front[c]
                for k in range(begin, c):
                    total -= row[k] * column[k]
                row[c] = total / column[c]
            pivot = row[i]
            for k in range(begin, i):
                pivot -= row[k] * row[k]
            if not pivot > 1e-13 * diagonal[i]:
                return i
            row[i] = math.sqrt(pivot)
        # the rows below, turned so that all of them are a vector
        rest = size - end
        transpose(front, end, begin, rest, width, turned)
        for c in range(width):
            column = turned[c, :rest]
            row = front[begin + c]
            for k in range(c):
                value, other = row[begin + k], turned[k, :rest]
                for i in range(rest):
                    column[i] -= value * other[i]
            value = 1.0 / row[begin + c]
            for i in range(rest):
                column[i] *= value
        for i in range(rest):
            row = front[end + i, begin:end]
            for c in range(width):
                row[c] = turned[c, i]
        add_product(-1.0, front, end, begin, turned, 0, 0, front, end, end, rest, width, rest, True)
    return -1
