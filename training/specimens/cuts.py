"""Cuts: wedges and shapes as intersections of half-spaces, and the atoms that they leave."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from stembench.arrays import Floats
from training.specimens.atom_set import AtomSet
from training.specimens.orientation import random_rotation
from training.specimens.simulation_box import Box
from training.specimens.specimen_ranges import SHAPE, WEDGE, draw_choice, draw_whether, draw_whole

_SIDES: Final = ("top", "bottom", "both")
_SHAPES: Final = ("rod", "polyhedron", "half")


@dataclass(frozen=True)
class Cut:
    """Half-spaces whose intersection is kept or removed.

    Attributes
    ----------
    kind : str
        'wedge', 'rod', 'polyhedron' or 'half'.
    planes : tuple of tuple of four float
        Normal (x, y, z) and offset of each half-space ``normal · r <= offset``, in Å.
    kept : bool
        Whether the atoms inside stay; otherwise they go.
    """

    kind: str
    planes: tuple[tuple[float, float, float, float], ...]
    kept: bool = True

    def applied(self, atoms: AtomSet) -> AtomSet:
        """Return the atoms that the cut leaves."""
        from training.specimens.atom_kernels import inside_all

        planes = np.array(self.planes)
        normals = np.ascontiguousarray(planes[:, :3])
        inside = inside_all(atoms.positions, normals, planes[:, 3].copy())
        return atoms.kept(inside if self.kept else ~inside)


def draw_wedge(rng: np.random.Generator, sides: Floats) -> tuple[Cut, ...]:
    """Draw a wedge at the top, the bottom or both surfaces of a box of `sides` (x, y, z) in Å.

    The paper states its angle and that its direction in the xy plane is random. Ours: the wedge
    begins at a random place of the box along that direction.

    Returns
    -------
    tuple of Cut
        None, one or two.
    """
    happens = draw_whether(WEDGE, rng)
    side = draw_choice(WEDGE, _SIDES, rng)
    cuts = tuple(
        _slope(rng, sides, up=up)
        for up in (True, False)
        if side in ("both", "top" if up else "bottom")
    )
    return cuts if happens else ()


def _slope(rng: np.random.Generator, sides: Floats, *, up: bool) -> Cut:
    """One sloping surface: z <= sides[2] - tan(angle) s, with s the way along its direction."""
    slope = math.tan(math.radians(WEDGE.ranges["angle"].draw(rng)))
    direction = 2 * math.pi * rng.random()
    along = np.array([math.cos(direction), math.sin(direction)])
    reach = float(np.abs(along) @ sides[:2]) / 2
    start = float(along @ sides[:2]) / 2 + reach * (2 * rng.random() - 1)
    # For the bottom: z >= tan(angle) s.
    sign, height = (1.0, float(sides[2])) if up else (-1.0, 0.0)
    plane = (float(slope * along[0]), float(slope * along[1]), sign, height + slope * start)
    return Cut("wedge", (plane,))


def draw_shape(rng: np.random.Generator, box: Box) -> tuple[Cut, ...]:
    """Draw one of the three shapes over the ranges of `SHAPE`, at a random place of the box.

    Returns
    -------
    tuple of Cut
        None or one.
    """
    happens = draw_whether(SHAPE, rng)
    kind = draw_choice(SHAPE, _SHAPES, rng)
    kept = SHAPE.choices["kept"].draw(rng)
    centre = rng.random(3) * box.sides
    radius = SHAPE.ranges["radius"].draw(rng) * box.longest
    if kind == "rod":
        planes = _rod(rng, draw_whole(SHAPE.ranges["rod_vertices"], rng), radius=radius)
    elif kind == "polyhedron":
        planes = _polyhedron(rng, draw_whole(SHAPE.ranges["polyhedron_vertices"], rng), radius)
    else:
        direction = 2 * math.pi * rng.random()
        planes = np.array([[math.cos(direction), math.sin(direction), 0.0, 0.0]])
    planes[:, 3] += planes[:, :3] @ centre
    cut = Cut(kind, tuple(_rows(planes)), kept)
    return (cut,) if happens else ()


def _rows(planes: Floats) -> Iterator[tuple[float, float, float, float]]:
    for a, b, c, d in planes:
        yield float(a), float(b), float(c), float(d)


def _rod(rng: np.random.Generator, vertices: int, *, radius: float) -> Floats:
    """Planes of an endless rod: a polygon with its vertices on a circle, turned in space."""
    corners = np.sort(rng.random(vertices)) * 2 * math.pi
    following = np.append(corners[1:], corners[0] + 2 * math.pi)
    # An edge's normal points to the middle of its arc; a gap of more than half the circle turns
    # the cosine negative, and the centre is outside.
    middle, half = (following + corners) / 2, (following - corners) / 2
    normals = np.stack([np.cos(middle), np.sin(middle), np.zeros(vertices)], axis=1)
    turned = normals @ random_rotation(rng).T
    return np.column_stack([turned, radius * np.cos(half)])


def _polyhedron(rng: np.random.Generator, vertices: int, radius: float) -> Floats:
    """Planes of the convex hull of random points on a sphere."""
    from scipy.spatial import ConvexHull

    directions = rng.standard_normal((vertices, 3))
    corners = radius * directions / np.linalg.norm(directions, axis=1)[:, None]
    equations: Floats = np.array(ConvexHull(corners).equations)
    equations[:, 3] *= -1  # qhull's half-space is normal · r + offset <= 0
    return equations
