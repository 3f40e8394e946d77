"""Frozen descriptions of specimens: material, crystals, dislocation, particle, defects, adatoms."""

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from stembench.arrays import Bools, Integers

#: Kinds of site and what readers call them, in the order of tables.
SITE_LABELS: Final = {
    "vacancy": "vacancy column",
    "half": "half-filled column",
    "minus2": "2 atoms less",
    "minus1": "1 atom less",
    "plus1": "1 atom more",
    "plus2": "2 atoms more",
    "substituted": "lighter element",
    "adatom0": "isolated adatom",
    "adatom3": "adatom on 3 atoms",
    "adatom6": "adatom on 6 atoms",
    "adatom9": "adatom on 9 atoms",
    "perfect": "perfect columns",
}

#: What can be wrong with a column: see `cases.specimens.defects`.
Defect = Literal["vacancy", "half", "minus2", "minus1", "perfect", "plus1", "plus2", "substituted"]


@dataclass(frozen=True)
class Material:
    """An fcc element.

    Attributes
    ----------
    element : str
        Chemical symbol.
    lattice_parameter : float
        Edge of the cubic cell in Å.
    rms_displacement : float
        Root-mean-square thermal displacement along one axis in Å.
    """

    element: str
    lattice_parameter: float
    rms_displacement: float


@dataclass(frozen=True)
class BulkCrystal:
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


@dataclass(frozen=True)
class EdgeDislocation:
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


@dataclass(frozen=True)
class Nanoparticle:
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


@dataclass(frozen=True)
class DefectSite:
    """One defect and where it stands.

    Attributes
    ----------
    kind : str
        What is wrong with the column, see `cases.specimens.defects`; a 'perfect' site is a control.
    i, j : int
        Place in half lattice parameters along x and y from the reference point; i + j even, so
        that all sites are translations of each other.
    """

    kind: Defect
    i: int
    j: int

    def __post_init__(self) -> None:
        if (self.i + self.j) % 2:
            raise ValueError("i + j of a site must be even")


@dataclass(frozen=True)
class DefectLadder:
    """A crystal seen along [001] with one defect in each of several distant columns.

    The atoms that a column lacks, or has too many of, are those on the side where the beam leaves;
    the lattice round a defect is not relaxed.

    Attributes
    ----------
    material : Material
    cells : int
        Largest thickness in unit cells.
    sites : tuple of DefectSite
    guest : str
        Element of a substituted column; it has the material's thermal displacements.
    host_case : str
        Case that images the perfect crystal.
    """

    material: Material
    cells: int
    sites: tuple[DefectSite, ...]
    guest: str
    host_case: str
    kind: Literal["defect_ladder"] = "defect_ladder"

    @property
    def crystal(self) -> BulkCrystal:
        """The crystal without defects."""
        return BulkCrystal(material=self.material, cells=self.cells)

    def comparable(self, site: DefectSite, places: Integers) -> Bools:
        """Which lattice places (i, j), shape (n, 2), would equal the site's without its defect.

        Those of the sites' sublattice: translations of the crystal take one into the other.
        """
        return np.asarray((places.sum(axis=1) - site.i - site.j) % 2 == 0, dtype=np.bool_)


@dataclass(frozen=True)
class AdatomSite:
    """One adatom on a particle, or a column without one for control.

    Attributes
    ----------
    kind : str
        'adatom' and the number of atoms that its column has without it, as in 'adatom3'; or
        'perfect' for a control.
    place : tuple of int
        Where the adatom sits, x, y and z in half lattice parameters from the particle's centre: a
        lattice place outside the particle. Of a control x and y alone.
    """

    kind: str
    place: tuple[int, ...]

    def __post_init__(self) -> None:
        wanted = 2 if self.kind == "perfect" else 3
        if len(self.place) != wanted or (wanted == 3 and sum(self.place) % 2):
            raise ValueError("an adatom needs a lattice place (x, y, z), a control (x, y)")

    @property
    def i(self) -> int:
        """Place of the column along x in half lattice parameters."""
        return self.place[0]

    @property
    def j(self) -> int:
        """Place of the column along y in half lattice parameters."""
        return self.place[1]


@dataclass(frozen=True)
class ParticleAdatoms:
    """A particle with one adatom at each of several distant places of its surface, not relaxed.

    Attributes
    ----------
    material : Material
    radius : float
        Of the particle, in lattice parameters.
    sites : tuple of AdatomSite
    host_case : str
        Case that images the particle without adatoms.
    """

    material: Material
    radius: float
    sites: tuple[AdatomSite, ...]
    host_case: str
    kind: Literal["particle_adatoms"] = "particle_adatoms"

    @property
    def particle(self) -> Nanoparticle:
        """The particle without adatoms."""
        return Nanoparticle(material=self.material, radius=self.radius)

    def comparable(self, site: AdatomSite, places: Integers) -> Bools:
        """Which lattice places (i, j), shape (n, 2), would equal the site's without its adatom.

        Those that the operations of 4mm make equal: the same abs(i) and abs(j) in either order.
        """
        orbit = np.sort(np.abs([site.i, site.j]))
        return np.asarray((np.sort(np.abs(places), axis=1) == orbit).all(axis=1), dtype=np.bool_)


Structure = BulkCrystal | EdgeDislocation | Nanoparticle | DefectLadder | ParticleAdatoms
