"""Compiled second derivatives of the cost of each column, which Gauss-Newton leaves out.

At a few electrons per pixel the residual is as large as the columns, and without these terms the
descent crawls.
"""

import numpy as np

from fitting.kernels.compiled import kernel
from fitting.kernels.sums import project_background
from stembench.arrays import Floats, Integers

#: A column's own block keeps its second derivatives only if its pivots stay above this part of
#: the Gauss-Newton diagonal: elsewhere the cost is not convex and they point uphill.
_LEAST_PIVOT = 0.01


@kernel
def derivatives(
    factors: Floats,
    start: Integers,
    count: Integers,
    height: Floats,
    index: Integers,
    first_background: int,
    n_background: int,
    score: Floats,
    gradient: Floats,
    second: Floats,
) -> None:
    """Sums over pixels of score times the model's first and second derivatives, in one pass.

    gradient[p] = Σ_px score ∂f/∂θ_p; second[n] (4, 4) = Σ_px score ∂²f for the x, y, height and
    width of column n (second derivatives that mix columns vanish).
    """
    gradient[:] = 0.0
    second[:] = 0.0
    for n in range(len(height)):
        eta = height[n]
        out = second[n]
        x_sum = y_sum = height_sum = width_sum = 0.0
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
            x_sum += s1 * y[0]
            y_sum += s0 * y[1]
            height_sum += s0 * y[0]
            width_sum += s2 * y[0] + s0 * y[2]
            out[0, 0] += eta * s3 * y[0]
            out[1, 1] += eta * s0 * y[3]
            out[1, 0] += eta * s1 * y[1]
            out[3, 0] += eta * (s4 * y[0] + s1 * y[2])
            out[3, 1] += eta * (s0 * y[4] + s2 * y[1])
            out[3, 3] += eta * (s5 * y[0] + 2.0 * s2 * y[2] + s0 * y[5])
        out[2, 0] = x_sum
        out[2, 1] = y_sum
        out[3, 2] = width_sum
        for p in range(4):
            for q in range(p):
                out[q, p] = out[p, q]
        if index[n, 0] >= 0:
            gradient[index[n, 0]] += eta * x_sum
            gradient[index[n, 1]] += eta * y_sum
        gradient[index[n, 2]] += height_sum
        if index[n, 3] >= 0:
            gradient[index[n, 3]] += eta * width_sum
    if n_background > 0:
        project_background(score, first_background, n_background, gradient)


@kernel
def subtract_curvature(
    index: Integers,
    first_shared: int,
    held: Integers,
    seconds: Floats,
    pair_at: Integers,
    spot: Integers,
    at: Integers,
    matrix: Floats,
    out: Floats,
) -> None:
    """Write `matrix` minus `seconds` (see `derivatives`) to `out`, where that stays convex."""
    per = spot.shape[1]
    out[:] = matrix
    block = np.empty((4, 4))
    numbers = np.empty(4, dtype=np.int64)
    places = np.empty(4, dtype=np.int64)
    for n in range(len(index)):
        second = seconds[n]
        rows = spot[pair_at[n + 1] - 1]  # the last pair is the column and itself
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
                    total = matrix[rows[numbers[a] - per * n] + numbers[b] - per * n]
                    total -= part * second[places[a], places[b]]
                    for k in range(b):
                        total -= block[a, k] * block[b, k]
                    if a > b:
                        block[a, b] = total / block[b, b]
                        continue
                    own = numbers[a] - per * n
                    if total > _LEAST_PIVOT * matrix[rows[own] + own]:
                        block[a, a] = np.sqrt(total)
                    else:
                        convex = False
                        block[a, a] = 1.0
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
                if c < 0:
                    continue
                if r < first_shared:
                    out[rows[r - per * n] + c - per * n] -= part * second[p, q]
                else:
                    out[at[r] + c] -= part * second[p, q]
