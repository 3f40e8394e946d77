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
def both_widths(columns: Floats, shape: Floats) -> Floats:
    """Width and inverse square of the narrow, then of the wide part of each column, (n, 4)."""
    base, ratio = math.exp(shape[0]), math.exp(shape[1])
    out = np.empty((len(columns), 4))
    for k in range(len(columns)):
        narrow = base * math.exp(columns[k, 3])
        wide = narrow * ratio
        out[k, 0], out[k, 1] = 1.0 / (narrow * narrow), 1.0 / (wide * wide)
        out[k, 2], out[k, 3] = math.exp(-out[k, 0]), math.exp(-out[k, 1])
    return out


@inlined
def profile(
    start: int, stop: int, shift: float, v: float, widths: Floats, q: float, out: Floats
) -> None:
    """Narrow and wide part of a column's profile at u = i + shift, v, to out[:, start:stop].

    From one pixel to the next a Gaussian changes by a factor which itself changes by a constant
    one: exponentials are taken once in a window and not in each pixel. From the middle outwards
    values fall, so that they end at 0 where they are too small for a number.
    """
    if start >= stop:
        return
    middle = min(max(math.floor(0.5 - shift), start), stop - 1)
    u = middle + shift
    i1, i2, c1, c2 = widths[0], widths[1], widths[2], widths[3]
    rr = -0.5 * (u * u + v * v)
    top1, top2 = (1.0 - q) * math.exp(rr * i1), q * math.exp(rr * i2)
    r1, r2 = math.exp(-(u + 0.5) * i1), math.exp(-(u + 0.5) * i2)
    l1, l2 = math.exp((u - 0.5) * i1), math.exp((u - 0.5) * i2)
    g1, g2 = top1, top2
    for i in range(middle, stop):
        out[0, i], out[1, i] = g1, g2
        g1 *= r1
        g2 *= r2
        r1 *= c1
        r2 *= c2
    g1, g2 = top1 * l1, top2 * l2
    for i in range(middle - 1, start - 1, -1):
        out[0, i], out[1, i] = g1, g2
        l1 *= c1
        l2 *= c2
        g1 *= l1
        g2 *= l2


@inlined
def _products(one: Floats, other: Floats, start: int, stop: int, out: Floats) -> None:
    """Sums over pixels of the products of two times four slopes, (4, 4)."""
    for m in range(0, COLUMN, 2):
        a0 = a1 = a2 = a3 = b0 = b1 = b2 = b3 = 0.0
        for i in range(start, stop):
            a, b = one[m, i], one[m + 1, i]
            s0, s1, s2, s3 = other[0, i], other[1, i], other[2, i], other[3, i]
            a0 += a * s0
            a1 += a * s1
            a2 += a * s2
            a3 += a * s3
            b0 += b * s0
            b1 += b * s1
            b2 += b * s2
            b3 += b * s3
        out[m, 0], out[m, 1], out[m, 2], out[m, 3] = a0, a1, a2, a3
        out[m + 1, 0], out[m + 1, 1], out[m + 1, 2], out[m + 1, 3] = b0, b1, b2, b3


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
    q = 1.0 / (1.0 + math.exp(-shape[2]))
    widths, parts = both_widths(columns, shape), np.empty((2, cols))
    for f in range(frames):
        for row in range(rows):
            line = f * rows + row
            for i in range(cols):
                out[f, row, i] = shape[3]
            for at in range(first[line], first[line + 1]):
                k = near[at]
                start, stop, h = window[f, k, 0], window[f, k, 1], columns[k, 2]
                shift = lines[f, row, 0] - columns[k, 0]
                v = row + lines[f, row, 1] - columns[k, 1]
                profile(start, stop, shift, v, widths[k], q, parts)
                for i in range(start, stop):
                    out[f, row, i] += h * (parts[0, i] + parts[1, i])


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
    q = 1.0 / (1.0 + math.exp(-shape[2]))
    widths, parts = both_widths(columns, shape), np.empty((2, cols))
    for f in range(frames):
        for row in range(rows):
            line = f * rows + row
            for i in range(cols):
                of_shape[3] += score[f, row, i]
            for at in range(first[line], first[line + 1]):
                k = near[at]
                start, stop, h = window[f, k, 0], window[f, k, 1], columns[k, 2]
                shift = lines[f, row, 0] - columns[k, 0]
                v = row + lines[f, row, 1] - columns[k, 1]
                profile(start, stop, shift, v, widths[k], q, parts)
                # Sums of the score times both parts, times 1, u and u².
                a1 = a2 = b1 = b2 = c1 = c2 = 0.0
                for i in range(start, stop):
                    u = i + shift
                    s1, s2 = score[f, row, i] * parts[0, i], score[f, row, i] * parts[1, i]
                    a1 += s1
                    a2 += s2
                    b1 += s1 * u
                    b2 += s2 * u
                    c1 += s1 * u * u
                    c2 += s2 * u * u
                i1, i2 = widths[k, 0], widths[k, 1]
                sx, sy = h * (b1 * i1 + b2 * i2), h * v * (a1 * i1 + a2 * i2)
                sk = h * i2 * (c2 + v * v * a2)
                ss = h * i1 * (c1 + v * v * a1) + sk
                of_columns[k, 0] += sx
                of_columns[k, 1] += sy
                of_columns[k, 2] += a1 + a2
                of_columns[k, 3] += ss
                of_lines[f, row, 0] -= sx
                of_lines[f, row, 1] -= sy
                of_shape[0] += ss
                of_shape[1] += sk
                of_shape[2] += h * ((1.0 - q) * a2 - q * a1)


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
    q = 1.0 / (1.0 + math.exp(-shape[2]))
    widths, parts = both_widths(columns, shape), np.empty((2, cols))
    most = 0
    for line in range(frames * rows):
        most = max(most, first[line + 1] - first[line])
    slopes = np.empty((most, COLUMN, cols))
    heavy = np.empty((COLUMN, cols))
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
                start, stop, h = window[f, k, 0], window[f, k, 1], columns[k, 2]
                shift = lines[f, row, 0] - columns[k, 0]
                v = row + lines[f, row, 1] - columns[k, 1]
                i1, i2 = widths[k, 0], widths[k, 1]
                profile(start, stop, shift, v, widths[k], q, parts)
                ends[a, 0], ends[a, 1] = start, stop
                for i in range(start, stop):
                    u, g1, g2 = i + shift, parts[0, i], parts[1, i]
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
                for i in range(ends[a, 0], ends[a, 1]):
                    for m in range(COLUMN):
                        heavy[m, i] = weight[f, row, i] * slopes[a, m, i]
                for b in range(a + 1):
                    start, stop = max(ends[a, 0], ends[b, 0]), min(ends[a, 1], ends[b, 1])
                    if start >= stop:
                        continue
                    _products(heavy, slopes[b], start, stop, block)
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
