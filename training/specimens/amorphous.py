"""Amorphous matter: one element at random places, up to a density."""

from dataclasses import dataclass

import numpy as np

from stembench.arrays import Floats
from training.specimens.atom_set import AtomSet
from training.specimens.held_out.exclusion import NOTHING_EXCLUDED, Exclusion
from training.specimens.random_points import separated_points
from training.specimens.specimen_ranges import AMORPHOUS, draw_whole

#: Mass of one atomic mass unit in a cubic ångström, g/cm³ (CODATA 2018: u = 1.66053907e-24 g).
_UNIT_DENSITY = 1.66053907


@dataclass(frozen=True)
class Amorphous:
    """Description of amorphous matter.

    Attributes
    ----------
    number : int
        Atomic number.
    distance : float
        Shortest distance between two atoms in Å.
    density : float
        In g/cm³.
    """

    number: int
    distance: float
    density: float

    @classmethod
    def sample(
        cls, rng: np.random.Generator, *, exclude: Exclusion = NOTHING_EXCLUDED
    ) -> "Amorphous":
        """Draw over the ranges of `AMORPHOUS`, anew where so many atoms find no room.

        So it is where the element is one that `exclude` has.
        """
        while True:
            drawn = cls(
                number=draw_whole(AMORPHOUS.ranges["number"], rng),
                distance=AMORPHOUS.ranges["distance"].draw(rng),
                density=AMORPHOUS.ranges["density"].draw(rng),
            )
            fits = drawn.filling <= AMORPHOUS.ranges["filling"].high
            if fits and not exclude.has_number((drawn.number,)):
                return drawn

    @property
    def atoms_per_volume(self) -> float:
        """Atoms per Å³."""
        from ase.data import atomic_masses

        return self.density / (float(atomic_masses[self.number]) * _UNIT_DENSITY)

    @property
    def filling(self) -> float:
        """Share of space in spheres of the shortest distance; random placement ends at 0.38."""
        return self.atoms_per_volume * np.pi / 6 * self.distance**3

    def atoms(self, rng: np.random.Generator, sides: Floats) -> AtomSet:
        """Place the atoms in a box of `sides` (x, y, z) in Å.

        Its random orientation, which the paper draws for every specimen that is not crystalline,
        is that of the places themselves: they have none.
        """
        count = round(self.atoms_per_volume * float(np.prod(sides)))
        places = separated_points(rng, sides, count=count, distance=self.distance)
        return AtomSet(np.full(len(places), self.number, dtype=np.int64), places)
