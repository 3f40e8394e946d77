"""The protocol of a specimen: what a case asks of the structure that it images."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal, Protocol

import numpy as np

from cases.specimens.atoms import LayeredAtoms
from cases.specimens.columns import SAME_COLUMN, find_columns
from cases.specimens.edits import EditedSpecimen
from cases.specimens.sites import SitesOnHost
from stembench.arrays import Floats, Integers

#: How a stored scan continues: with its own period, or mirrored half a step outside its edges.
Boundary = Literal["periodic", "mirror"]


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
class CrystalCell:
    """Cells of a crystal without edges, in Å.

    Attributes
    ----------
    edges : tuple of three float
        Of the unit cell along x, y and the beam; what `Specimen.atoms` repeats.
    scanned : tuple of two float
        Edges along x and y of the cell that a stored scan covers. Whole numbers of them make the
        unit cell up, if its columns are taken as equal.
    """

    edges: tuple[float, float, float]
    scanned: tuple[float, float]

    def repeats(self, along_x: int) -> tuple[int, int]:
        """Unit cells along x and y of the block that so many along x make most nearly square."""
        return along_x, max(1, round(along_x * self.edges[0] / self.edges[1]))

    def extent(self, along_x: int) -> tuple[float, float]:
        """Sides of that block along x and y in Å."""
        repeats = self.repeats(along_x)
        return repeats[0] * self.edges[0], repeats[1] * self.edges[1]

    def scanned_cells(self, along_x: int) -> tuple[int, int]:
        """Scanned cells along x and y of that block."""
        x, y = (
            round(side / edge)
            for side, edge in zip(self.extent(along_x), self.scanned, strict=True)
        )
        return x, y


class Specimen(Protocol):
    """A structure that a case images, as a frozen dataclass of plain values.

    A new kind inherits from this class, gives `atoms`, and overrides those of the other answers
    that do not hold for it. What it declares as dataclass fields is its description; the answers
    below are no part of it. Its reference point lies at x = y = 0.

    Attributes
    ----------
    kind : str
        Field with the kind's own name as default, by which a stored description is recognised.
    material : Material
    boundary : {'periodic', 'mirror'}
        How a stored scan of it continues.
    endless : bool
        Whether it repeats the stored scan without end, so that pixels may lie anywhere and every
        scan point is seen at many places; otherwise pixels must lie within the scan.
    dislocation_core : tuple of two float or None
        Where a dislocation line along the beam lies, (x, y) in Å from the reference point.
    scan_unit, scan_meaning : str
        What the numbers of its ground-truth file are, for the file's readers.
    """

    kind: str
    material: Material
    boundary: ClassVar[Boundary] = "periodic"
    endless: ClassVar[bool] = False
    dislocation_core: ClassVar[tuple[float, float] | None] = None
    scan_unit: ClassVar[str] = "fraction of the incident beam"
    scan_meaning: ClassVar[str] = "fraction of the beam on the detector"

    def atoms(self, *, cells: int | None = None, repeats: int = 6) -> LayeredAtoms:
        """Atoms at rest, in the coordinates of the reference point.

        Parameters
        ----------
        cells : int, optional
            Thickness of a crystal in unit cells; by default its largest. Specimens of one
            thickness ignore it.
        repeats : int
            Unit cells along x of a crystal without edges, with as many along y as
            `CrystalCell.repeats` says; others ignore it.

        Returns
        -------
        LayeredAtoms
            Of a specimen with sites on a host, the host's.
        """
        ...

    def columns(
        self,
        thickness: int,  # noqa: ARG002 - for crystals of several thicknesses
        *,
        extent: float,  # noqa: ARG002 - for crystals without edges
    ) -> tuple[Floats, Integers]:
        """Atomic columns of an image.

        Parameters
        ----------
        thickness : int
            Of the image; see `cases.case.ImageSpec`.
        extent : float
            Side in Å of the square about the reference point in which columns are asked for.
            Specimens with edges list all they have.

        Returns
        -------
        centres : ndarray, shape (n, 2)
            x and y in Å from the reference point, ordered by y, then x.
        counts : ndarray, shape (n,)
            Numbers of atoms.
        """
        return find_columns(self.atoms().positions)

    def spacing_along_beam(self) -> float:
        """Median distance in Å of neighbouring atoms of a column along the beam."""
        positions = self.atoms().positions
        order = np.lexsort((positions[:, 2], positions[:, 0].round(2), positions[:, 1].round(2)))
        steps = np.diff(positions[order], axis=0)
        above = np.hypot(steps[:, 0], steps[:, 1]) < SAME_COLUMN
        return float(np.median(steps[above, 2]))

    def scan_labels(self, labels: Sequence[str]) -> tuple[str, ...]:
        """Labels of what the stored scan holds: the labels of the images, or of their changes."""
        return tuple(labels)

    @property
    def cell(self) -> CrystalCell | None:
        """Cells of a crystal without edges; None for a specimen that has some."""
        return None

    @property
    def sites_on_host(self) -> SitesOnHost | None:
        """How it differs from a host at some sites; None if it is imaged as a whole."""
        return None

    @property
    def edits_on_host(self) -> EditedSpecimen | None:
        """How its images are made from a host's; None if it has images of its own."""
        return None
