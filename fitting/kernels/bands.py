"""Compiled copies between blocks of strips and the band that LAPACK factors."""

import numpy as np

from fitting.kernels.compiled import kernel
from stembench.arrays import Bools, Floats, Integers


@kernel
def extent(diagonal: Floats, below: Floats, coupled: Bools, last: Integers) -> None:
    """Last unknown that each is coupled with, and whether there is any.

    Parameters
    ----------
    diagonal, below : ndarray, shape (k, m, m), (k - 1, m, m)
        Blocks of a matrix in strips; lower triangles of the first.
    coupled, last : ndarray, shape (k * m,)
        Set where an entry beside the diagonal is not 0; unknowns are counted over all strips.
    """
    strips, size, _ = diagonal.shape
    for at in range(strips * size):
        last[at] = at
    for strip in range(strips):
        for i in range(size):
            row = strip * size + i
            for j in range(i):
                if diagonal[strip, i, j] != 0.0:
                    last[strip * size + j] = max(last[strip * size + j], row)
                    coupled[row] = coupled[strip * size + j] = True
        if strip + 1 < strips:
            for i in range(size):
                row = (strip + 1) * size + i
                for j in range(size):
                    if below[strip, i, j] != 0.0:
                        last[strip * size + j] = max(last[strip * size + j], row)
                        coupled[row] = coupled[strip * size + j] = True


@kernel
def fill(diagonal: Floats, below: Floats, number: Integers, band: Floats) -> None:
    """Copy blocks into a lower band (n, b + 1): entry (r, c) of the matrix to band[c, r - c].

    Parameters
    ----------
    number : ndarray of int, shape (k * m,)
        Place in the band of each unknown; -1 for those that are not in it.
    """
    strips, size, _ = diagonal.shape
    width = band.shape[1]
    for strip in range(strips):
        for i in range(size):
            row = number[strip * size + i]
            if row < 0:
                continue
            for j in range(i + 1):
                column = number[strip * size + j]
                if column >= 0 and row - column < width:
                    band[column, row - column] = diagonal[strip, i, j]
        if strip + 1 < strips:
            for i in range(size):
                row = number[(strip + 1) * size + i]
                if row < 0:
                    continue
                for j in range(size):
                    column = number[strip * size + j]
                    if column >= 0 and row - column < width:
                        band[column, row - column] = below[strip, i, j]


@kernel
def spread(band: Floats, number: Integers, half: Floats, diagonal: Floats, below: Floats) -> None:
    """Copy a lower band into blocks, both triangles, and add half @ half.T within the band.

    Parameters
    ----------
    band : ndarray, shape (n, b + 1)
    number : ndarray of int, shape (k * m,)
        As in `fill`.
    half : ndarray, shape (n, g)
    diagonal, below : ndarray, shape (k, m, m), (k - 1, m, m)
    """
    strips, size, _ = diagonal.shape
    width, common = band.shape[1], half.shape[1]
    for strip in range(strips):
        for i in range(size):
            row = number[strip * size + i]
            if row < 0:
                continue
            for j in range(i + 1):
                column = number[strip * size + j]
                if column >= 0 and row - column < width:
                    value = band[column, row - column]
                    for g in range(common):
                        value += half[row, g] * half[column, g]
                    diagonal[strip, i, j] = value
                    diagonal[strip, j, i] = value
        if strip + 1 < strips:
            for i in range(size):
                row = number[(strip + 1) * size + i]
                if row < 0:
                    continue
                for j in range(size):
                    column = number[strip * size + j]
                    if column >= 0 and row - column < width:
                        value = band[column, row - column]
                        for g in range(common):
                            value += half[row, g] * half[column, g]
                        below[strip, i, j] = value


@kernel
def take(band: Floats, first: int, out: Floats) -> None:
    """Copy columns of a lower band from `first` on into out (columns, rows), from row `first` on.

    Above the diagonal and beyond the band `out` is set to 0.
    """
    width = band.shape[1]
    for c in range(out.shape[0]):
        for r in range(out.shape[1]):
            out[c, r] = band[first + c, r - c] if c <= r < c + width else 0.0


@kernel
def put(values: Floats, first: int, band: Floats) -> None:
    """Copy values (rows, columns) into the columns of a lower band from `first` on."""
    width = band.shape[1]
    for c in range(values.shape[1]):
        for r in range(c, min(values.shape[0], c + width)):
            band[first + c, r - c] = values[r, c]


def lower_band(size: int, reach: int) -> Floats:
    """Return an empty lower band (size, reach + 1); its transpose is LAPACK's."""
    return np.zeros((size, reach + 1))
