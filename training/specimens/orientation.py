"""Orientation of a crystal: along a zone axis with a small mistilt, or at random."""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from stembench.arrays import Floats
from training.specimens.specimen_ranges import ORIENTATION

#: The paper's 'first eight main zone axes' [u, v, w], which it does not list (ours).
ZONE_AXES: Final = (
    (0, 0, 1), (1, 0, 0), (0, 1, 0), (1, 1, 0), (1, 0, 1), (0, 1, 1), (1, 1, 1), (1, 1, 2),
)  # fmt: skip


@dataclass(frozen=True)
class Orientation:
    """Description of an orientation.

    Attributes
    ----------
    zone_axis : tuple of three int or None
        Lattice direction that lies along the beam before the mistilt; None for any direction.
    mistilt : float
        Angle between that direction and the beam in rad; its sign is that of the tilt.
    matrix : tuple of three tuple of three float
        Rotation of the crystal's Cartesian axes to x, y, z.
    """

    zone_axis: tuple[int, int, int] | None
    mistilt: float
    matrix: tuple[tuple[float, ...], ...]

    @classmethod
    def sample(cls, rng: np.random.Generator, cell: Floats) -> "Orientation":
        """Draw for a crystal with cell vectors `cell`, shape (3, 3), as rows in Å."""
        along = ORIENTATION.choices["zone_axis"].draw(rng)
        axis = ZONE_AXES[int(rng.integers(len(ZONE_AXES)))]
        mistilt = math.radians(ORIENTATION.ranges["mistilt"].high) * float(rng.standard_normal())
        azimuth, turn = 2 * math.pi * rng.random(2)
        rotation = random_rotation(rng)
        if along:
            tilt = _turned((math.cos(azimuth), math.sin(azimuth), 0.0), mistilt)
            rotation = _turned((0.0, 0.0, 1.0), turn) @ tilt @ to_beam(np.array(axis) @ cell)
        rows = tuple(tuple(float(value) for value in row) for row in rotation)
        return cls(axis if along else None, mistilt if along else 0.0, rows)


def random_rotation(rng: np.random.Generator) -> Floats:
    """Rotation matrix (3, 3), uniform over all orientations (from a unit quaternion)."""
    w, x, y, z = _unit(rng.standard_normal(4))
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
            [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
            [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
        ]
    )


def to_beam(direction: Floats) -> Floats:
    """Rotation matrix (3, 3) that takes a direction, shape (3,), to z by the shortest way."""
    unit = _unit(direction)
    axis = np.cross(unit, [0.0, 0.0, 1.0])
    sine = float(np.linalg.norm(axis))
    if sine < 1e-12:
        return np.diag([1.0, float(np.sign(unit[2])), float(np.sign(unit[2]))])
    return _turned(tuple(axis / sine), math.atan2(sine, float(unit[2])))


def _turned(axis: tuple[float, ...], angle: float) -> Floats:
    """Rotation by `angle` in rad about a unit axis (Rodrigues)."""
    x, y, z = axis
    cross = np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
    turned = np.eye(3) + math.sin(angle) * cross + (1 - math.cos(angle)) * cross @ cross
    return np.asarray(turned, dtype=np.float64)


def _unit(vector: Floats) -> Floats:
    return np.asarray(vector / np.linalg.norm(vector), dtype=np.float64)
