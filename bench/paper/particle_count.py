"""Particles counted by one segmentation, with the same parameters in every image.

The ground taken off by a white top-hat, Otsu's threshold, small objects dropped, touching ones
parted by a watershed of the distance to the edge; and simulated images of particles of known number
that the count is tried on. The top-hat was added after the first count: without it one bright
particle of the SEM image took the whole threshold, raw and restored.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from stembench.arrays import Floats, Integers

#: Radius of the top-hat, px: the ground is what is wider.
GROUND: Final = 12
#: Objects of fewer px are dropped.
SMALLEST: Final = 30
#: Two particles' centres are at least this far apart, px.
APART: Final = 7
#: Radii of the simulated particles, px; brightness over the background; background; softness, px.
_RADII: Final = (5.0, 9.0)
_BRIGHT: Final = (0.5, 1.0)
_BACKGROUND: Final = 0.25
_SOFT: Final = 1.0
_MARGIN: Final = 12
_GAP: Final = 2.0


def segmented(image: Floats) -> Integers:
    """Label the particles of an image (h, w): 0 the ground, 1, 2, ... particles."""
    from scipy.ndimage import distance_transform_edt
    from skimage.feature import peak_local_max
    from skimage.filters import threshold_otsu
    from skimage.measure import label
    from skimage.morphology import disk, white_tophat
    from skimage.segmentation import watershed

    above = white_tophat(image, footprint=disk(GROUND))  # type: ignore[no-untyped-call]
    bright = above > threshold_otsu(above)  # type: ignore[no-untyped-call]
    parts = label(bright)  # type: ignore[no-untyped-call]
    size = np.bincount(parts.ravel())
    size[0] = 0
    kept = (size >= SMALLEST)[parts]
    depth = distance_transform_edt(kept)
    joined = label(kept)  # type: ignore[no-untyped-call]
    peaks = peak_local_max(  # type: ignore[no-untyped-call]
        depth, min_distance=APART, labels=joined, exclude_border=False
    )
    seeds = np.zeros(image.shape, dtype=np.int64)
    seeds[tuple(peaks.T)] = np.arange(1, len(peaks) + 1)
    parted = watershed(-depth, seeds, mask=kept)  # type: ignore[no-untyped-call]
    return np.asarray(parted, dtype=np.int64)


def count_particles(image: Floats) -> int:
    """Count the particles of an image (h, w)."""
    return int(segmented(image).max())


@dataclass(frozen=True, kw_only=True)
class SimulatedParticles:
    """A noise-free image of particles.

    Attributes
    ----------
    image : ndarray, shape (side, side)
        Between 0 and 1.
    number : int
        Particles in it.
    """

    image: Floats
    number: int


def simulated_particles(
    rng: np.random.Generator, *, side: int = 256, tries: int = 60
) -> SimulatedParticles:
    """Draw discs with soft edges that do not touch, on an even ground.

    Parameters
    ----------
    rng : numpy.random.Generator
    side : int
        Of the image, px.
    tries : int
        Places that are tried; those too near to an earlier particle are left out.
    """
    from scipy.ndimage import gaussian_filter

    rows, columns = np.mgrid[:side, :side]
    image = np.full((side, side), _BACKGROUND)
    placed: list[tuple[float, float, float]] = []
    for _ in range(tries):
        radius = rng.uniform(*_RADII)
        y, x = rng.uniform(_MARGIN, side - _MARGIN, 2)
        height = rng.uniform(*_BRIGHT)
        if any(np.hypot(y - v, x - u) < radius + r + _GAP for v, u, r in placed):
            continue
        placed.append((y, x, radius))
        image[np.hypot(rows - y, columns - x) < radius] = height + _BACKGROUND * (1 - height)
    soft: Floats = gaussian_filter(image, _SOFT)
    return SimulatedParticles(image=soft, number=len(placed))
