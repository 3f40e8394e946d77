"""Bands: straight strips across the image, such as layers seen edge-on (ours)."""

import math

import numpy as np

from stembench.arrays import Floats
from training.images.image_ranges import BANDS
from training.images.low_resolution.objects import filled, object_places, plane_coefficients
from training.specimens.specimen_ranges import draw_whole


def bands(rng: np.random.Generator, shape: tuple[int, int]) -> Floats:
    """Superimpose parallel bands, shape (h, w)."""
    height, width = shape
    y, x = np.mgrid[:height, :width].astype(np.float64)
    angle = 2 * math.pi * rng.random()
    c, s = math.cos(angle), math.sin(angle)
    image = np.zeros(shape)
    for place in object_places(rng, shape, count=draw_whole(BANDS.ranges["count"], rng)):
        half = BANDS.ranges["width"].draw(rng) * min(shape) / 2
        u, v = x - place[0], y - place[1]
        middle, along, down = plane_coefficients(rng, max(shape))
        image += filled(np.abs(c * u + s * v) - half) * np.maximum(middle + along * u + down * v, 0)
    return image
