"""Edits of a perfect crystal: which columns are moved or made brighter, and by how much.

An edit is a field on the lattice of columns: each column's displacement along x and y, and the
relative change of its scattering cross-section (SCS). It is applied to an image, not to atoms.
"""

import math
from dataclasses import dataclass
from typing import Final, Literal, Protocol

import numpy as np

from stembench.arrays import Floats, Integers


@dataclass(frozen=True)
class ColumnShape:
    """Gaussian that stands for a column of the crystal's noise-free image, source included.

    Attributes
    ----------
    thickness : int
        Of the image, in atoms.
    peak : float
        Fraction of the beam.
    sigma : float
        Standard deviation in Å.
    """

    thickness: int
    peak: float
    sigma: float


class EditedSpecimen(Protocol):
    """A specimen whose images are those of a host's case, some of them edited."""

    @property
    def host_case(self) -> str:
        """Name of the case that images the host."""
        ...

    @property
    def steps(self) -> tuple[float, float]:
        """Distances of columns along x and y in Å."""
        ...

    def is_host(self, specimen: object) -> bool:
        """Whether a specimen is the one without edits."""
        ...

    def places(self, centres: Floats) -> Integers:
        """Columns, shape (n, 2) in Å from the reference point, as (i, j) in steps."""
        ...

    def edit_of(self, label: str) -> "Edit | None":
        """Edit that an image of this label has; None for an unedited one."""
        ...

    def base_of(self, label: str) -> str:
        """Label of the image that an edited one is made from; its own if it is unedited."""
        ...

    def site_numbers(self, places: Integers) -> Integers:
        """Number of the isolated column at each place (n, 2), -1 for the others; shape (n,)."""
        ...

    def field(self, label: str, centres: Floats) -> Floats:
        """Displacement along x and y in Å, and relative change of the SCS; shape (n, 3).

        `centres`, shape (n, 2), are columns of the host in Å from the reference point.
        """
        ...

    def shape(self, thickness: int) -> ColumnShape:
        """Gaussian of a column at a thickness; ValueError if none is declared."""
        ...


#: What a displacement or a change of brightness is made of.
Pattern = Literal["isolated", "listed", "waves", "strain"]
Direction = Literal["x", "y", "diagonal"]

#: Unit vectors along which isolated columns are displaced, and signs with which they are made
#: brighter, site after site.
_FOUR: Final = ((1.0, 0.0), (0.0, 1.0), (-1.0, 0.0), (0.0, -1.0))
_PM: Final = 0.01


@dataclass(frozen=True)
class Wave:
    """A plane wave over the columns, of displacement or of SCS.

    Attributes
    ----------
    wavelength : float
        In columns (steps of the lattice along x or y; along the diagonal, their length).
    direction : {'x', 'y', 'diagonal'}
    phase : float
        In turns, at the reference point.
    """

    wavelength: float
    direction: Direction
    phase: float = 0.0

    def at(self, places: Integers) -> Floats:
        """Cosine of the wave at lattice places (i, j), shape (n, 2); shape (n,)."""
        i, j = places.T.astype(np.float64)
        along = {"x": i, "y": j, "diagonal": (i + j) / math.sqrt(2)}[self.direction]
        return np.asarray(np.cos(2 * np.pi * (along / self.wavelength + self.phase)))


@dataclass(frozen=True)
class ColumnChange:
    """Change of one listed column.

    Attributes
    ----------
    i, j : int
        Place in steps of the lattice.
    shift : float
        Displacement along +x in pm.
    scs : float
        Change of the SCS in percent.
    """

    i: int
    j: int
    shift: float = 0.0
    scs: float = 0.0


@dataclass(frozen=True)
class Edit:
    """One edited image of a crystal.

    Attributes
    ----------
    name : str
        Last part of the image's label.
    pattern : {'isolated', 'listed', 'waves', 'strain'}
        Single columns of the specimen's list of sites; single columns of the edit's own list; the
        sum of `waves`, each in x and in y where columns are displaced; or uniform strain and shear
        besides the waves.
    shift : float
        Displacement in pm: of an isolated column, or amplitude of each wave.
    scs : float
        Change of the SCS in percent: of an isolated column (alternately more and less), or
        amplitude of each wave.
    waves : tuple of Wave
    strain, shear : float
        du_x/dx and du_y/dx.
    columns : tuple of ColumnChange
        Of a listed edit, some moved and some made brighter.
    source : str
        Case whose image of the same thickness is taken in place of an edited one: it has the
        listed changes by simulation. '' edits the image.
    """

    name: str
    pattern: Pattern
    shift: float = 0.0
    scs: float = 0.0
    waves: tuple[Wave, ...] = ()
    strain: float = 0.0
    shear: float = 0.0
    columns: tuple[ColumnChange, ...] = ()
    source: str = ""

    def __post_init__(self) -> None:
        if (self.pattern in ("isolated", "listed")) == bool(self.waves):
            raise ValueError(f"edit '{self.name}' is of single columns or waves, not both")
        if (self.pattern == "listed") != bool(self.columns):
            raise ValueError(f"edit '{self.name}' lists columns, or is no listed edit")

    @property
    def moves(self) -> bool:
        """Whether columns are displaced; otherwise their SCS is changed."""
        return self.shift != 0 or self.pattern == "strain"

    def field(self, places: Integers, sites: Integers, *, steps: tuple[float, float]) -> Floats:
        """Change of columns.

        Parameters
        ----------
        places : ndarray, shape (n, 2)
            Columns as (i, j) in steps of the lattice from the reference point.
        sites : ndarray, shape (m, 2)
            Places of the isolated columns.
        steps : tuple of two float
            Steps of the lattice along x and y in Å.

        Returns
        -------
        ndarray, shape (n, 3)
            Displacement along x and y in Å, and the relative change of the SCS.
        """
        out = np.zeros((len(places), 3))
        if self.pattern == "isolated":
            for number, site in enumerate(sites):
                here = (places == site).all(axis=1)
                out[here, :2] = np.array(_FOUR[number % 4]) * self.shift * _PM
                out[here, 2] = self.scs / 100 * (1 if number % 2 == 0 else -1)
            return out
        if self.pattern == "listed":
            for column in self.columns:
                here = (places == (column.i, column.j)).all(axis=1)
                out[here, 0] = column.shift * _PM
                out[here, 2] = column.scs / 100
            return out
        total = np.sum([wave.at(places) for wave in self.waves], axis=0)
        out[:, :2] = total[:, None] * self.shift * _PM
        out[:, 2] = total * self.scs / 100
        x = places[:, 0] * steps[0]
        out[:, 0] += self.strain * x
        out[:, 1] += self.shear * x
        return out

    def bases(self, places: Integers) -> Floats:
        """Fields of which a change that follows the edit is a sum, each of amplitude one.

        Parameters
        ----------
        places : ndarray, shape (n, 2)

        Returns
        -------
        ndarray, shape (k, n)
            Each wave; then, with strain, x in steps of the lattice. An isolated edit has none.
        """
        rows = [wave.at(places) for wave in self.waves]
        if self.pattern == "strain":
            rows.append(places[:, 0].astype(np.float64))
        return np.array(rows).reshape(len(rows), len(places))
