"""A crystal with one defect in each of several columns, layer by layer along the beam.

A layer is one atomic plane, half a lattice parameter thick. The columns that may hold a defect
are those of the reference point: they have their atoms in layers 0, 2, 4, ...
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final, Literal, get_args

import numpy as np

from cases.specimens.atoms import LayeredAtoms
from cases.specimens.kinds.bulk_crystal import BulkCrystal
from cases.specimens.sites import EVERY, PERFECT, Change, Site, SitesOnHost
from cases.specimens.specimen import Material, Specimen
from stembench.arrays import Bools, Floats, Integers

#: What can be wrong with a column.
Defect = Literal["vacancy", "half", "minus2", "minus1", "perfect", "plus1", "plus2", "substituted"]
DEFECTS: Final[tuple[Defect, ...]] = get_args(Defect)

#: One slice: what stands at the defect's site there, and its layer. 'host' is the crystal as it
#: is, 'empty' the crystal without the site's atom, 'guest' the crystal with the other element
#: there, 'adatom' the site's atom alone beyond the crystal, 'vacuum' nothing at all.
Content = Literal["host", "empty", "guest", "adatom", "vacuum"]
Slice = tuple[Content, int]

#: Atoms whose potentials still reach into a block of crystal lie within this distance of it, in Å.
RIM: Final = 3.0


@dataclass(frozen=True)
class DefectSite:
    """One defect and where it stands.

    Attributes
    ----------
    kind : str
        What is wrong with the column, see `Defect`; a 'perfect' site is a control.
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
class DefectLadder(Specimen):
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

    scan_unit: ClassVar[str] = "1"
    scan_meaning: ClassVar[str] = "relative change of the perfect crystal's image by one defect"
    change: ClassVar[Change] = "ratio"
    equal_blocks: ClassVar[int] = 1
    site_labels: ClassVar[Mapping[str, str]] = {
        "vacancy": "vacancy column",
        "half": "half-filled column",
        "minus2": "2 atoms less",
        "minus1": "1 atom less",
        "plus1": "1 atom more",
        "plus2": "2 atoms more",
        "substituted": "lighter element",
    }
    #: All defects are compared in one block: their sites are translations of each other.
    blocks_per_configuration: ClassVar[int] = 1

    @property
    def crystal(self) -> BulkCrystal:
        """The crystal without defects."""
        return BulkCrystal(material=self.material, cells=self.cells)

    @property
    def pitch(self) -> float:
        """Half the lattice parameter in Å."""
        return self.material.lattice_parameter / 2

    @property
    def sites_on_host(self) -> SitesOnHost:
        """The defects in the perfect crystal."""
        return self

    def atoms(self, *, cells: int | None = None, repeats: int = 6) -> LayeredAtoms:
        """Atoms at rest of the crystal without defects."""
        return self.crystal.atoms(cells=cells, repeats=repeats)

    def columns(self, thickness: int, *, extent: float) -> tuple[Floats, Integers]:
        """Columns of the crystal, with as many atoms as the defects leave them."""
        centres, counts = self.crystal.columns(thickness, extent=extent)
        changed = counts.copy()
        for declared, site in zip(self.sites, self.all_sites(), strict=True):
            here = np.hypot(*(centres - np.array([site.x, site.y])).T) < 0.1
            changed[here] += atoms_of(declared.kind, thickness) - thickness
        return centres, changed

    def scan_labels(self, labels: Sequence[str]) -> tuple[str, ...]:
        """Labels of the stored changes: image and kind of defect, as in ``z10-vacancy``."""
        return tuple(f"{label}-{kind}" for label in labels for kind in self.defect_kinds())

    def defect_kinds(self) -> tuple[Defect, ...]:
        """Kinds of defect that the ladder holds, the perfect controls left out, as in `DEFECTS`."""
        present = {site.kind for site in self.sites}
        return tuple(kind for kind in DEFECTS if kind in present and kind != PERFECT)

    def is_host(self, specimen: object) -> bool:
        """Whether a specimen is a perfect crystal of the same material, of any thickness."""
        return isinstance(specimen, BulkCrystal) and specimen.material == self.material

    def all_sites(self) -> tuple[Site, ...]:
        """Every site, controls too, in the order of the description."""
        return tuple(
            Site(site.kind, self.pitch * site.i, self.pitch * site.j) for site in self.sites
        )

    def references(self, places: Integers) -> list[str]:
        """Columns of the sites' sublattice are references for all; see `SitesOnHost`."""
        first = self.sites[0]
        alike = (places.sum(axis=1) - (first.i + first.j)) % 2 == 0
        return [EVERY if like else "" for like in alike]

    def simulated(self, thicknesses: Mapping[str, int]) -> dict[str, tuple[Slice, ...]]:
        """Slices of the specimens that are simulated: of each image the perfect, then defects.

        Parameters
        ----------
        thicknesses : mapping of str to int
            Thickness of each image by its label.

        Returns
        -------
        dict
            By label, such as ``z10-perfect``.
        """
        kinds: tuple[Defect, ...] = (PERFECT, *self.defect_kinds())
        return {
            f"{label}-{kind}": slices(kind, cells)
            for label, cells in thicknesses.items()
            for kind in kinds
        }

    def compared_rows(self, labels: Sequence[str]) -> tuple[tuple[int, int], ...]:
        """Rows of a configuration with each defect, and of the same thickness without."""
        kinds = len(self.defect_kinds())
        return tuple(
            (image * (kinds + 1) + 1 + defect, image * (kinds + 1))
            for image in range(len(labels))
            for defect in range(kinds)
        )

    def blocks(
        self,
        thicknesses: Mapping[str, int],
        *,
        reach: float,
        displace: Callable[[Floats], Floats],
    ) -> tuple["CrystalBlock", ...]:
        """One block of crystal round the reference point, deep enough for two atoms more."""
        a = self.material.lattice_parameter
        repeats = 2 * (math.ceil((reach + RIM) / a) + 1)
        crystal = self.atoms(cells=max(thicknesses.values()) + 2, repeats=repeats)
        moved = displace(crystal.positions)
        return (
            CrystalBlock(
                positions=moved[:, :2],
                layer=np.floor(crystal.positions[:, 2] / crystal.plane_distance).astype(np.int64),
                at_site=np.hypot(crystal.positions[:, 0], crystal.positions[:, 1]) < 0.1,
                element=crystal.element,
                guest=self.guest,
                slice_thickness=crystal.plane_distance,
                specimens=self.simulated(thicknesses),
            ),
        )


@dataclass(frozen=True)
class CrystalBlock:
    """Displaced atoms of a crystal round a defect; see `cases.specimens.sites.SiteBlock`.

    Attributes
    ----------
    positions : ndarray, shape (n, 2)
        x and y in Å.
    layer : ndarray, shape (n,)
        Layer of each atom along the beam.
    at_site : ndarray of bool, shape (n,)
        Atoms of the column that holds the defect.
    element, guest : str
        Of the crystal, and of a substituted column.
    """

    positions: Floats
    layer: Integers
    at_site: Bools
    element: str
    guest: str
    slice_thickness: float
    specimens: Mapping[str, tuple[Slice, ...]]
    centre: tuple[float, float] = (0.0, 0.0)

    def atoms(self, key: Slice) -> tuple[Floats, list[str]]:
        """Positions (n, 2) in Å and elements of a slice's atoms."""
        content, layer = key
        here = self.layer == layer
        if content == "empty":
            here &= ~self.at_site
        elif content in ("adatom", "vacuum"):
            here &= self.at_site
        if content == "vacuum" and here.any():
            raise ValueError("a slice of vacuum has no atom at the site")
        guests = self.at_site[here] & (content == "guest")
        elements = [self.guest if guest else self.element for guest in guests]
        return self.positions[here], elements


def atoms_of(kind: Defect, cells: int) -> int:
    """Number of atoms of a defective column in a crystal of so many unit cells."""
    changes = {"minus2": -2, "minus1": -1, "plus1": 1, "plus2": 2}
    if kind == "vacancy":
        return 0
    return cells // 2 if kind == "half" else cells + changes.get(kind, 0)


def slices(kind: Defect, cells: int) -> tuple[Slice, ...]:
    """What the beam passes through, slice by slice, in a crystal with one defect.

    Parameters
    ----------
    kind : str
    cells : int
        Thickness in unit cells, each of two layers.

    Returns
    -------
    tuple of (content, layer)
        An atom more than the crystal has stands where the next one of its column would.
    """
    present = atoms_of(kind, cells)
    filled: Content = "guest" if kind == "substituted" else "host"
    passed: list[Slice] = []
    for layer in range(2 * cells):
        if layer % 2:
            passed.append(("host", layer))
        else:
            passed.append((filled if layer // 2 < present else "empty", layer))
    added: list[Slice] = [
        ("vacuum" if layer % 2 else "adatom", layer) for layer in range(2 * cells, 2 * present - 1)
    ]
    return (*passed, *added)
