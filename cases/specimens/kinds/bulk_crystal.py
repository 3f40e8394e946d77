"""A perfect crystal seen along [001], without edges."""

import math
from dataclasses import dataclass
from typing import ClassVar, Literal

from cases.specimens.atoms import LayeredAtoms, fcc_001, layered
from cases.specimens.columns import find_columns
from cases.specimens.specimen import CrystalCell, Material, Specimen
from stembench.arrays import Floats, Integers


@dataclass(frozen=True)
class BulkCrystal(Specimen):
    """A perfect crystal seen along [001], periodic in x and y.

    Attributes
    ----------
    material : Material
    cells : int
        Largest thickness in unit cells; every smaller one is imaged too.
    """

    material: Material
    cells: int
    kind: Literal["bulk"] = "bulk"

    endless: ClassVar[bool] = True

    @property
    def cell(self) -> CrystalCell:
        """The cubic cell, scanned as a whole."""
        a = self.material.lattice_parameter
        return CrystalCell(edges=(a, a, a), scanned=(a, a))

    def atoms(self, *, cells: int | None = None, repeats: int = 6) -> LayeredAtoms:
        """Atoms at rest; the reference point is a corner column near the middle of the block."""
        a = self.material.lattice_parameter
        thickness = self.cells if cells is None else cells
        crystal = fcc_001(a, (repeats, repeats, thickness), self.material.element)
        positions = crystal.positions.copy()
        positions[:, :2] -= (repeats // 2) * a
        return layered(positions, self.material.element, a / 2)

    def columns(self, thickness: int, *, extent: float) -> tuple[Floats, Integers]:
        """Columns within a square about the reference point; each holds one atom per cell."""
        a = self.material.lattice_parameter
        repeats = 2 * (math.ceil(extent / (2 * a)) + 2)
        return find_columns(self.atoms(cells=thickness, repeats=repeats).positions)
