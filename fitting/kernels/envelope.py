"""Compiled Cholesky solver for symmetric matrices stored by envelope (skyline).

Row r of the lower triangle is stored
from its first nonzero column ``first[r]`` to the diagonal; element (r, c) lies at ``at[r] + c``.
Columns sorted in space give short rows; shared parameters come last and have full rows.
"""

import math

from fitting.kernels.compiled import kernel
from stembench.arrays import Floats, Integers


@kernel
def damped(
    matrix: Floats,
    at: Integers,
    first: Integers,
    held: Integers,
    damping: Floats,
    out: Floats,
) -> None:
    """Copy `matrix` with its diagonal times 1 + damping[r] and held parameters cut out."""
    for r in range(len(first)):
        for c in range(first[r], r):
            out[at[r] + c] = 0.0 if held[r] or held[c] else matrix[at[r] + c]
        diagonal = matrix[at[r] + r]
        out[at[r] + r] = 1.0 if held[r] or diagonal <= 0.0 else diagonal * (1.0 + damping[r])


@kernel
def cholesky(matrix: Floats, at: Integers, first: Integers) -> int:
    """Factorise in place; returns -1, or the first row whose pivot is not positive.

    A pivot below 1e-13 of its diagonal counts as zero: the parameter cannot be told from
    earlier ones.
    """
    for r in range(len(first)):
        row = at[r]
        diagonal = matrix[row + r]
        for c in range(first[r], r):
            low = max(first[r], first[c])
            total = 0.0
            column = at[c]
            for k in range(low, c):
                total += matrix[row + k] * matrix[column + k]
            matrix[row + c] = (matrix[row + c] - total) / matrix[column + c]
        total = 0.0
        for k in range(first[r], r):
            total += matrix[row + k] * matrix[row + k]
        pivot = diagonal - total
        if not pivot > 1e-13 * diagonal:
            return r
        matrix[row + r] = math.sqrt(pivot)
    return -1


@kernel
def solve(factor: Floats, at: Integers, first: Integers, vector: Floats) -> None:
    """Solve in place for one right-hand side with a Cholesky factor."""
    n = len(first)
    for r in range(n):
        total = 0.0
        row = at[r]
        for k in range(first[r], r):
            total += factor[row + k] * vector[k]
        vector[r] = (vector[r] - total) / factor[row + r]
    for r in range(n - 1, -1, -1):
        row = at[r]
        value = vector[r] / factor[row + r]
        vector[r] = value
        for k in range(first[r], r):
            vector[k] -= factor[row + k] * value


@kernel
def inverse_columns(
    factor: Floats, at: Integers, first: Integers, begin: int, end: int, out: Floats
) -> None:
    """Columns begin..end of the inverse, written to out (n, end - begin)."""
    n = len(first)
    width = end - begin
    out[:] = 0.0
    for r in range(begin, n):
        row = at[r]
        line = out[r]
        if r < end:
            line[r - begin] = 1.0
        for k in range(max(first[r], begin), r):
            value = factor[row + k]
            other = out[k]
            for j in range(width):
                line[j] -= value * other[j]
        inverse = 1.0 / factor[row + r]
        for j in range(width):
            line[j] *= inverse
    for r in range(n - 1, -1, -1):
        row = at[r]
        line = out[r]
        inverse = 1.0 / factor[row + r]
        for j in range(width):
            line[j] *= inverse
        for k in range(first[r], r):
            value = factor[row + k]
            other = out[k]
            for j in range(width):
                other[j] -= value * line[j]


@kernel
def multiply(
    matrix: Floats, at: Integers, first: Integers, held: Integers, block: Floats, out: Floats
) -> None:
    """Symmetric matrix times block (n, k); rows and columns of held parameters count as zero."""
    width = block.shape[1]
    out[:] = 0.0
    for r in range(len(first)):
        if held[r]:
            continue
        row = at[r]
        for c in range(first[r], r + 1):
            if held[c]:
                continue
            value = matrix[row + c]
            if value == 0.0:
                continue
            for j in range(width):
                out[r, j] += value * block[c, j]
            if c < r:
                for j in range(width):
                    out[c, j] += value * block[r, j]
