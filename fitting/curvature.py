"""Compiled second derivatives of the cost: what Gauss-Newton leaves out, column by column.

Import this module inside functions only: it loads numba. At a few electrons per pixel the
residual is as large as the columns, and without these terms the descent crawls.
"""

import numpy as np

from fitting.compiled import kernel
from fitting.model import Floats, Integers

#: A column's own block keeps its second derivatives only if its pivots stay above this part of
#: the Gauss-Newton diagonal: elsewhere the cost is not convex and they point uphill.
_LEAST_PIVOT = 0.01


@kernel
def _second_derivatives(
    factors: Floats,
    start: Integers,
    count: Integers,
    height: Floats,
    n: int,
    score: Floats,
    out: Floats,
) -> None:
    """Sum over pixels of score times the second derivatives of column n: out (4, 4)."""
    out[:] = 0.0
    eta = height[n]
    for j in range(count[n, 1]):
        row = score[start[n, 1] + j]
        first = start[n, 0]
        s0 = s1 = s2 = s3 = s4 = s5 = 0.0
        for i in range(count[n, 0]):
            r = row[first + i]
            s0 += r * factors[n, 0, 0, i]
            s1 += r * factors[n, 0, 1, i]
            s2 += r * factors[n, 0, 2, i]
            s3 += r * factors[n, 0, 3, i]
            s4 += r * factors[n, 0, 4, i]
            s5 += r * factors[n, 0, 5, i]
        y = factors[n, 1, :, j]
        out[0, 0] += eta * s3 * y[0]
        out[1, 1] += eta * s0 * y[3]
        out[1, 0] += eta * s1 * y[1]
        out[2, 0] += s1 * y[0]
        out[2, 1] += s0 * y[1]
        out[3, 0] += eta * (s4 * y[0] + s1 * y[2])
        out[3, 1] += eta * (s0 * y[4] + s2 * y[1])
        out[3, 2] += s2 * y[0] + s0 * y[2]
        out[3, 3] += eta * (s5 * y[0] + 2.0 * s2 * y[2] + s0 * y[5])
    for p in range(4):
        for q in range(p):
            out[q, p] = out[p, q]


@kernel
def subtract_curvature(
    factors: Floats,
    start: Integers,
    count: Integers,
    height: Floats,
    index: Integers,
    first_shared: int,
    held: Integers,
    score: Floats,
    at: Integers,
    matrix: Floats,
    out: Floats,
) -> None:
    """Write `matrix` minus Σ_px score ∂²f to `out`, for the columns where it stays convex."""
    out[:] = matrix
    second = np.empty((4, 4))
    own = np.empty((4, 4))
    numbers = np.empty(4, dtype=np.int64)
    places = np.empty(4, dtype=np.int64)
    for n in range(len(height)):
        _second_derivatives(factors, start, count, height, n, score, second)
        size = 0
        for p in range(4):
            if 0 <= index[n, p] < first_shared and held[index[n, p]] == 0:
                numbers[size] = index[n, p]
                places[size] = p
                size += 1
        # the largest part of the second derivatives that leaves the column's block convex
        part = 1.0
        while part > 0.2:
            convex = True
            for a in range(size):
                for b in range(a + 1):
                    total = matrix[at[numbers[a]] + numbers[b]]
                    total -= part * second[places[a], places[b]]
                    for k in range(b):
                        total -= own[a, k] * own[b, k]
                    if a > b:
                        own[a, b] = total / own[b, b]
                    elif total > _LEAST_PIVOT * matrix[at[numbers[a]] + numbers[a]]:
                        own[a, a] = np.sqrt(total)
                    else:
                        convex = False
                        own[a, a] = 1.0
            if convex:
                break
            part -= 0.25
        if part < 0.2:
            continue
        for p in range(4):
            r = index[n, p]
            if r < 0:
                continue
            for q in range(p + 1):
                c = index[n, q]
                if c >= 0:
                    out[at[r] + c] -= part * second[p, q]
