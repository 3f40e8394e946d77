"""Row lines: pieces of scan lines over which the detector does not follow, equation (51)."""

from dataclasses import dataclass

import numpy as np

from noise.ranges import RANGES
from stembench.arrays import Floats
from stembench.limits import require


@dataclass(frozen=True)
class RowLines:
    """Random pieces of scan lines replaced by their mean times a random factor.

    Attributes
    ----------
    rate : float
        Mean number of pieces per scan line, >= 0; their number in an image is Poisson distributed.
    shortest, longest : int
        Length of a piece in px, uniform between these; what crosses the image's edge is cut.
    low, high : float
        Limits of the uniform factor.
    """

    rate: float
    shortest: int
    longest: int
    low: float = 0.5
    high: float = 1.5

    def __post_init__(self) -> None:
        require(self.rate, "row-line rate", low=0)
        require(self.shortest, "shortest row line", low=1, unit="px")
        require(self.longest, "longest row line", low=self.shortest, unit="px")
        require(self.low, "lowest row-line factor", low=0)
        require(self.high, "highest row-line factor", low=self.low)

    @classmethod
    def sample(cls, rng: np.random.Generator) -> "RowLines":
        """Draw parameters over the ranges of `noise.ranges`."""
        lengths = sorted(round(RANGES["row_lines.length"].draw(rng)) for _ in range(2))
        factor = RANGES["row_lines.factor"]
        return cls(
            rate=RANGES["row_lines.rate"].draw(rng),
            shortest=lengths[0],
            longest=lengths[1],
            low=factor.low,
            high=factor.high,
        )


def replace_row_lines(image: Floats, rng: np.random.Generator, *, row_lines: RowLines) -> Floats:
    """Replace random pieces of lines by their mean intensity times a random factor, (51).

    Parameters
    ----------
    image : ndarray, shape (h, w)
    rng : numpy.random.Generator
    row_lines : RowLines

    Returns
    -------
    ndarray, shape (h, w)
        A new array; other pixels are as they were.
    """
    out = image.copy()
    height, width = image.shape
    count = int(rng.poisson(row_lines.rate * height))
    rows = rng.integers(height, size=count)
    starts = rng.integers(width, size=count)
    lengths = rng.integers(row_lines.shortest, row_lines.longest, size=count, endpoint=True)
    factors = rng.uniform(row_lines.low, row_lines.high, size=count)
    for row, start, length, factor in zip(rows, starts, lengths, factors, strict=True):
        piece = out[row, start : start + length]
        piece[:] = piece.mean() * factor
    return out
