"""From read-out counts to the stored image, which both chains end with: (37)-(40), (52)-(55)."""

from collections.abc import Mapping
from typing import Protocol

import numpy as np

from noise.stages.digitiser import Clip, Quantisation, quantise, saturate
from noise.stages.point_defects import PointDefects, multiply_defects
from stembench.arrays import Floats


class StoredStages(Protocol):
    """The stages of a chain that come last; None leaves a stage out."""

    @property
    def black_pixels(self) -> PointDefects | None:
        """Pixels that record too little."""

    @property
    def zingers(self) -> PointDefects | None:
        """Pixels that record far too much."""

    @property
    def clip(self) -> Clip | None:
        """Where the converter saturates."""

    @property
    def quantisation(self) -> Quantisation | None:
        """Levels of the converter."""


def store(
    counts: Floats,
    streams: Mapping[str, np.random.Generator],
    *,
    noise: StoredStages,
    peak: float,
) -> Floats:
    """Apply point defects, the upper clip and quantisation to one image.

    Parameters
    ----------
    counts : ndarray, shape (h, w)
        Electrons per pixel.
    streams : mapping of str to numpy.random.Generator
        Of the stages 'black_pixels' and 'zingers'.
    noise : ScanNoise or TemNoise
    peak : float
        Largest expected count of the clean image, by which the converter's range is set.

    Returns
    -------
    ndarray, shape (h, w)
    """
    if noise.black_pixels is not None:
        counts = multiply_defects(counts, streams["black_pixels"], defects=noise.black_pixels)
    if noise.zingers is not None:
        counts = multiply_defects(counts, streams["zingers"], defects=noise.zingers)
    if peak > 0:  # an empty image has no maximum for the converter to be set by
        if noise.clip is not None:
            counts = saturate(counts, threshold=noise.clip.level * peak)
        if noise.quantisation is not None:
            counts = quantise(counts, gain=noise.quantisation.levels / peak)
    return counts
