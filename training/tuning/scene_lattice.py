"""Random lattices of columns: cell, second sublattices, dumbbells, and the columns' profile."""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from stembench.arrays import Floats
from training.specimens.held_out.column_distances import column_distances
from training.specimens.held_out.exclusion import NOTHING_EXCLUDED, Exclusion
from training.tuning.scene_ranges import LATTICE, LATTICE_KINDS

#: px: narrower columns are not resolved by the pixels.
_NARROWEST: Final = 0.9
#: Side of the block of cells in which distances are measured, in cells on each side.
_BLOCK: Final = 4


@dataclass(frozen=True)
class SceneLattice:
    """Description of a lattice of columns.

    Attributes
    ----------
    vectors : tuple of two tuple of two float
        Cell vectors (x, y) in px.
    basis : tuple of tuple of two float
        Columns of a cell as fractions of it.
    strengths : tuple of float
        Their heights relative to the first.
    width : float
        Standard deviation of a column in px.
    tail, tail_width : float
        Height of a second Gaussian relative to the column's, and its standard deviation in px.
    """

    vectors: tuple[tuple[float, float], tuple[float, float]]
    basis: tuple[tuple[float, float], ...] = ((0.0, 0.0),)
    strengths: tuple[float, ...] = (1.0,)
    width: float = 2.0
    tail: float = 0.0
    tail_width: float = 4.0

    @property
    def distances(self) -> tuple[float, ...]:
        """Distances in px of neighbouring lattice points, and of neighbouring columns."""
        span = np.arange(-_BLOCK, _BLOCK + 1)
        cells = np.stack(np.meshgrid(span, span), axis=-1).reshape(-1, 2)
        cells = cells[np.argsort(np.abs(cells).sum(axis=1), kind="stable")]
        cell = np.array(self.vectors)
        points = cells @ cell
        columns = (cells[:, None] + np.array(self.basis)[None]).reshape(-1, 2) @ cell
        return (
            *column_distances(points, of=slice(1)),
            *column_distances(columns, of=slice(len(self.basis))),
        )

    @property
    def nearest(self) -> float:
        """Shortest distance of two columns in px."""
        return min(self.distances)

    def columns(self, shape: tuple[int, int], *, origin: Floats) -> tuple[Floats, Floats]:
        """Columns within a frame and one pitch around it.

        Parameters
        ----------
        shape : tuple of two int
            Rows and columns in px.
        origin : ndarray, shape (2,)
            Where a cell begins, (x, y) in px.

        Returns
        -------
        positions : ndarray, shape (n, 2)
            (x, y) in px.
        strengths : ndarray, shape (n,)
        """
        cell = np.array(self.vectors)
        room = float(np.linalg.norm(cell, axis=1).max())
        height, width = shape
        corners = np.array([(x, y) for x in (-room, width + room) for y in (-room, height + room)])
        inside = (corners - origin) @ np.linalg.inv(cell)
        low = np.floor(inside.min(axis=0)).astype(int) - 1
        high = np.ceil(inside.max(axis=0)).astype(int) + 1
        cells = np.stack(
            np.meshgrid(np.arange(low[0], high[0] + 1), np.arange(low[1], high[1] + 1)), axis=-1
        ).reshape(-1, 1, 2)
        positions = ((cells + np.array(self.basis)[None]) @ cell + origin).reshape(-1, 2)
        strengths = np.tile(np.array(self.strengths), len(cells))
        x, y = positions.T
        kept = (x > -room) & (x < width + room) & (y > -room) & (y < height + room)
        return positions[kept], strengths[kept]

    @classmethod
    def sample(
        cls, rng: np.random.Generator, *, exclude: Exclusion = NOTHING_EXCLUDED
    ) -> "SceneLattice":
        """Draw over the ranges of `LATTICE`, anew where distances are excluded."""
        while True:
            drawn = cls._drawn(rng)
            if not exclude.has_distance(drawn.distances):
                return drawn

    @classmethod
    def _drawn(cls, rng: np.random.Generator) -> "SceneLattice":
        ranges, choices = LATTICE.ranges, LATTICE.choices
        vectors = _cell(rng)
        basis, strengths = [(0.0, 0.0)], [1.0]
        second, dumbbell = choices["sublattice"].draw(rng), choices["pairs"].draw(rng)
        weaker, apart = ranges["second"].draw(rng), ranges["dumbbell"].draw(rng)
        if second:
            basis.append((0.5, 0.5))
            strengths.append(weaker)
        elif dumbbell:
            way = 2 * math.pi * rng.random()
            step = (
                apart * float(np.linalg.norm(vectors[0])) * np.array([math.cos(way), math.sin(way)])
            )
            place = step @ np.linalg.inv(vectors)
            basis.append((float(place[0]), float(place[1])))
            strengths.append(weaker if rng.random() < 0.5 else 1.0)
        rows = ((float(vectors[0, 0]), float(vectors[0, 1])),
                (float(vectors[1, 0]), float(vectors[1, 1])))  # fmt: skip
        plain = cls(rows, tuple(basis), tuple(strengths))
        width = max(_NARROWEST, ranges["width"].draw(rng) * plain.nearest)
        tail = ranges["tail"].draw(rng)
        wider = width * ranges["tail_width"].draw(rng)
        tailed = choices["tailed"].draw(rng)
        return cls(rows, plain.basis, plain.strengths, width, tail if tailed else 0.0, wider)


def _cell(rng: np.random.Generator) -> Floats:
    """Cell vectors (2, 2) of one of the kinds, turned at random; the shortest is the pitch."""
    kind = LATTICE_KINDS[int(rng.integers(len(LATTICE_KINDS)))]
    pitch, ratio, angle = (LATTICE.ranges[each].draw(rng) for each in ("pitch", "ratio", "angle"))
    turn = 2 * math.pi * rng.random()
    ratio = ratio if kind in ("rectangular", "centred", "oblique") else 1.0
    corner = {"hexagonal": 60.0, "oblique": angle}.get(kind, 90.0)
    cell = np.array([[1.0, 0.0], [0.0, 1.0]])
    cell[1] = ratio * np.array([math.cos(math.radians(corner)), math.sin(math.radians(corner))])
    if kind == "centred":
        cell = np.array([[1.0, 0.0], [0.5, ratio / 2]])
    shortest = min(float(np.linalg.norm(each)) for each in (*cell, cell[1] - cell[0]))
    cosine, sine = math.cos(turn), math.sin(turn)
    turned = cell @ np.array([[cosine, sine], [-sine, cosine]])
    return np.asarray(turned * pitch / shortest, dtype=np.float64)
