"""Compiled sums of the scan fit: columns of two Gaussians seen through displaced lines.

Line l of frame f shows sample i the light Σ h p(i + dx - x, l + dy - y). Each column has a window
of pixels that is set once, so that the cost is a smooth function of everything: a window that moved
with its column would make steps in it at which a descent stalls.
"""

import math
from typing import Final

import numpy as np

from fitting.kernels.compiled import inlined, kernel
from stembench.arrays import Floats, Integers

#: Numbers of the parameters of a column: x, y, height, logarithm of its width over the common one.
COLUMN: Final = 4
#: Shared parameters: log width, log ratio of the widths, logit of the wide part, background.
SHARED: Final = 4


@inlined
def _profile(
    u: float, ey1: float, ey2: float, w1: float, w2: float, q: float
) -> tuple[float, float, float, float]:
    """Narrow and wide part of the profile at u, and their inverse squared widths."""
    i1, i2 = 1.0 / (w1 * w1), 1.0 / (w2 * w2)
    g1 = (1.0 - q) * ey1 * math.exp(-0.5 * u * u * i1)
    g2 = q * ey2 * math.exp(-0.5 * u * u * i2)
    return g1, g2, i1, i2


@kernel
def light(
    columns: Floats,
    lines: Floats,
    shape: Floats,
    window: Integers,
    first: Integers,
    near: Integers,
    out: Floats,
) -> None:
    """Expected image of every frame, shape (frames, rows, columns).

    Parameters
    ----------
    columns : ndarray, shape (n, 4)
        x, y [px], height, log of the width over the common one.
    lines : ndarray, shape (frames, rows, 2)
        Displacements (dx, dy) [px].
    shape : ndarray, shape (4,)
        Log of the common width [px], log of the ratio of the widths, logit of the wide part, and
        the background.
    window : ndarray of int, shape (frames, n, 2)
        First pixel of each column's window along x and the one behind the last.
    first, near : ndarray of int, shape (frames * rows + 1,), (m,)
        Columns that a line shows: near[first[l]:first[l + 1]].
    """
    frames, rows, cols = out.shape
    base, ratio = math.exp(shape[0]), math.exp(shape[1])
    q = 1.0 / (1.0 + math.exp(-shape[2]))
    for f in range(frames):
        for row in range(rows):
            line = f * rows + row
            for i in range(cols):
                out[f, row, i] = shape[3]
            for at in range(first[line], first[line + 1]):
                k = near[at]
                w1 = base * math.exp(columns[k, 3])
                w2 = w1 * ratio
                v = row + lines[f, row, 1] - columns[k, 1]
                ey1 = math.exp(-0.5 * v * v / (w1 * w1))
                ey2 = math.exp(-0.5 * v * v / (w2 * w2))
                for i in range(window[f, k, 0], window[f, k, 1]):
                    u = i + lines[f, row, 0] - columns[k, 0]
                    g1, g2, _, _ = _profile(u, ey1, ey2, w1, w2, q)
                    out[f, row, i] += columns[k, 2] * (g1 + g2)


@kernel
def gradient(
    columns: Floats,
    lines: Floats,
    shape: Floats,
    window: Integers,
    first: Integers,
    near: Integers,
    score: Floats,
    of_columns: Floats,
    of_lines: Floats,
    of_shape: Floats,
) -> None:
    """Sum over pixels of `score` times the derivatives of the light, added to the last three."""
    frames, rows, cols = score.shape
    base, ratio = math.exp(shape[0]), math.exp(shape[1])
    q = 1.0 / (1.0 + math.exp(-shape[2]))
    for f in range(frames):
        for row in range(rows):
            line = f * rows + row
            for i in range(cols):
                of_shape[3] += score[f, row, i]
            for at in range(first[line], first[line + 1]):
                k = near[at]
                w1 = base * math.exp(columns[k, 3])
                w2 = w1 * ratio
                h = columns[k, 2]
                v = row + lines[f, row, 1] - columns[k, 1]
                ey1 = math.exp(-0.5 * v * v / (w1 * w1))
                ey2 = math.exp(-0.5 * v * v / (w2 * w2))
                sx = sy = sh = ss = sk = sq = 0.0
                for i in range(window[f, k, 0], window[f, k, 1]):
                    u = i + lines[f, row, 0] - columns[k, 0]
                    g1, g2, i1, i2 = _profile(u, ey1, ey2, w1, w2, q)
                    s = score[f, row, i]
                    both = g1 * i1 + g2 * i2
                    rr = u * u + v * v
                    sx += s * u * both
                    sy += s * both
                    sh += s * (g1 + g2)
                    ss += s * rr * both
                    sk += s * rr * g2 * i2
                    sq += s * ((1.0 - q) * g2 - q * g1)
                sx *= h
                sy *= h * v
                of_columns[k, 0] += sx
                of_columns[k, 1] += sy
                of_columns[k, 2] += sh
                of_columns[k, 3] += h * ss
                of_lines[f, row, 0] -= sx
                of_lines[f, row, 1] -= sy
                of_shape[0] += h * ss
                of_shape[1] += h * sk
                of_shape[2] += h * sq


@kernel
def information(
    columns: Floats,
    lines: Floats,
    shape: Floats,
    window: Integers,
    first: Integers,
    near: Integers,
    weight: Floats,
    of_column: Integers,
    of_line: Integers,
    diagonal: Floats,
    below: Floats,
    border: Floats,
    corner: Floats,
) -> None:
    """Sum over pixels of `weight` times the products of derivatives, in strips.

    Both derivatives of a line are minus the sums of those of the columns that it shows, over the
    same windows: where they differed, what moves a line and its columns together would seem to be
    known.

    Parameters
    ----------
    columns, lines, shape, window, first, near
        As in `light`; the columns near a line are sorted by the first pixel of their windows.
    weight : ndarray, shape (frames, rows, columns)
    of_column, of_line : ndarray of int, shape (n, 2), (frames * rows, 2)
        Strip of each and place of its first parameter therein.
    diagonal, below, border, corner : ndarray
        Lower triangles of the strips (see `fitting.scan.posterior.strips.Strips`), added to.
    """
    frames, rows, cols = weight.shape
    base, ratio = math.exp(shape[0]), math.exp(shape[1])
    q = 1.0 / (1.0 + math.exp(-shape[2]))
    most = 0
    for line in range(frames * rows):
        most = max(most, first[line + 1] - first[line])
    slopes = np.empty((most, COLUMN, cols))
    ends = np.empty((most, 2), dtype=np.int64)
    shared = np.empty((2 + SHARED, cols))
    block = np.empty((COLUMN, COLUMN))
    for f in range(frames):
        for row in range(rows):
            line = f * rows + row
            low = first[line]
            count = first[line + 1] - low
            shared[:5] = 0.0
            shared[5] = 1.0
            for a in range(count):
                k = near[low + a]
                w1 = base * math.exp(columns[k, 3])
                w2 = w1 * ratio
                h = columns[k, 2]
                v = row + lines[f, row, 1] - columns[k, 1]
                ey1 = math.exp(-0.5 * v * v / (w1 * w1))
                ey2 = math.exp(-0.5 * v * v / (w2 * w2))
                ends[a, 0], ends[a, 1] = window[f, k, 0], window[f, k, 1]
                for i in range(window[f, k, 0], window[f, k, 1]):
                    u = i + lines[f, row, 0] - columns[k, 0]
                    g1, g2, i1, i2 = _profile(u, ey1, ey2, w1, w2, q)
                    both = h * (g1 * i1 + g2 * i2)
                    rr = u * u + v * v
                    slopes[a, 0, i] = u * both
                    slopes[a, 1, i] = v * both
                    slopes[a, 2, i] = g1 + g2
                    slopes[a, 3, i] = rr * both
                    shared[0, i] -= u * both
                    shared[1, i] -= v * both
                    shared[2, i] += rr * both
                    shared[3, i] += h * rr * g2 * i2
                    shared[4, i] += h * ((1.0 - q) * g2 - q * g1)
            strip, place = of_line[line, 0], of_line[line, 1]
            for i in range(cols):
                w = weight[f, row, i]
                for m in range(2):
                    for n in range(m + 1):
                        diagonal[strip, place + m, place + n] += w * shared[m, i] * shared[n, i]
                for m in range(SHARED):
                    for n in range(2):
                        border[strip, place + n, m] += w * shared[2 + m, i] * shared[n, i]
                    for n in range(m + 1):
                        corner[m, n] += w * shared[2 + m, i] * shared[2 + n, i]
            for a in range(count):
                ka, pa = of_column[near[low + a], 0], of_column[near[low + a], 1]
                # With what the whole line shares: its displacement and the shape.
                for m in range(COLUMN):
                    s0 = s1 = s2 = s3 = s4 = s5 = 0.0
                    for i in range(ends[a, 0], ends[a, 1]):
                        g = weight[f, row, i] * slopes[a, m, i]
                        s0 += g * shared[0, i]
                        s1 += g * shared[1, i]
                        s2 += g * shared[2, i]
                        s3 += g * shared[3, i]
                        s4 += g * shared[4, i]
                        s5 += g
                    border[ka, pa + m, 0] += s2
                    border[ka, pa + m, 1] += s3
                    border[ka, pa + m, 2] += s4
                    border[ka, pa + m, 3] += s5
                    if ka == strip:
                        if pa > place:
                            diagonal[ka, pa + m, place] += s0
                            diagonal[ka, pa + m, place + 1] += s1
                        else:
                            diagonal[ka, place, pa + m] += s0
                            diagonal[ka, place + 1, pa + m] += s1
                    elif ka > strip:
                        below[strip, pa + m, place] += s0
                        below[strip, pa + m, place + 1] += s1
                    else:
                        below[ka, place, pa + m] += s0
                        below[ka, place + 1, pa + m] += s1
                for b in range(a + 1):
                    start, stop = max(ends[a, 0], ends[b, 0]), min(ends[a, 1], ends[b, 1])
                    if start >= stop:
                        continue
                    for m in range(COLUMN):
                        s0 = s1 = s2 = s3 = 0.0
                        for i in range(start, stop):
                            g = weight[f, row, i] * slopes[a, m, i]
                            s0 += g * slopes[b, 0, i]
                            s1 += g * slopes[b, 1, i]
                            s2 += g * slopes[b, 2, i]
                            s3 += g * slopes[b, 3, i]
                        block[m, 0], block[m, 1], block[m, 2], block[m, 3] = s0, s1, s2, s3
                    kb, pb = of_column[near[low + b], 0], of_column[near[low + b], 1]
                    if ka == kb:
                        for m in range(COLUMN):
                            for n in range(COLUMN):
                                if pa + m >= pb + n:
                                    diagonal[ka, pa + m, pb + n] += block[m, n]
                                elif a != b:
                                    diagonal[ka, pb + n, pa + m] += block[m, n]
                    elif ka > kb:
                        for m in range(COLUMN):
                            for n in range(COLUMN):
                                below[kb, pa + m, pb + n] += block[m, n]
                    else:
                        for m in range(COLUMN):
                            for n in range(COLUMN):
                                below[ka, pb + n, pa + m] += block[m, n]
