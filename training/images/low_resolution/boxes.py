"""Boxes: rectangles with planes of intensity, such as devices and facetted crystals (ours)."""

import math

import numpy as np

from stembench.arrays import Floats
from training.images.image_ranges import BOXES
from training.images.low_resolution.objects import (
    add_plane,
    filled,
    object_places,
    turned,
    window,
)
from training.specimens.specimen_ranges import draw_whole


def boxes(rng: np.random.Generator, shape: tuple[int, int]) -> Floats:
    """Superimpose boxes, shape (h, w)."""
    image = np.zeros(shape)
    for place in object_places(rng, shape, count=draw_whole(BOXES.ranges["count"], rng)):
        half = BOXES.ranges["size"].draw(rng) * min(shape)
        short = half * BOXES.ranges["aspect"].draw(rng)
        reach = math.hypot(half, short)
        view = window(image, place, reach + 1)
        u, v = turned(view, 2 * math.pi * rng.random())
        share = filled(np.abs(u) - half) * filled(np.abs(v) - short)
        add_plane(rng, view, share, reach=reach)
    return image
