"""Cracks: narrow lines that wander across the image and end in a tip (ours)."""

import math

import numpy as np

from stembench.arrays import Floats
from training.images.image_ranges import CRACKS
from training.images.low_resolution.objects import filled, object_places, window
from training.specimens.specimen_ranges import draw_whole


def cracks(rng: np.random.Generator, shape: tuple[int, int]) -> Floats:
    """Draw cracks of intensity up to 1, shape (h, w); contrast inversion makes them dark."""
    image = np.zeros(shape)
    for place in object_places(rng, shape, count=draw_whole(CRACKS.ranges["count"], rng)):
        half = CRACKS.ranges["width"].draw(rng) / 2
        step = CRACKS.ranges["step"].draw(rng) * min(shape)
        bend = CRACKS.ranges["bend"].draw(rng)
        steps = draw_whole(CRACKS.ranges["steps"], rng)
        level = CRACKS.ranges["level"].draw(rng)
        crack = np.zeros(shape)
        angle = 2 * math.pi * rng.random()
        start = place
        for k in range(steps):
            angle += bend * float(rng.standard_normal())
            end = start + step * np.array([math.cos(angle), math.sin(angle)])
            _add_piece(crack, start, end, half=max(0.5, half * (1 - k / steps)))
            start = end
        image += level * crack
    return image


def _add_piece(crack: Floats, start: Floats, end: Floats, *, half: float) -> None:
    """Draw one straight piece with round ends where the crack is not yet drawn."""
    way = end - start
    length = float(np.hypot(*way))
    view = window(crack, (start + end) / 2, length / 2 + half + 1)
    if not view.pixels.size:
        return
    u = (way[0] * view.x + way[1] * view.y) / length
    v = (way[0] * view.y - way[1] * view.x) / length
    beyond = np.maximum(np.abs(u) - length / 2, 0.0)
    view.pixels[:] = np.maximum(view.pixels, filled(np.hypot(beyond, v) - half))
