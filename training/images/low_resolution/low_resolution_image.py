"""An image at low resolution: a random set of kinds of objects, superimposed."""

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np

from stembench.arrays import Floats
from training.images.image_ranges import KINDS, OBJECTS
from training.images.low_resolution.boxes import boxes
from training.images.low_resolution.cracks import cracks
from training.images.low_resolution.grains import grains
from training.images.low_resolution.parallel_bands import bands
from training.images.low_resolution.sharp_particles import sharp_particles
from training.images.low_resolution.soft_particles import soft_particles
from training.specimens.specimen_ranges import draw_whole

#: What draws each kind, in the order of `KINDS`.
RENDERERS: Final[Mapping[str, Callable[[np.random.Generator, tuple[int, int]], Floats]]] = {
    "soft": soft_particles,
    "sharp": sharp_particles,
    "grains": grains,
    "bands": bands,
    "boxes": boxes,
    "cracks": cracks,
}


def draw_kinds(rng: np.random.Generator) -> tuple[str, ...]:
    """Draw which kinds of objects an image has, in the order of `KINDS`."""
    count = draw_whole(OBJECTS.ranges["kinds"], rng)
    chosen = rng.choice(len(KINDS), count, replace=False)
    return tuple(KINDS[k] for k in np.sort(chosen))


def low_resolution_image(
    rng: np.random.Generator, shape: tuple[int, int], *, kinds: tuple[str, ...]
) -> Floats:
    """Superimpose kinds of objects, each with a random weight.

    Parameters
    ----------
    rng : numpy.random.Generator
    shape : tuple of two int
        Rows and columns in px.
    kinds : tuple of str
        From `KINDS`.

    Returns
    -------
    ndarray, shape (h, w)
        Not negative.
    """
    image = np.zeros(shape)
    for kind in kinds:
        layer = RENDERERS[kind](rng, shape)
        image += OBJECTS.ranges["weight"].draw(rng) * layer / (float(layer.max()) or 1.0)
    return image
