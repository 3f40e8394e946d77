"""Row lines: pieces of scan lines over which the detector does not follow, equation (51)."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from noise.ranges import Chance, Range
from noise.stages.stage import Context, Example, Stage
from stembench.arrays import Floats
from stembench.limits import require

RANGES: Final = {
    "rate": Range(
        1 / 256, 12 / 256, "per line", "log", "one to twelve lines in an image of 256 lines"
    ),
    "length": Range(8, 192, "px", "log", "lines seen in published pairs are 20 to 120 px long"),
    "factor": Range(0.5, 1.5, "", "linear", "paper, before (51)"),
}


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
        """Draw parameters over `RANGES`."""
        lengths = sorted(round(RANGES["length"].draw(rng)) for _ in range(2))
        factor = RANGES["factor"]
        return cls(
            rate=RANGES["rate"].draw(rng),
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


def _apply(image: Floats, row_lines: RowLines, context: Context, /) -> Floats:
    return replace_row_lines(image, context.streams["row_lines"], row_lines=row_lines)


STAGES: Final = (
    Stage(
        name="row_lines",
        settings=RowLines,
        apply=_apply,
        summary="pieces of scan lines that the detector does not follow",
        equations="(51)",
        streams=("row_lines",),
        chance=Chance(0.15, "seen in 2 of 31 published S(T)EM pairs, doubled for training"),
        ranges=RANGES,
        sample=RowLines.sample,
        # Four pieces in 256 scan lines.
        typical=RowLines(rate=4 / 256, shortest=16, longest=128),
        symbols={
            "rate": ("pieces per line", ""),
            "shortest": ("shortest", " px"),
            "longest": ("longest", " px"),
            "low": ("lowest factor", ""),
            "high": ("highest factor", ""),
        },
        examples=(
            Example(
                "row lines (51)",
                "12 in 100 lines",
                RowLines(rate=0.12, shortest=20, longest=70),
            ),
        ),
    ),
)
