"""Atoms of each structure, built with ASE; the reference point lies at x = y = 0.

The beam travels along +z and the planes of atoms lie at the centres of equally thick layers, the
first at half a layer below z = 0, so that no atom sits on a boundary between two slices.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from ase import Atoms

from cases.case import BulkCrystal, EdgeDislocation, Nanoparticle, Structure
from cases.specimens.descriptions import DefectLadder, ParticleAdatoms
from cases.specimens.dislocation import insert_edge_dislocation
from stembench.arrays import Floats


@dataclass(frozen=True)
class Specimen:
    """Atoms of a structure.

    Attributes
    ----------
    positions : ndarray, shape (n, 3)
        x, y, z in Å; the reference point is at x = y = 0, the entrance surface at z = 0.
    element : str
    plane_distance : float
        Distance of the atomic planes along the beam in Å.
    planes : int
        Number of atomic planes.
    """

    positions: Floats
    element: str
    plane_distance: float
    planes: int

    @property
    def thickness(self) -> float:
        """Extent along the beam in Å."""
        return self.planes * self.plane_distance


def fcc_001(lattice_parameter: float, repeats: tuple[int, int, int], element: str) -> Atoms:
    """Conventional cubic cells; the corner atom of the first cell is at the origin."""
    a = lattice_parameter
    cell: Any = Atoms(
        f"{element}4",
        scaled_positions=[(0, 0, 0), (0.5, 0.5, 0), (0.5, 0, 0.5), (0, 0.5, 0.5)],
        cell=(a, a, a),
        pbc=True,
    )
    crystal: Atoms = cell.repeat(repeats)
    return crystal


def fcc_112(lattice_parameter: float, repeats: tuple[int, int, int], element: str) -> Atoms:
    """Cells of a/√2 × a√3 × a√6/2 along X = [1-10], Y = [11-1] and Z = [112]."""
    a = lattice_parameter
    third, sixth = 1 / 3, 1 / 6
    cell: Any = Atoms(
        f"{element}6",
        scaled_positions=[
            (0, 0, 0),
            (0, 2 * third, 2 * third),
            (0, third, third),
            (0.5, 2 * third, sixth),
            (0.5, third, 5 * sixth),
            (0.5, 0, 0.5),
        ],
        cell=(a / math.sqrt(2), a * math.sqrt(3), a * math.sqrt(6) / 2),
        pbc=True,
    )
    crystal: Atoms = cell.repeat(repeats)
    return crystal


def build(structure: Structure, *, cells: int | None = None, repeats: int = 6) -> Specimen:
    """Build the atoms of a structure; of defects and adatoms those of the specimen without.

    Parameters
    ----------
    structure : Structure
    cells : int, optional
        Thickness of a bulk crystal in unit cells; by default its largest.
    repeats : int
        Unit cells along x and along y of a bulk crystal; the others ignore it.

    Returns
    -------
    Specimen
    """
    match structure:
        case BulkCrystal():
            return _bulk(structure, structure.cells if cells is None else cells, repeats)
        case DefectLadder():
            return build(structure.crystal, cells=cells, repeats=repeats)
        case EdgeDislocation():
            return _dislocation(structure)
        case Nanoparticle():
            return _nanoparticle(structure)
        case ParticleAdatoms():
            return build(structure.particle)


def _bulk(structure: BulkCrystal, cells: int, repeats: int) -> Specimen:
    a = structure.material.lattice_parameter
    atoms = fcc_001(a, (repeats, repeats, cells), structure.material.element)
    positions = atoms.positions.copy()
    # The reference point is a corner column near the middle of the block.
    positions[:, :2] -= (repeats // 2) * a
    return _layered(positions, structure.material.element, a / 2)


def _nanoparticle(structure: Nanoparticle) -> Specimen:
    a = structure.material.lattice_parameter
    half = math.ceil(structure.radius) + 1
    atoms = fcc_001(a, (2 * half, 2 * half, 2 * half), structure.material.element)
    positions = atoms.positions - half * a
    inside = np.einsum("ij,ij->i", positions, positions) <= (structure.radius * a) ** 2
    return _layered(positions[inside], structure.material.element, a / 2)


def _dislocation(structure: EdgeDislocation) -> Specimen:
    a = structure.material.lattice_parameter
    start = fcc_112(a, structure.repeats, structure.material.element)
    burgers = structure.sign * a / math.sqrt(2)
    core = (structure.core[0] * a / math.sqrt(2), structure.core[1] * a * math.sqrt(3))
    atoms, _ = insert_edge_dislocation(
        start,
        burgers=burgers,
        center=core,
        poisson_ratio=structure.poisson_ratio,
        mode=structure.mode,
    )
    positions = atoms.positions - (*core, 0.0)
    return _layered(positions, structure.material.element, a * math.sqrt(6) / 12)


def _layered(positions: Floats, element: str, distance: float) -> Specimen:
    """Shift the planes to the centres of layers and drop the round-off of their heights."""
    layer = np.rint(positions[:, 2] / distance)
    if np.abs(positions[:, 2] - layer * distance).max() > 1e-6:
        raise ValueError("the atoms do not lie on planes across the beam")
    layer -= layer.min()
    shifted = positions.copy()
    shifted[:, 2] = (layer + 0.5) * distance
    return Specimen(
        positions=shifted,
        element=element,
        plane_distance=distance,
        planes=int(layer.max()) + 1,
    )
