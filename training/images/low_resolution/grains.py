"""Grains: the cells of a Voronoi tessellation with planes of intensity."""

import numpy as np

from stembench.arrays import Floats
from training.images.image_ranges import GRAINS
from training.images.low_resolution.objects import filled, object_places, plane_coefficients
from training.specimens.specimen_ranges import draw_whole


def grains(rng: np.random.Generator, shape: tuple[int, int]) -> Floats:
    """Fill an image (h, w) with grains."""
    from training.images.image_kernels import nearest_two

    height, width = shape
    places = object_places(rng, shape, count=draw_whole(GRAINS.ranges["count"], rng))
    which = np.empty(shape, dtype=np.int64)
    border = np.empty(shape)
    nearest_two(places, height, width, which, border)
    reach = np.sqrt(height * width / len(places))  # a grain's size
    planes = np.array([plane_coefficients(rng, reach) for _ in places])
    y, x = np.mgrid[:height, :width]
    away = places[which]
    image = planes[which, 0] + planes[which, 1] * (x - away[..., 0])
    image = np.maximum(image + planes[which, 2] * (y - away[..., 1]), 0.0)
    if GRAINS.choices["border"].draw(rng):
        half = GRAINS.ranges["border_width"].draw(rng) / 2
        level = np.array([GRAINS.ranges["border"].draw(rng) for _ in places])
        area = np.bincount(which.ravel(), minlength=len(places))
        mean = np.bincount(which.ravel(), image.ravel(), len(places)) / np.maximum(area, 1)
        line = filled(border - half)
        image = (1 - line) * image + line * (level * mean)[which]
    return np.asarray(image, dtype=np.float64)
