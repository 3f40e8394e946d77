"""Compiled assembly of the normal matrix Σ_px w (∂f/∂θ_i)(∂f/∂θ_j) over column pairs."""

from typing import Final

import numpy as np

from fitting.kernels.compiled import kernel
from fitting.kernels.sums import pair_block
from stembench.arrays import Floats, Integers

#: Weighting of the normal matrix in which every pixel counts once and no weight is read.
EVERY_PIXEL: Final = 0
#: Weighting by a weight of each pixel.
WEIGHTED: Final = 1
#: Weighting of masked images: the weight is 1 outside the windows of columns marked dirty.
MASKED_WINDOWS: Final = 2


@kernel
def _background_column(
    factors: Floats,
    start: Integers,
    count: Integers,
    height: Floats,
    n: int,
    weighted: bool,
    weight: Floats,
    x_middle: float,
    y_middle: float,
    out: Floats,
) -> None:
    """Sums out[p, t] of column n's derivatives times the background terms 1, x, y."""
    out[:] = 0.0
    k0 = k1 = k2 = l0 = l1 = l2 = 0.0
    for j in range(count[n, 1]):
        y = start[n, 1] + j - y_middle
        s0 = s1 = s2 = t0 = t1 = t2 = 0.0
        if weighted or j == 0:
            for i in range(count[n, 0]):
                w = weight[start[n, 1] + j, start[n, 0] + i] if weighted else 1.0
                x = start[n, 0] + i - x_middle
                s0 += w * factors[n, 0, 0, i]
                s1 += w * factors[n, 0, 1, i]
                s2 += w * factors[n, 0, 2, i]
                t0 += w * factors[n, 0, 0, i] * x
                t1 += w * factors[n, 0, 1, i] * x
                t2 += w * factors[n, 0, 2, i] * x
            if not weighted:
                k0, k1, k2, l0, l1, l2 = s0, s1, s2, t0, t1, t2
        else:
            s0, s1, s2, t0, t1, t2 = k0, k1, k2, l0, l1, l2
        a = factors[n, 1, 0, j]
        b = factors[n, 1, 1, j]
        c = factors[n, 1, 2, j]
        for t in range(3):
            if t == 1:
                v0, v1, v2 = t0, t1, t2
            else:
                scale = 1.0 if t == 0 else y
                v0, v1, v2 = scale * s0, scale * s1, scale * s2
            out[0, t] += height[n] * v1 * a
            out[1, t] += height[n] * v0 * b
            out[2, t] += v0 * a
            out[3, t] += height[n] * (v2 * a + v0 * c)


@kernel
def _background_moments(weight: Floats, out: Floats) -> None:
    """Lower triangle of the sums of weight times products of the background terms 1, x, y."""
    rows, cols = weight.shape
    for j in range(rows):
        y = j - 0.5 * (rows - 1)
        s0 = s1 = s2 = 0.0
        for i in range(cols):
            x = i - 0.5 * (cols - 1)
            s0 += weight[j, i]
            s1 += weight[j, i] * x
            s2 += weight[j, i] * x * x
        out[0, 0] += s0
        out[1, 0] += s1
        out[1, 1] += s2
        out[2, 0] += s0 * y
        out[2, 1] += s1 * y
        out[2, 2] += s0 * y * y


@kernel
def normal_matrix(
    factors: Floats,
    start: Integers,
    count: Integers,
    height: Floats,
    index: Integers,
    pair_at: Integers,
    pairs: Integers,
    first_background: int,
    n_background: int,
    weighting: int,
    weight: Floats,
    dirty: Integers,
    first_shared: int,
    spot: Integers,
    at: Integers,
    out: Floats,
) -> None:
    """Assemble the normal matrix as a layout stores it (`spot`, `at`).

    `weighting` is `EVERY_PIXEL`, `WEIGHTED` or `MASKED_WINDOWS`; `weight` has the image's shape
    (rows, cols) in each of them. `dirty` (n,) is read for `MASKED_WINDOWS`.
    """
    rows, cols = weight.shape
    strip = np.empty((9, factors.shape[3]))
    axis_sums = np.empty((2, 3, 3))
    sums = np.empty((3, 3, 3, 3))
    block = np.empty((4, 4))
    terms = np.empty((4, 3))
    per = spot.shape[1]
    heights_only = per == 1 and index[0, 3] < 0
    out[:] = 0.0
    for n in range(len(height)):
        for k in range(pair_at[n], pair_at[n + 1]):
            m = pairs[k]
            weighted = weighting == WEIGHTED or (
                weighting == MASKED_WINDOWS and dirty[n] == 1 and dirty[m] == 1
            )
            pair_block(
                factors,
                start,
                count,
                height,
                n,
                m,
                weighted,
                weight,
                heights_only,
                strip,
                axis_sums,
                sums,
                block,
            )
            for p in range(4):
                r = index[n, p]
                if r < 0:
                    continue
                for q in range(4):
                    c = index[m, q]
                    if c < 0 or (n == m and q > p):
                        continue
                    value = block[p, q]
                    if r < first_shared and c < first_shared:
                        out[spot[k, r - per * n] + c - per * m] += value
                    elif r > c:
                        out[at[r] + c] += value
                    elif r < c:
                        out[at[c] + r] += value
                    elif n == m:
                        out[at[r] + r] += value
                    else:
                        out[at[r] + r] += 2.0 * value  # one width, both orders of the pair
        if n_background > 0:
            weighted = weighting == WEIGHTED or (weighting == MASKED_WINDOWS and dirty[n] == 1)
            _background_column(
                factors,
                start,
                count,
                height,
                n,
                weighted,
                weight,
                0.5 * (cols - 1),
                0.5 * (rows - 1),
                terms,
            )
            for p in range(4):
                if index[n, p] < 0:
                    continue
                for t in range(n_background):
                    out[at[first_background + t] + index[n, p]] += terms[p, t]
    if n_background > 0:
        moments = np.zeros((3, 3))
        if weighting == EVERY_PIXEL:
            moments[0, 0] = rows * cols
            moments[1, 1] = rows * cols * (cols * cols - 1) / 12.0
            moments[2, 2] = rows * cols * (rows * rows - 1) / 12.0
        else:
            _background_moments(weight, moments)
        for t in range(n_background):
            for u in range(t + 1):
                out[at[first_background + t] + first_background + u] += moments[t, u]
