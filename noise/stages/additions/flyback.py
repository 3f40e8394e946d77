"""Flyback: the beam has not settled when a scan line starts, and its first pixels are displaced.

The paper names it, before (47): 'strong distortions may appear on the left-hand side of the images
due to the discontinuity in the scan pattern between consecutive lines'. It gives no equation; the
exponential settling is ours.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from noise.ranges import Chance
from noise.stages.stage import Context, Example, Stage
from stembench.arrays import Floats
from stembench.errors import InputError
from stembench.limits import require


@dataclass(frozen=True)
class Flyback:
    """Settling of the scan coils after each flyback, the same on every line.

    Pixel k of a line is read at k + amplitude · exp(-k / length). A positive amplitude is a beam
    that comes late from the end of the line before: what lies further right is read too early.

    Attributes
    ----------
    amplitude : float
        Displacement along the fast scan at the first pixel of a line in Å.
    length : float
        Decay length in px, > 0: the coils' settling time over the dwell time.
    """

    amplitude: float
    length: float

    def __post_init__(self) -> None:
        if not np.isfinite(self.amplitude):
            raise InputError(f"the flyback amplitude must be finite, not {self.amplitude} Å")
        require(self.length, "flyback length", low=0, open_low=True, unit="px")

    def displacement(self, pixels: Floats) -> Floats:
        """Displacement in Å at the pixels of a line, counted from its first, shape (n,).

        A pixel before the first, where there is no scan yet, has that of the first.
        """
        settled = np.exp(-np.maximum(pixels, 0.0) / self.length)
        return np.asarray(self.amplitude * settled, dtype=np.float64)


def settle(image: Floats, displacement: Floats) -> Floats:
    """Read every line at (column + displacement[column]) by the cubic spline, as (42) does.

    Parameters
    ----------
    image : ndarray, shape (h, w)
        Fractions of the beam.
    displacement : ndarray, shape (w,)
        In px along the fast scan.

    Returns
    -------
    ndarray, shape (h, w)
        Not below zero; mirrored beyond the ends of a line.
    """
    from scipy import ndimage

    rows, columns = np.indices(image.shape, dtype=np.float64)
    read = ndimage.map_coordinates(image, (rows, columns + displacement), order=3, mode="mirror")
    return np.asarray(np.maximum(read, 0.0), dtype=np.float64)


def _apply(image: Floats, flyback: Flyback, context: Context, /) -> Floats:
    pixels = np.arange(image.shape[1], dtype=np.float64) - context.margin
    return settle(image, flyback.displacement(pixels) / context.sampling)


STAGES: Final = (
    Stage(
        name="flyback",
        settings=Flyback,
        apply=_apply,
        summary="first pixels of each line displaced, exponential settling (ours)",
        equations="text before (47)",
        chance=Chance(0.0, "ours; the paper gives no equation, and a delay avoids it"),
        symbols={"amplitude": ("first pixel displaced by", " Å"), "length": ("settling in", " px")},
        examples=(Example("flyback (ours)", "4 Å, 12 px", Flyback(amplitude=4.0, length=12.0)),),
    ),
)
