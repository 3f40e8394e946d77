"""A crystal with whole columns displaced and columns of more atoms, in several copies.

What a case gets by moving or scaling Gaussians in a clean image, this one gets by multislice.
"""

import math
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final, Literal, cast, get_args

import numpy as np

from cases.specimens.atoms import LayeredAtoms
from cases.specimens.kinds.bulk_crystal import BulkCrystal
from cases.specimens.kinds.defect_ladder import RIM, CrystalBlock, Slice, atoms_of, slices
from cases.specimens.sites import EVERY, PERFECT, Change, Site, SitesOnHost
from cases.specimens.specimen import Material, Specimen
from stembench.arrays import Floats, Integers

#: What is done to a column: all its atoms shifted along +x, two atoms more, or nothing.
Edit = Literal["displaced", "plus2", "perfect"]
EDITS: Final[tuple[Edit, ...]] = get_args(Edit)


@dataclass(frozen=True)
class EditSite:
    """One column and what is done to it.

    Attributes
    ----------
    kind : str
        See `Edit`; a 'perfect' site is a control.
    i, j : int
        Place in half lattice parameters along x and y from the reference point; i + j even, so
        that all sites are translations of each other.
    """

    kind: Edit
    i: int
    j: int

    def __post_init__(self) -> None:
        if (self.i + self.j) % 2:
            raise ValueError("i + j of a site must be even")


@dataclass(frozen=True)
class ColumnEdits(Specimen):
    """A crystal seen along [001] with several distant columns displaced or longer.

    Atoms more than the crystal has stand on the side where the beam leaves; the lattice round a
    site is not relaxed.

    Attributes
    ----------
    material : Material
    cells : int
        Largest thickness in unit cells.
    sites : tuple of EditSite
    shift : float
        Displacement in Å along +x of the columns of kind 'displaced'.
    host_case : str
        Case that images the perfect crystal.
    """

    material: Material
    cells: int
    sites: tuple[EditSite, ...]
    shift: float
    host_case: str
    kind: Literal["column_edits"] = "column_edits"

    scan_meaning: ClassVar[str] = "what one column adds to the fraction of the beam on the detector"
    #: A ratio to the column at its old place would divide by the few configurations' dark flank.
    change: ClassVar[Change] = "difference"
    site_labels: ClassVar[Mapping[str, str]] = {
        "displaced": "displaced column",
        "plus2": "2 atoms more",
    }
    #: The crystal, and its image in the mirror that the displaced column breaks.
    blocks_per_configuration: ClassVar[int] = 2
    equal_blocks: ClassVar[int] = 2

    @property
    def crystal(self) -> BulkCrystal:
        """The crystal as it is without changes."""
        return BulkCrystal(material=self.material, cells=self.cells)

    @property
    def pitch(self) -> float:
        """Half the lattice parameter in Å."""
        return self.material.lattice_parameter / 2

    @property
    def sites_on_host(self) -> SitesOnHost:
        """The changed columns in the perfect crystal."""
        return self

    def atoms(self, *, cells: int | None = None, repeats: int = 6) -> LayeredAtoms:
        """Atoms at rest of the perfect crystal."""
        return self.crystal.atoms(cells=cells, repeats=repeats)

    def columns(self, thickness: int, *, extent: float) -> tuple[Floats, Integers]:
        """Columns of the crystal where they stand now, with the atoms that they have now."""
        centres, counts = self.crystal.columns(thickness, extent=extent)
        moved, changed = centres.copy(), counts.copy()
        for site in self.all_sites():
            here = np.hypot(*(centres - np.array([site.x, site.y])).T) < 0.1
            if site.kind == "displaced":
                moved[here, 0] += self.shift
            elif site.kind == "plus2":
                changed[here] += atoms_of("plus2", thickness) - thickness
        return moved, changed

    def edit_kinds(self) -> tuple[Edit, ...]:
        """Kinds of change that the sites have, in the order of `EDITS`."""
        present = {site.kind for site in self.sites}
        return tuple(kind for kind in EDITS if kind in present and kind != PERFECT)

    def scan_labels(self, labels: Sequence[str]) -> tuple[str, ...]:
        """Labels of the stored changes: image and kind, as in ``z10-displaced``."""
        return tuple(f"{label}-{kind}" for label in labels for kind in self.edit_kinds())

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

    def compared_rows(self, labels: Sequence[str]) -> tuple[tuple[int, int], ...]:
        """Rows of a configuration with each change, and of the same thickness without."""
        kinds = len(self.edit_kinds())
        return tuple(
            (image * (kinds + 1) + 1 + edit, image * (kinds + 1))
            for image in range(len(labels))
            for edit in range(kinds)
        )

    def blocks(
        self,
        thicknesses: Mapping[str, int],
        *,
        reach: float,
        displace: Callable[[Floats], Floats],
    ) -> tuple["EditBlock", ...]:
        """Two blocks of crystal round the reference point, deep enough for two atoms more.

        The second has the first one's thermal displacements mirrored, x → -x. A column's mean
        thermal displacement d along x changes the image of the column shifted by s in proportion
        to s d; over the two this cancels.
        """
        a = self.material.lattice_parameter
        repeats = 2 * (math.ceil((reach + RIM) / a) + 1)
        crystal = self.atoms(cells=max(thicknesses.values()) + 2, repeats=repeats)
        moved = displace(crystal.positions)[:, :2]
        specimens = {
            f"{label}-{kind}": edited_slices(kind, cells)
            for label, cells in thicknesses.items()
            for kind in (PERFECT, *self.edit_kinds())
        }
        first, second = (
            EditBlock(
                crystal=CrystalBlock(
                    positions=moved * sides,
                    layer=np.floor(crystal.positions[:, 2] / crystal.plane_distance).astype(
                        np.int64
                    ),
                    at_site=np.hypot(crystal.positions[:, 0], crystal.positions[:, 1]) < 0.1,
                    element=crystal.element,
                    guest=crystal.element,
                    slice_thickness=crystal.plane_distance,
                    specimens={},
                ),
                shift=self.shift,
                specimens=specimens,
            )
            for sides in ((1.0, 1.0), (-1.0, 1.0))
        )
        return first, second


@dataclass(frozen=True)
class EditBlock:
    """Displaced atoms of a crystal round a column; see `cases.specimens.sites.SiteBlock`.

    Attributes
    ----------
    crystal : CrystalBlock
        The thermally displaced crystal.
    shift : float
        Displacement in Å along +x of a displaced column.
    """

    crystal: CrystalBlock
    shift: float
    specimens: Mapping[str, tuple[Hashable, ...]]

    @property
    def centre(self) -> tuple[float, float]:
        """Where the scan is centred: the column as it stands in the perfect crystal."""
        return self.crystal.centre

    @property
    def slice_thickness(self) -> float:
        """Thickness of a slice in Å."""
        return self.crystal.slice_thickness

    def atoms(self, key: tuple[str, int]) -> tuple[Floats, list[str]]:
        """Positions (n, 2) in Å and elements of a slice's atoms; 'moved' shifts the column's."""
        content, layer = key
        if content != "moved":
            return self.crystal.atoms(cast("Slice", key))
        here = self.crystal.layer == layer
        places = self.crystal.positions[here].copy()
        places[self.crystal.at_site[here], 0] += self.shift
        return places, [self.crystal.element] * len(places)


def edited_slices(kind: Edit, cells: int) -> tuple[Hashable, ...]:
    """What the beam passes through, slice by slice, in a crystal with one changed column.

    Parameters
    ----------
    kind : str
    cells : int
        Thickness in unit cells, each of two layers.
    """
    if kind != "displaced":
        return slices(kind, cells)
    # The column has its atoms in the even layers.
    return tuple(("host" if layer % 2 else "moved", layer) for layer in range(2 * cells))
