"""Points at random places of a box, none nearer to another than a shortest distance.

They are put one after another (random sequential addition), as the paper describes it.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from noise import Range
from stembench.arrays import Floats, Integers
from training.specimens.atom_set import AtomSet
from training.specimens.held_out.exclusion import NOTHING_EXCLUDED, Exclusion
from training.specimens.specimen_ranges import POINTS, draw_whole

#: Candidates for each point after which a full box is given up.
_PATIENCE: Final = 400


def separated_points(
    rng: np.random.Generator, sides: Floats, *, count: int, distance: float
) -> Floats:
    """Random points in a box from the origin.

    Parameters
    ----------
    rng : numpy.random.Generator
    sides : ndarray, shape (3,)
        Of the box in Å.
    count : int
        How many are wanted.
    distance : float
        Shortest distance between two in Å.

    Returns
    -------
    ndarray, shape (n, 3)
        In Å. n is below `count` only if the box has no room for more that random trial finds.
    """
    from training.specimens.atom_kernels import place

    # About one point a cell keeps both the grid and the search in a cell small.
    edge = max(distance, (float(np.prod(sides)) / max(count, 1)) ** (1 / 3))
    grid = np.maximum(np.ceil(sides / edge), 1).astype(np.int64)
    heads = np.full(int(np.prod(grid)), -1, dtype=np.int64)
    links = np.empty(count, dtype=np.int64)
    placed = np.empty((count, 3))
    done, tried = 0, 0
    while done < count and tried < _PATIENCE * count:
        # No more than are wanted: all of them have their turn, wherever they lie.
        some = count - done
        candidates = rng.random((some, 3)) * sides
        # Neighbours in space come one after another: large boxes then take a third of the time.
        plane = (candidates[:, 0] / edge).astype(np.int16)
        candidates = candidates[np.argsort(plane, kind="stable")]
        done = place(candidates, distance, placed, done, heads, links, grid, edge)
        tried += some
    return placed[:done]


@dataclass(frozen=True)
class Points:
    """Description of individual points.

    Attributes
    ----------
    count : int
    numbers : tuple of int
        Elements that the points are of, each as often on average.
    distance : float
        Shortest distance between two, in px.
    """

    count: int
    numbers: tuple[int, ...]
    distance: float

    @classmethod
    def sample(cls, rng: np.random.Generator, *, exclude: Exclusion = NOTHING_EXCLUDED) -> "Points":
        """Draw over the ranges of `POINTS`, anew where `exclude` has one of the elements."""
        while True:
            drawn = cls(
                count=draw_whole(POINTS.ranges["count"], rng),
                numbers=draw_elements(
                    rng, POINTS.ranges["number"], count=draw_whole(POINTS.ranges["elements"], rng)
                ),
                distance=POINTS.ranges["distance"].draw(rng),
            )
            if not exclude.has_number(drawn.numbers):
                return drawn

    def atoms(self, rng: np.random.Generator, sides: Floats, *, sampling: float) -> AtomSet:
        """Place the points in a box of `sides` (x, y, z) in Å; `sampling` in Å/px."""
        places = separated_points(rng, sides, count=self.count, distance=self.distance * sampling)
        which = rng.integers(len(self.numbers), size=len(places))
        numbers: Integers = np.array(self.numbers, dtype=np.int64)[which]
        return AtomSet(numbers, places)


def draw_elements(rng: np.random.Generator, number: Range, *, count: int) -> tuple[int, ...]:
    """Draw different atomic numbers of a range, in random order."""
    every = np.arange(round(number.low), round(number.high) + 1)
    return tuple(int(each) for each in rng.choice(every, count, replace=False))
