"""Soft particles: the asymmetric version of equation (17), turned at random."""

import math

import numpy as np

from stembench.arrays import Floats
from training.images.image_ranges import RADIAL, SOFT
from training.images.low_resolution.objects import object_places, turned, window
from training.specimens.specimen_ranges import draw_whole

#: Where the slowest part of (17), the exponential, has fallen to 1e-3.
_REACH = 7.0


def soft_particles(rng: np.random.Generator, shape: tuple[int, int]) -> Floats:
    """Superimpose soft particles, shape (h, w)."""
    image = np.zeros(shape)
    places = object_places(rng, shape, count=draw_whole(SOFT.ranges["count"], rng))
    exponent = RADIAL.ranges["exponent"].draw(rng)
    height = RADIAL.ranges["height"]
    for place in places:
        along = SOFT.ranges["size"].draw(rng) * min(shape)
        across = SOFT.ranges["aspect"].draw(rng) * along
        angle = 2 * math.pi * rng.random()
        h1, h2, h3 = (height.draw(rng) for _ in range(3))
        view = window(image, place, _REACH * max(along, across))
        u, v = turned(view, angle)
        square = np.square(u / along) + np.square(v / across)
        view.add(h1 * np.exp(-square / 2) + h2 * np.exp(-np.sqrt(square)))
        view.add(h3 / (1 + square**exponent))
    return image
