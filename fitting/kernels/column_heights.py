"""Compiled normal matrix of heights and widths, where lines and places of columns are held."""

import math

import numpy as np

from fitting.kernels.compiled import kernel
from fitting.kernels.displaced_lines import both_widths, profile
from stembench.arrays import Floats, Integers


@kernel
def height_information(
    columns: Floats,
    lines: Floats,
    shape: Floats,
    window: Integers,
    first: Integers,
    near: Integers,
    weight: Floats,
    place: Integers,
    band: Floats,
    border: Floats,
    corner: Floats,
) -> None:
    """Sum over pixels of `weight` times the products of derivatives by heights and widths alone.

    Parameters
    ----------
    columns, lines, shape, window, first, near, weight
        As in `information`.
    place : ndarray of int, shape (n,)
        Place of each column's height; its width stands behind it where `free` is 2.
    band : ndarray, shape (free * n, b + 1)
        Lower band, entry (r, c) at [c, r - c].
    border : ndarray, shape (free * n, 2)
        With the common log width and the background.
    corner : ndarray, shape (2, 2)
    """
    frames, rows, cols = weight.shape
    q = 1.0 / (1.0 + math.exp(-shape[2]))
    free = len(band) // len(columns)
    widths, parts = both_widths(columns, shape), np.empty((2, cols))
    most = 0
    for line in range(frames * rows):
        most = max(most, first[line + 1] - first[line])
    slopes = np.empty((most, 2, cols))
    common, heavy = np.empty(cols), np.empty((2, cols))
    for f in range(frames):
        for row in range(rows):
            low = first[f * rows + row]
            count = first[f * rows + row + 1] - low
            common[:] = 0.0
            for a in range(count):
                k = near[low + a]
                shift = lines[f, row, 0] - columns[k, 0]
                v = row + lines[f, row, 1] - columns[k, 1]
                profile(window[f, k, 0], window[f, k, 1], shift, v, widths[k], q, parts)
                for i in range(window[f, k, 0], window[f, k, 1]):
                    u, g1, g2 = i + shift, parts[0, i], parts[1, i]
                    both = columns[k, 2] * (g1 * widths[k, 0] + g2 * widths[k, 1])
                    slopes[a, 0, i] = g1 + g2
                    slopes[a, 1, i] = (u * u + v * v) * both
                    common[i] += slopes[a, 1, i]
            for i in range(cols):
                w = weight[f, row, i]
                corner[0, 0] += w * common[i] * common[i]
                corner[0, 1] += w * common[i]
                corner[1, 0] += w * common[i]
                corner[1, 1] += w
            for a in range(count):
                k = near[low + a]
                for m in range(free):
                    s0 = s1 = 0.0
                    for i in range(window[f, k, 0], window[f, k, 1]):
                        g = weight[f, row, i] * slopes[a, m, i]
                        heavy[m, i] = g
                        s0 += g * common[i]
                        s1 += g
                    border[place[k] + m, 0] += s0
                    border[place[k] + m, 1] += s1
                for b in range(count):
                    j = near[low + b]
                    if place[j] > place[k]:
                        continue
                    start = max(window[f, k, 0], window[f, j, 0])
                    stop = min(window[f, k, 1], window[f, j, 1])
                    if start >= stop:
                        continue
                    for m in range(free):
                        for n in range(free):
                            apart = place[k] + m - place[j] - n
                            if apart < 0:
                                continue
                            s0 = 0.0
                            for i in range(start, stop):
                                s0 += heavy[m, i] * slopes[b, n, i]
                            band[place[j] + n, apart] += s0
