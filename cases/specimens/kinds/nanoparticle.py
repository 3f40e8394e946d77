"""A spherical particle seen along [001]."""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from cases.specimens.atoms import LayeredAtoms, fcc_001, layered
from cases.specimens.specimen import Material, Specimen


@dataclass(frozen=True)
class Nanoparticle(Specimen):
    """All atoms of a crystal within a sphere round an atom, seen along [001].

    Attributes
    ----------
    material : Material
    radius : float
        In lattice parameters.
    """

    material: Material
    radius: float
    kind: Literal["nanoparticle"] = "nanoparticle"

    def atoms(self, *, cells: int | None = None, repeats: int = 6) -> LayeredAtoms:  # noqa: ARG002
        """Atoms at rest; the reference point is the particle's centre."""
        a = self.material.lattice_parameter
        half = math.ceil(self.radius) + 1
        crystal = fcc_001(a, (2 * half, 2 * half, 2 * half), self.material.element)
        positions = crystal.positions - half * a
        inside = np.einsum("ij,ij->i", positions, positions) <= (self.radius * a) ** 2
        return layered(positions[inside], self.material.element, a / 2)
