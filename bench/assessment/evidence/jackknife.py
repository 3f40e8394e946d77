"""Errors of estimates from blocks of lines that are left out by turns."""

from typing import Final

import numpy as np

from stembench.arrays import Floats, Integers

#: Blocks of lines.
BLOCKS: Final = 16


def blocks_of_lines(lines: int) -> Integers:
    """Block of each of some lines, 0 ... `BLOCKS` - 1, shape (lines,)."""
    return (np.arange(lines) * BLOCKS // lines).astype(np.int64)


def jackknife_error(left_out: Floats) -> Floats:
    """Standard error (...) of a value from those with one block left out, (blocks, ...).

    B. Efron and C. Stein, Ann. Stat. 9, 586 (1981): (K - 1) / K times the sum of squares.
    """
    count = len(left_out)
    squares = np.square(left_out - left_out.mean(axis=0)).sum(axis=0)
    return np.asarray(np.sqrt((count - 1) / count * squares), dtype=np.float64)


def error_quantile() -> float:
    """Half of a 95 % interval in standard errors: Student's t of one degree less than blocks."""
    from scipy.stats import t

    return float(t.ppf(0.975, BLOCKS - 1))
