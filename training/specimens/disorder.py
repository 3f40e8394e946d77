"""Disorder: atoms moved from their places or taken out."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from stembench.arrays import Floats
from training.specimens.atom_set import AtomSet
from training.specimens.specimen_ranges import DISORDER, draw_whether

#: Heaviest element with a covalent radius in the table that ASE ships (Cordero et al., Dalton
#: Trans. 2008, 2832); heavier ones take its radius.
_LAST: Final = 96


@dataclass(frozen=True)
class Disorder:
    """Description of defects.

    Attributes
    ----------
    share : float
        Of the atoms, in [0, 0.25].
    displaced : bool
        Whether these are moved, each coordinate by a normal number whose standard deviation is the
        atomic radius; otherwise they are taken out.
    """

    share: float
    displaced: bool

    @classmethod
    def sample(cls, rng: np.random.Generator) -> "Disorder | None":
        """Draw over the ranges of `DISORDER`; None in a specimen without defects."""
        happens = draw_whether(DISORDER, rng)
        drawn = cls(
            share=DISORDER.ranges["share"].draw(rng),
            displaced=DISORDER.choices["displaced"].draw(rng),
        )
        return drawn if happens else None

    def applied(self, atoms: AtomSet, rng: np.random.Generator) -> AtomSet:
        """Move or take out the share of the atoms, chosen at random."""
        count = round(self.share * len(atoms))
        chosen = rng.choice(len(atoms), count, replace=False, shuffle=False)
        if not self.displaced:
            left = np.ones(len(atoms), dtype=np.bool_)
            left[chosen] = False
            return atoms.kept(left)
        positions = atoms.positions.copy()
        radii = atomic_radii()[atoms.numbers[chosen]]
        positions[chosen] += radii[:, None] * rng.standard_normal((count, 3))
        return AtomSet(atoms.numbers, positions)


def atomic_radii() -> Floats:
    """Covalent radii in Å by atomic number, shape (104,)."""
    from ase.data import covalent_radii

    radii = np.array(covalent_radii[:104], dtype=np.float64)
    radii[_LAST + 1 :] = radii[_LAST]
    return radii
