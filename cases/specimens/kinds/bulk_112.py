"""A perfect crystal seen along [112], without edges."""

import math
from dataclasses import dataclass
from typing import ClassVar, Literal

from cases.specimens.atoms import LayeredAtoms, fcc_112, layered
from cases.specimens.columns import find_columns
from cases.specimens.specimen import CrystalCell, Material, Specimen
from stembench.arrays import Floats, Integers


@dataclass(frozen=True)
class Bulk112(Specimen):
    """A perfect crystal seen along [112], periodic in x and y.

    X = [1-10], Y = [11-1]. A cell of a/√2 x a√3 x a√6/2 holds six columns of one atom each, which
    begin at six different depths. Projected they form the rectangular lattice a/(2√2) x a/√3, and
    a stored scan takes them as equal: it covers one of its cells.

    Attributes
    ----------
    material : Material
    cells : int
        Thickness in unit cells of a√6/2, which is also the number of atoms in a column.
    """

    material: Material
    cells: int
    kind: Literal["bulk_112"] = "bulk_112"

    endless: ClassVar[bool] = True

    @property
    def cell(self) -> CrystalCell:
        """The cell of six columns, and that of one column, which is scanned."""
        a = self.material.lattice_parameter
        edges = (a / math.sqrt(2), a * math.sqrt(3), a * math.sqrt(6) / 2)
        return CrystalCell(edges=edges, scanned=(edges[0] / 2, edges[1] / 3))

    def atoms(self, *, cells: int | None = None, repeats: int = 6) -> LayeredAtoms:
        """Atoms at rest; the reference point is the first column of a cell near the middle."""
        thickness = self.cells if cells is None else cells
        along_x, along_y = self.cell.repeats(repeats)
        a = self.material.lattice_parameter
        crystal = fcc_112(a, (along_x, along_y, thickness), self.material.element)
        positions = crystal.positions.copy()
        positions[:, 0] -= (along_x // 2) * self.cell.edges[0]
        positions[:, 1] -= (along_y // 2) * self.cell.edges[1]
        return layered(positions, self.material.element, self.cell.edges[2] / 6)

    def columns(self, thickness: int, *, extent: float) -> tuple[Floats, Integers]:
        """Columns within a square about the reference point; each holds one atom per cell."""
        # The block's middle is off the reference point by half a cell at most, and it may be less
        # wide along y than along x by half a cell.
        room = 2 * self.cell.edges[1]
        repeats = math.ceil((extent + 2 * room) / self.cell.edges[0])
        return find_columns(self.atoms(cells=thickness, repeats=repeats).positions)
