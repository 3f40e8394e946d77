"""A crystal seen along [112] with one edge dislocation parallel to the beam."""

import math
from dataclasses import dataclass
from typing import ClassVar, Literal

from cases.specimens.atoms import LayeredAtoms, fcc_112, layered
from cases.specimens.dislocation import insert_edge_dislocation
from cases.specimens.specimen import Boundary, Material, Specimen


@dataclass(frozen=True)
class EdgeDislocation(Specimen):
    """A crystal seen along [112] with one edge dislocation parallel to the beam.

    X = [1-10] is the direction of the Burgers vector, Y = [11-1] the normal of the glide plane.

    Attributes
    ----------
    material : Material
    repeats : tuple of three int
        Cells of a/√2 × a√3 × a√6/2 along X, Y and the beam before the dislocation is inserted.
    core : tuple of two float
        Position of the dislocation line in cells along X and Y; between atomic columns.
    sign : int
        +1 or -1, sign of the Burgers vector, whose length is a/√2.
    poisson_ratio : float
    mode : str
        How the extra half plane is made, see `cases.specimens.dislocation`.
    """

    material: Material
    repeats: tuple[int, int, int]
    core: tuple[float, float]
    sign: int
    poisson_ratio: float
    mode: Literal["edge", "edge_add", "edge_rm"]
    kind: Literal["edge_dislocation"] = "edge_dislocation"

    #: The strained crystal has no period across the beam.
    boundary: ClassVar[Boundary] = "mirror"
    dislocation_core: ClassVar[tuple[float, float] | None] = (0.0, 0.0)

    def atoms(self, *, cells: int | None = None, repeats: int = 6) -> LayeredAtoms:  # noqa: ARG002
        """Atoms at rest; the reference point is the dislocation line."""
        a = self.material.lattice_parameter
        start = fcc_112(a, self.repeats, self.material.element)
        burgers = self.sign * a / math.sqrt(2)
        core = (self.core[0] * a / math.sqrt(2), self.core[1] * a * math.sqrt(3))
        dislocated, _ = insert_edge_dislocation(
            start,
            burgers=burgers,
            center=core,
            poisson_ratio=self.poisson_ratio,
            mode=self.mode,
        )
        positions = dislocated.positions - (*core, 0.0)
        return layered(positions, self.material.element, a * math.sqrt(6) / 12)
