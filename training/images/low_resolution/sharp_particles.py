"""Sharp particles: polygons and ellipses with a plane of intensity."""

import math

import numpy as np

from stembench.arrays import Floats
from training.images.image_ranges import SHARP
from training.images.low_resolution.objects import (
    Window,
    add_plane,
    edges,
    filled,
    object_places,
    turned,
    window,
)
from training.specimens.specimen_ranges import draw_whole


def sharp_particles(rng: np.random.Generator, shape: tuple[int, int]) -> Floats:
    """Superimpose sharp particles, shape (h, w)."""
    image = np.zeros(shape)
    for place in object_places(rng, shape, count=draw_whole(SHARP.ranges["count"], rng)):
        radius = SHARP.ranges["size"].draw(rng) * min(shape)
        view = window(image, place, radius + 1)
        if SHARP.choices["polygon"].draw(rng):
            distance = _polygon(rng, view, radius)
        else:
            distance = _ellipse(rng, view, radius)
        add_plane(rng, view, filled(distance), reach=radius)
    return image


def _polygon(rng: np.random.Generator, view: Window, radius: float) -> Floats:
    """Distance to the edge of a polygon with its corners on a circle, negative inside."""
    corners = np.sort(rng.random(draw_whole(SHARP.ranges["vertices"], rng))) * 2 * math.pi
    points = radius * np.stack([np.cos(corners), np.sin(corners)], axis=1)
    distances = [
        normal[0] * (view.x - start[0]) + normal[1] * (view.y - start[1])
        for normal, start in edges(points)
    ]
    return np.asarray(np.max(distances, axis=0), dtype=np.float64)


def _ellipse(rng: np.random.Generator, view: Window, radius: float) -> Floats:
    """Distance to the edge of an ellipse to first order, negative inside."""
    short = radius * SHARP.ranges["aspect"].draw(rng)
    u, v = turned(view, 2 * math.pi * rng.random())
    scaled = np.hypot(u / radius, v / short)
    slope = np.hypot(u / radius**2, v / short**2) / np.maximum(scaled, 1e-12)
    return np.asarray((scaled - 1) / np.maximum(slope, 1 / (2 * radius)), dtype=np.float64)
