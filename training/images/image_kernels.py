"""Compiled loops over atoms, frequencies and pixels. Import this file where it is used."""

from pathlib import Path
from typing import Any, Final

import numpy as np

from stembench.arrays import Floats, Integers
from stembench.compiled import Compiler, cache_folder

# Strict IEEE arithmetic: a pair is the same on every machine.
_COMPILER: Final = Compiler(folder=cache_folder("superposition", (Path(__file__),)))
kernel = _COMPILER.kernel


@kernel
def spread(
    positions: Floats, numbers: Integers, number: int, scale: Floats, window: Floats, width: int,
    grid: Floats,
) -> None:  # fmt: skip
    """Add a window about each atom of one element to a periodic grid.

    Parameters
    ----------
    positions : ndarray, shape (n, 3)
        x, y, z in Å.
    numbers : ndarray of int, shape (n,)
        Atomic numbers.
    number : int
        The element that counts.
    scale : ndarray, shape (2,)
        Grid points per Å along x and y.
    window : ndarray, shape (k width + 2,)
        The window from its middle to half its width, k samples for half a grid point.
    width : int
        Of the window in grid points.
    grid : ndarray, shape (h, w)
        Added to.
    """
    height, length = grid.shape
    fine = (len(window) - 2) / (width / 2)
    across = np.empty(width)
    for each in range(len(numbers)):
        if numbers[each] != number:
            continue
        x, y = positions[each, 0] * scale[0], positions[each, 1] * scale[1]
        if x < 0.0 or y < 0.0 or x >= length or y >= height:
            continue
        left = int(np.ceil(x - width / 2))
        top = int(np.ceil(y - width / 2))
        for k in range(width):
            place = abs(left + k - x) * fine
            i = int(place)
            across[k] = window[i] + (place - i) * (window[i + 1] - window[i])
        for j in range(width):
            place = abs(top + j - y) * fine
            i = int(place)
            down = window[i] + (place - i) * (window[i + 1] - window[i])
            row = grid[(top + j) % height]
            if left >= 0 and left + width <= length:
                for k in range(width):
                    row[left + k] += down * across[k]
            else:
                for k in range(width):
                    row[(left + k) % length] += down * across[k]


@kernel
def add_spectrum(
    structure: Any, rows: Floats, columns: Floats, transform: Floats, step: float, out: Any
) -> None:
    """Multiply the low frequencies of a fine grid by a radial transform and add them.

    Parameters
    ----------
    structure : ndarray of complex, shape (H, W // 2 + 1)
        Transform of the fine grid, half of it.
    rows, columns : ndarray, shape (h,), (w // 2 + 1,)
        Frequencies of the image in 1/Å along y and x.
    transform : ndarray, shape (n,)
        At frequencies 0, step, 2 step, ... in 1/Å.
    step : float
    out : ndarray of complex, shape (h, w // 2 + 1)
        Added to.
    """
    height = len(rows)
    for j in range(height):
        source = structure[j if rows[j] >= 0 else j - height + len(structure)]
        for i in range(len(columns)):
            place = np.sqrt(rows[j] ** 2 + columns[i] ** 2) / step
            k = int(place)
            value = transform[k] + (place - k) * (transform[k + 1] - transform[k])
            out[j, i] += value * source[i]


@kernel
def nearest_two(points: Floats, height: int, width: int, which: Integers, border: Floats) -> None:
    """Voronoi cell of each pixel, and the distance to its border.

    Parameters
    ----------
    points : ndarray, shape (n, 2)
        x and y in px, n >= 2.
    height, width : int
    which : ndarray of int, shape (h, w)
        Nearest point; written.
    border : ndarray, shape (h, w)
        Distance to the bisector with the second nearest point in px; written.
    """
    for row in range(height):
        for column in range(width):
            first, second = np.inf, np.inf
            one, two = 0, 0
            for each in range(len(points)):
                square = (points[each, 0] - column) ** 2 + (points[each, 1] - row) ** 2
                if square < first:
                    second, two = first, one
                    first, one = square, each
                elif square < second:
                    second, two = square, each
            apart = np.sqrt(
                (points[one, 0] - points[two, 0]) ** 2 + (points[one, 1] - points[two, 1]) ** 2
            )
            which[row, column] = one
            border[row, column] = (second - first) / (2 * max(apart, 1e-12))
