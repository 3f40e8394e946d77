"""Poisson counts by guide tables: exact, and several times as fast as numpy's, in other draws.

An expectation λ is split into λ₀ on a grid and the rest: the sum of two Poisson numbers is one.
That of λ₀ is found in its distribution function, at a place that a guide table names (Chen and
Asau, AIIE Transactions 6, 163 (1974)). The rests of all pixels one after another are stretches of
a Poisson process, whose events lie exponential gaps apart. Import this file where it is used: it
loads numba.
"""

import math
from functools import lru_cache
from pathlib import Path
from typing import Final

import numpy as np

from stembench.arrays import Floats, Integers
from stembench.compiled import Compiler, cache_folder

# Strict IEEE arithmetic: a draw is the same on every machine.
_COMPILER: Final = Compiler(folder=cache_folder("counting", (Path(__file__),)))

#: Expected electrons up to which tables lie on a fine and on a coarse grid; beyond, numpy draws.
FINE_END: Final = 32
LARGEST: Final = 512
#: Tables for each expected electron of the fine grid; on the coarse one there is one.
FINE: Final = 4
#: Entries of a guide table.
_GUIDE: Final = 256
#: Fewest gaps between events that are drawn together.
_GAPS: Final = 64

Guide = np.ndarray[tuple[int, int], np.dtype[np.uint16]]
_N_FINE: Final = FINE_END * FINE
_N_TABLES: Final = _N_FINE + LARGEST - FINE_END


@lru_cache(maxsize=1)
def tables() -> tuple[Integers, Integers, Floats, Guide]:
    """Distribution functions of the grid's expectations one after another, and their guides.

    Returns
    -------
    at, smallest : ndarray of int, shape (n + 1,), (n,)
        Where each function begins, and the count that its first value belongs to.
    values : ndarray
        P(count <= k); the last of each is infinite, so that a search ends there.
    guide : ndarray of uint16, shape (n, 256)
        Place in the function from which to search for a number in [j, j + 1) / 256.

    Notes
    -----
    Exact to the rounding of P in double precision (scipy.special.pdtr). What lies below 2⁻⁵⁴ and
    above 1 - 2⁻⁵⁴ is reached by no 53-bit uniform number.
    """
    from scipy.special import pdtr

    means = np.concatenate(
        [np.arange(_N_FINE) / FINE, np.arange(FINE_END, LARGEST, dtype=np.float64)]
    )
    pieces, smallest = [], np.zeros(_N_TABLES, dtype=np.int64)
    guide = np.empty((_N_TABLES, _GUIDE), dtype=np.uint16)
    for n, mean in enumerate(means):
        low = max(0, math.floor(mean - 9 * math.sqrt(mean)))
        high = math.ceil(mean + 10 * math.sqrt(mean) + 20)
        value = pdtr(np.arange(low, high), mean)
        first = int(np.searchsorted(value, 2.0**-54))
        last = int(np.searchsorted(value, 1.0 - 2.0**-53))
        value = value[first : last + 1].copy()
        smallest[n] = low + first
        value[-1] = np.inf
        guide[n] = np.searchsorted(value, np.arange(_GUIDE) / _GUIDE, side="right")
        pieces.append(value)
    at = np.concatenate([[0], np.cumsum([len(piece) for piece in pieces])]).astype(np.int64)
    return at, smallest, np.concatenate(pieces), guide


@_COMPILER.kernel
def _count(
    expected: Floats,
    uniform: Floats,
    gaps: Floats,
    at: Integers,
    smallest: Integers,
    values: Floats,
    guide: Guide,
    place: Floats,
    out: Floats,
) -> int:
    """Write counts of expectations from `place` on; returns where the gaps between events ran out.

    `place` holds the next expectation, how far the next event of the rests is away then, and how
    many gaps were used before it.
    """
    left = place[1]
    used = 0
    for i in range(int(place[0]), len(expected)):
        mean = expected[i]
        if not mean < LARGEST:
            continue
        if mean < FINE_END:
            n = int(mean * FINE)
            rest = mean - n / FINE
        else:
            n = _N_FINE + int(mean) - FINE_END
            rest = mean - int(mean)
        u = uniform[i]
        k = at[n] + guide[n, int(u * _GUIDE)]
        while u >= values[k]:
            k += 1
        count = smallest[n] + k - at[n]
        place[0], place[1], place[2] = i, left, used
        left -= rest
        while left < 0.0:
            if used == len(gaps):
                return i
            left += gaps[used]
            used += 1
            count += 1
        out[i] = count
    return len(expected)


def count_by_tables(expected: Floats, rng: np.random.Generator) -> Floats:
    """Poisson counts of `expected` electrons per pixel, shape as given; exact.

    Raises
    ------
    ValueError
        If an expectation is negative, not finite or too large for numpy to count.
    """
    flat = np.ascontiguousarray(expected, dtype=np.float64).ravel()
    if not (flat >= 0).all():
        raise ValueError("expectations of counts must be zero or more")
    out = np.empty_like(flat)
    uniform = rng.random(len(flat))
    gaps = rng.standard_exponential(_GAPS + len(flat) // FINE)
    place = np.array([0.0, gaps[0], 0.0])
    gaps = gaps[1:]
    while _count(flat, uniform, gaps, *tables(), place, out) < len(flat):
        more = rng.standard_exponential(_GAPS + len(flat) // FINE)
        gaps = np.concatenate([gaps[int(place[2]) :], more])
    large = flat >= LARGEST
    if large.any():
        out[large] = rng.poisson(flat[large])
    return out.reshape(np.shape(expected))
