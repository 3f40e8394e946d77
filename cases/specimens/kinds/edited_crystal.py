"""A perfect crystal of which columns are displaced or made brighter in the image itself."""

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from cases.specimens.atoms import LayeredAtoms
from cases.specimens.edits import ColumnShape, Edit, EditedSpecimen
from cases.specimens.kinds.bulk_112 import Bulk112
from cases.specimens.kinds.bulk_crystal import BulkCrystal
from cases.specimens.specimen import Material, Specimen
from stembench.arrays import Floats, Integers
from stembench.errors import InputError


@dataclass(frozen=True)
class EditedCrystal(Specimen):
    """A perfect crystal with edited images beside the unedited ones.

    An edit takes the Gaussian of a column out of the image and puts it back displaced, or scaled.
    Labels of edited images are those of the unedited one with the edit's name, as in
    ``z10-shift15``.

    Attributes
    ----------
    material : Material
    cells : int
        Largest thickness in atoms.
    orientation : {'001', '112'}
        Of the crystal along the beam.
    host_case : str
        Case that images the perfect crystal.
    shapes : tuple of ColumnShape
        One for each thickness.
    sites : tuple of tuple of two int
        Isolated columns, (i, j) in steps of the lattice from the reference point.
    edits : tuple of Edit
    """

    material: Material
    cells: int
    orientation: Literal["001", "112"]
    host_case: str
    shapes: tuple[ColumnShape, ...]
    sites: tuple[tuple[int, int], ...]
    edits: tuple[Edit, ...]
    kind: Literal["edited"] = "edited"

    endless: ClassVar[bool] = True

    @property
    def crystal(self) -> Specimen:
        """The crystal without edits."""
        if self.orientation == "112":
            return Bulk112(material=self.material, cells=self.cells)
        return BulkCrystal(material=self.material, cells=self.cells)

    @property
    def steps(self) -> tuple[float, float]:
        """Distances of columns along x and y in Å."""
        if self.orientation == "112":
            return Bulk112(material=self.material, cells=self.cells).cell.scanned
        half = self.material.lattice_parameter / 2
        return half, half

    @property
    def edits_on_host(self) -> EditedSpecimen:
        """The edits of the perfect crystal's images."""
        return self

    def is_host(self, specimen: object) -> bool:
        """Whether a specimen is the perfect crystal of the same material, of any thickness."""
        return isinstance(specimen, type(self.crystal)) and specimen.material == self.material

    def atoms(self, *, cells: int | None = None, repeats: int = 6) -> LayeredAtoms:
        """Atoms at rest of the crystal without edits."""
        return self.crystal.atoms(cells=cells, repeats=repeats)

    def columns(self, thickness: int, *, extent: float) -> tuple[Floats, Integers]:
        """Columns of the crystal without edits."""
        return self.crystal.columns(thickness, extent=extent)

    def places(self, centres: Floats) -> Integers:
        """Columns, shape (n, 2) in Å from the reference point, as (i, j) in steps."""
        places: Integers = np.rint(centres / np.array(self.steps)).astype(np.int64)
        return places

    def edit_of(self, label: str) -> Edit | None:
        """Edit that an image of this label has; None for an unedited one.

        Raises
        ------
        InputError
            If no edit has that name.
        """
        _, dash, name = label.partition("-")
        if not dash:
            return None
        for edit in self.edits:
            if edit.name == name:
                return edit
        raise InputError(f"image '{label}' is none of the edits {', '.join(self.edit_names)}")

    @property
    def edit_names(self) -> tuple[str, ...]:
        """Names of the edits, in order."""
        return tuple(edit.name for edit in self.edits)

    def base_of(self, label: str) -> str:
        """Label of the image that an edited one is made from; its own if it is unedited."""
        return label.partition("-")[0]

    def site_numbers(self, places: Integers) -> Integers:
        """Number of the isolated column at each place (n, 2), -1 for the others; shape (n,)."""
        numbers = np.full(len(places), -1, dtype=np.int64)
        for number, site in enumerate(self.sites):
            numbers[(places == np.array(site)).all(axis=1)] = number
        return numbers

    def field(self, label: str, centres: Floats) -> Floats:
        """Change of columns in an image.

        Parameters
        ----------
        label : str
        centres : ndarray, shape (n, 2)
            Columns of the crystal in Å from the reference point.

        Returns
        -------
        ndarray, shape (n, 3)
            Displacement along x and y in Å, and relative change of the SCS.
        """
        edit = self.edit_of(label)
        if edit is None:
            return np.zeros((len(centres), 3))
        sites = np.array(self.sites, dtype=np.int64).reshape(-1, 2)
        return edit.field(self.places(centres), sites, steps=self.steps)

    def shape(self, thickness: int) -> ColumnShape:
        """Gaussian of a column at a thickness; ValueError if none is declared."""
        for shape in self.shapes:
            if shape.thickness == thickness:
                return shape
        raise ValueError(f"no column shape of thickness {thickness} is declared")
