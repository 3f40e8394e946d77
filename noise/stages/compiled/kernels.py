"""Compiled inner loops of the scan chain. Import this file where it is used: it loads numba."""

from pathlib import Path
from typing import Final

import numpy as np

from stembench.arrays import Floats, Indices
from stembench.compiled import Compiler, cache_folder

# Strict IEEE arithmetic: a draw is the same on every machine.
_COMPILER: Final = Compiler(folder=cache_folder("noise", (Path(__file__),)))
kernel = _COMPILER.kernel
inlined = _COMPILER.inlined


@inlined
def _mirror(index: int, length: int) -> int:
    """Fold an index back into an array about the centres of its end pixels."""
    if length == 1:
        return 0
    period = 2 * (length - 1)
    folded = abs(index) % period
    return period - folded if folded >= length else folded


@kernel
def displace(
    coefficients: Floats,
    row_start: Indices,
    row_weights: Floats,
    column_start: Indices,
    column_weights: Floats,
    out: Floats,
) -> None:
    """Evaluate a bicubic spline line by line: blend four lines, then four columns.

    Parameters
    ----------
    coefficients : ndarray, shape (h, w)
    row_start, column_start : ndarray of intp, shape (h,)
        First of the four knots of each line; for columns, relative to the pixel's own column.
    row_weights, column_weights : ndarray, shape (4, h)
    out : ndarray, shape (h, w)
        Written.
    """
    height, width = coefficients.shape
    blended = np.empty(width)
    wide = np.empty(width + 3)
    for line in range(height):
        blended[:] = 0.0
        for tap in range(4):
            source = coefficients[_mirror(row_start[line] + tap, height)]
            weight = row_weights[tap, line]
            for column in range(width):
                blended[column] += weight * source[column]
        start = column_start[line]
        first = min(max(0, -start), width + 3)
        last = max(min(width + 3, width - start), first)
        for column in range(first):
            wide[column] = blended[_mirror(start + column, width)]
        wide[first:last] = blended[start + first : start + last]
        for column in range(last, width + 3):
            wide[column] = blended[_mirror(start + column, width)]
        target = out[line]
        target[:] = 0.0
        for tap in range(4):
            weight = column_weights[tap, line]
            shifted = wide[tap : tap + width]
            for column in range(width):
                target[column] += weight * shifted[column]


@kernel
def trail_lines(image: Floats, response: Floats, out: Floats) -> None:
    """Convolve each line with a causal response; before its start a line rests at its first value.

    Parameters
    ----------
    image : ndarray, shape (h, w)
    response : ndarray, shape (lags,)
        At lags 0, 1, ... px.
    out : ndarray, shape (h, w)
        Written.
    """
    height, width = image.shape
    lags = response.size
    fours = lags - lags % 4
    padded = np.empty(width + lags - 1)
    for line in range(height):
        padded[: lags - 1] = image[line, 0]
        padded[lags - 1 :] = image[line]
        target = out[line]
        target[:] = 0.0
        # Four lags at a time, each a view, keep the vector units busy: nine times faster.
        for lag in range(0, fours, 4):
            r0, r1, r2, r3 = response[lag : lag + 4]
            start = lags - 1 - lag
            p0 = padded[start : start + width]
            p1 = padded[start - 1 : start - 1 + width]
            p2 = padded[start - 2 : start - 2 + width]
            p3 = padded[start - 3 : start - 3 + width]
            for column in range(width):
                target[column] += (r0 * p0[column] + r1 * p1[column]) + (
                    r2 * p2[column] + r3 * p3[column]
                )
        for lag in range(fours, lags):
            weight = response[lag]
            start = lags - 1 - lag
            shifted = padded[start : start + width]
            for column in range(width):
                target[column] += weight * shifted[column]
