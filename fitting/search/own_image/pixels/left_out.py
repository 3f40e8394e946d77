"""Which pixels of an own image take part in its fit, and why the others do not."""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from fitting.search.own_image.pixels.constant_areas import ConstantAreas, constant_areas
from fitting.search.own_image.pixels.far_values import far_marks, islands
from fitting.search.own_image.pixels.marks import drawn_marks
from fitting.search.own_image.pixels.outliers import thin_outliers
from fitting.search.own_image.pixels.pixel_noise import PixelNoise, measure_noise
from fitting.search.own_image.pixels.repeated_lines import RepeatedLines, repeated_lines
from fitting.search.own_image.pixels.tapered_edges import TaperedEdges, tapered_edges
from stembench.arrays import Bools, Floats

#: Fewest pixels to fit anything to.
FEWEST: Final = 25
#: More outliers than this part of the pixels are no outliers, and more drawings no drawings.
_MOST_OUTLIERS: Final = 0.1
_MOST_DRAWN: Final = 0.3


@dataclass(frozen=True, kw_only=True)
class LeftOut:
    """Pixels of an image that are left out of its fit.

    Attributes
    ----------
    valid : ndarray of bool, shape (rows, columns)
        Pixels that take part.
    areas : ConstantAreas
    repeated : RepeatedLines
    tapered : TaperedEdges
    outliers : ndarray of bool, shape (rows, columns)
        Drawings among them.
    drawn : ndarray of bool, shape (rows, columns)
        Drawings, with what they mixed.
    too_many : bool
        Whether outliers were so many that they take part.
    noise : PixelNoise
        Of those that take part.
    """

    valid: Bools
    areas: ConstantAreas
    repeated: RepeatedLines
    tapered: TaperedEdges
    outliers: Bools
    drawn: Bools
    too_many: bool
    noise: PixelNoise

    def without(self, found: Bools) -> "LeftOut":
        """Leave out these outliers too, unless they are too many to be such."""
        together = self.outliers | found
        if np.count_nonzero(together & ~self.drawn) > _MOST_OUTLIERS * self.valid.size:
            return replace(self, too_many=True)
        return replace(
            self, outliers=together, valid=np.asarray(self.valid & ~found, dtype=np.bool_)
        )


def all_taken(pixels: Floats, valid: Bools) -> LeftOut:
    """Leave out nothing but what is not valid.

    Parameters
    ----------
    pixels : ndarray, shape (rows, columns)
        Image in any unit; finite where `valid`.
    valid : ndarray of bool, shape (rows, columns)
    """
    none = np.zeros_like(valid)
    return LeftOut(
        valid=valid,
        areas=ConstantAreas(none, none, none, ()),
        repeated=RepeatedLines(none),
        tapered=TaperedEdges(none, (0, 0, 0, 0), none),
        outliers=none,
        drawn=none,
        too_many=False,
        noise=measure_noise(pixels, valid),
    )


def left_out(pixels: Floats, valid: Bools) -> LeftOut:
    """Find the pixels that no scene of columns makes: areas, copies, dimmed edges, outliers.

    Parameters
    ----------
    pixels : ndarray, shape (rows, columns)
        Image in any unit; finite where `valid`.
    valid : ndarray of bool, shape (rows, columns)
    """
    out = all_taken(pixels, valid)
    repeated = repeated_lines(pixels, valid)
    if _enough(valid & ~repeated.pixels):
        out, valid = replace(out, repeated=repeated), valid & ~repeated.pixels
    tapered = tapered_edges(pixels, valid)
    if _enough(valid & ~tapered.pixels):
        out, valid = replace(out, tapered=tapered), valid & ~tapered.pixels
    areas = constant_areas(pixels, valid)
    if _enough(valid & ~areas.areas):
        out, valid = replace(out, areas=areas), valid & ~areas.areas & ~areas.saturated
    noise = measure_noise(pixels, valid)
    drawn = far_marks(pixels, valid, noise)
    drawn |= drawn_marks(pixels, valid & ~out.areas.cut & ~drawn, noise)
    if np.count_nonzero(drawn) <= _MOST_DRAWN * valid.size:
        out, valid = replace(out, drawn=drawn, outliers=drawn), valid & ~drawn
    else:
        out = replace(out, too_many=True)
    found = thin_outliers(pixels, valid, noise)
    # Without what was found, what is left of large drawings stands out.
    found |= far_marks(pixels, valid & ~found, noise)
    found |= islands(valid & ~found)
    out = replace(out, valid=valid).without(found)
    return replace(out, noise=measure_noise(pixels, out.valid))


def _enough(valid: Bools) -> bool:
    return int(np.count_nonzero(valid)) >= FEWEST
