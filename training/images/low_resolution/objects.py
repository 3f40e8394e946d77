"""What objects at low resolution share: their places, planes of intensity, and windows."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from stembench.arrays import Floats
from training.images.image_ranges import OBJECTS
from training.specimens.random_points import separated_points


def object_places(rng: np.random.Generator, shape: tuple[int, int], *, count: int) -> Floats:
    """Random places (n, 2), x and y in px: individual points in a box, seen from above."""
    height, width = shape
    sides = np.array([width, height, max(shape)], dtype=np.float64)
    distance = OBJECTS.ranges["distance"].draw(rng)
    return separated_points(rng, sides, count=count, distance=distance)[:, :2]


def plane_coefficients(rng: np.random.Generator, reach: float) -> tuple[float, float, float]:
    """Random plane of intensity, positive and at most 1 within `reach` px of its middle.

    Returns
    -------
    tuple of three float
        Value in the middle, and slopes along x and y per px.
    """
    low, high = np.sort(rng.random(2))
    direction = 2 * math.pi * rng.random()
    slope = (high - low) / (2 * reach)
    return (low + high) / 2, slope * math.cos(direction), slope * math.sin(direction)


@dataclass(frozen=True, eq=False)
class Window:
    """Part of an image about an object.

    Attributes
    ----------
    pixels : ndarray, shape (h, w)
        View of the image: what is added here is added there.
    x, y : ndarray, shape (1, w), (h, 1)
        Pixels relative to the object's middle.
    """

    pixels: Floats
    x: Floats
    y: Floats

    def add(self, values: Floats) -> None:
        """Add values (h, w) to the image."""
        self.pixels[:] += values


def window(image: Floats, place: Floats, reach: float) -> Window:
    """Window of `reach` px about a place (x, y) in px, as much of it as the image has."""
    height, width = image.shape
    left, right = _part(place[0], reach, width)
    top, bottom = _part(place[1], reach, height)
    return Window(
        image[top:bottom, left:right],
        (np.arange(left, right) - place[0])[None, :],
        (np.arange(top, bottom) - place[1])[:, None],
    )


def _part(middle: float, reach: float, length: int) -> tuple[int, int]:
    """First pixel within reach, and the one behind the last; the same if there is none."""
    first = min(max(0, math.floor(middle - reach)), length)
    return first, max(first, min(length, math.ceil(middle + reach) + 1))


def turned(view: Window, angle: float) -> tuple[Floats, Floats]:
    """Coordinates of a window along and across a direction, shape (h, w) each."""
    c, s = math.cos(angle), math.sin(angle)
    return c * view.x + s * view.y, c * view.y - s * view.x


def filled(distance: Floats) -> Floats:
    """Share of each pixel in a shape from its distance in px to the edge, negative inside."""
    return np.clip(0.5 - distance, 0.0, 1.0)


def add_plane(rng: np.random.Generator, view: Window, share: Floats, *, reach: float) -> None:
    """Add a random plane of intensity, masked by the share of each pixel in a shape."""
    middle, along, down = plane_coefficients(rng, reach)
    view.add(share * np.maximum(middle + along * view.x + down * view.y, 0.0))


def edges(corners: Floats) -> Iterator[tuple[Floats, Floats]]:
    """Edges of a convex polygon (n, 2) as outward normals and points on them.

    The corners go round counterclockwise in x, y.
    """
    for start, end in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        way = end - start
        yield np.array([way[1], -way[0]]) / max(float(np.hypot(*way)), 1e-12), start
