"""A crystal: a unit cell in some orientation, and its atoms in a box."""

from dataclasses import dataclass
from itertools import product

import numpy as np

from stembench.arrays import Floats
from training.specimens.atom_set import AtomSet
from training.specimens.crystals.unit_cells import UnitCell, draw_unit_cell
from training.specimens.held_out.exclusion import NOTHING_EXCLUDED, Exclusion
from training.specimens.orientation import Orientation


@dataclass(frozen=True)
class Crystal:
    """Description of a crystal.

    Attributes
    ----------
    cell : UnitCell
    orientation : Orientation
    """

    cell: UnitCell
    orientation: Orientation

    @classmethod
    def sample(
        cls,
        rng: np.random.Generator,
        *,
        pixel: float,
        exclude: Exclusion = NOTHING_EXCLUDED,
    ) -> "Crystal":
        """Draw unit cell and orientation, anew where what they show is excluded.

        Parameters
        ----------
        rng : numpy.random.Generator
        pixel : float
            Pixel size in Å/px of the image as it is shown in the end.
        exclude : Exclusion
        """
        while True:
            cell = draw_unit_cell(rng, exclude=exclude)
            drawn = cls(cell, Orientation.sample(rng, cell.vectors()))
            if not exclude.has_crystal(
                cell.vectors(), cell.basis()[1], beam=np.array(drawn.orientation.matrix)[2],
                pixel=pixel,
            ):  # fmt: skip
                return drawn

    def atoms(self, rng: np.random.Generator, sides: Floats) -> AtomSet:
        """Fill a box of `sides` (x, y, z) in Å; `rng` draws where the lattice begins."""
        from training.specimens.atom_kernels import fill

        vectors = np.ascontiguousarray(self.cell.vectors() @ np.array(self.orientation.matrix).T)
        numbers, places = self.cell.basis()
        basis = np.ascontiguousarray((places + rng.random(3)) @ vectors)
        corners = np.array(list(product(*((0.0, side) for side in sides)))) @ np.linalg.inv(vectors)
        # A cell's atoms reach up to two cells from its corner: fraction and origin are below 1.
        first = np.floor(corners.min(axis=0)).astype(np.int64) - 2
        last = np.ceil(corners.max(axis=0)).astype(np.int64) + 1
        room = round(1.1 * len(numbers) * float(np.prod(sides)) / abs(np.linalg.det(vectors))) + 999
        while True:
            positions, which = np.empty((room, 3)), np.empty(room, dtype=np.int64)
            count = fill(vectors, basis, first, last, sides, positions, which)
            if count <= room:
                return AtomSet(numbers[which[:count]], positions[:count])
            room = count
