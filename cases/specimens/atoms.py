"""Atoms on planes across the beam, and the oriented fcc crystals that they are cut from (ASE).

The beam travels along +z and the planes of atoms lie at the centres of equally thick layers, the
first at half a layer below z = 0, so that no atom sits on a boundary between two slices.
"""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from stembench.arrays import Floats

if TYPE_CHECKING:
    from ase import Atoms


@dataclass(frozen=True)
class LayeredAtoms:
    """Atoms of one element on equidistant planes across the beam.

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


def fcc_001(lattice_parameter: float, repeats: tuple[int, int, int], element: str) -> "Atoms":
    """Conventional cubic cells; the corner atom of the first cell is at the origin."""
    a = lattice_parameter
    from ase import Atoms

    cell: Any = Atoms(
        f"{element}4",
        scaled_positions=[(0, 0, 0), (0.5, 0.5, 0), (0.5, 0, 0.5), (0, 0.5, 0.5)],
        cell=(a, a, a),
        pbc=True,
    )
    crystal: Atoms = cell.repeat(repeats)
    return crystal


def fcc_112(lattice_parameter: float, repeats: tuple[int, int, int], element: str) -> "Atoms":
    """Cells of a/√2 × a√3 × a√6/2 along X = [1-10], Y = [11-1] and Z = [112]."""
    a = lattice_parameter
    third, sixth = 1 / 3, 1 / 6
    from ase import Atoms

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


def layered(positions: Floats, element: str, distance: float) -> LayeredAtoms:
    """Shift planes of atoms to the centres of layers and drop the round-off of their heights.

    Parameters
    ----------
    positions : ndarray, shape (n, 3)
        In Å, on planes across z.
    element : str
    distance : float
        Distance of the planes in Å.

    Raises
    ------
    ValueError
        If the atoms do not lie on such planes.
    """
    layer = np.rint(positions[:, 2] / distance)
    if np.abs(positions[:, 2] - layer * distance).max() > 1e-6:
        raise ValueError("the atoms do not lie on planes across the beam")
    layer -= layer.min()
    shifted = positions.copy()
    shifted[:, 2] = (layer + 0.5) * distance
    return LayeredAtoms(
        positions=shifted,
        element=element,
        plane_distance=distance,
        planes=int(layer.max()) + 1,
    )
