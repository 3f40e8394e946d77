"""Frozen description of a case: specimen, microscope, simulation, scan, doses, measurement."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal

from cases.imaging import Microscope, Simulation
from cases.specimens.descriptions import specimen_from_dict
from cases.specimens.specimen import Specimen
from cases.study import Study
from noise import ScanNoise
from stembench.describe import from_dict
from stembench.errors import InputError

#: Fields that describe a case for people and reports; its results do not depend on them.
_PRESENTATION: Final = ("title", "summary", "study", "superseded_by")


@dataclass(frozen=True)
class ImageSpec:
    """One image of a case.

    Attributes
    ----------
    label : str
    thickness : int
        In atoms: the most that a column has along the beam, sites with a defect or an adatom left
        out. In [001] crystals that is the number of unit cells, since each column has one atom in
        each.
    """

    label: str
    thickness: int


@dataclass(frozen=True)
class MeasuredColumns:
    """Which columns of the frame count towards the figures of merit.

    Attributes
    ----------
    rule : {'all', 'within', 'innermost'}
        All columns of the frame; those within ``value`` Å of the structure's reference point; or
        the ``value`` x ``value`` block of a lattice that lies nearest the frame's centre.
    value : float
    """

    rule: Literal["all", "within", "innermost"]
    value: float = 0.0


@dataclass(frozen=True)
class FitChoice:
    """How the columns of a case are fitted; see ``fitting.fit_columns``.

    Every fit starts at the true positions and at the width of the noise-free image.

    Attributes
    ----------
    width : {'shared', 'column'}
    background : {'none', 'constant', 'plane'}
    width_factor : float
        A width may become narrower or wider than that of the noise-free image by this factor.
    drift : float or None
        Largest change of x and of y from the true position in px; 0 holds the positions, None is
        the fit's own bound.
    """

    width: Literal["shared", "column"]
    background: Literal["none", "constant", "plane"]
    width_factor: float = 1.5
    drift: float | None = None


@dataclass(frozen=True)
class Case:
    """One case of the benchmark. A published case is never edited without a new version.

    Attributes
    ----------
    name : str
    version : int
    title, summary : str
        For people.
    study : Study
        How it is reported, and how much of it is run.
    structure : Specimen
    microscope : Microscope
    simulation : Simulation
    images : tuple of ImageSpec
    sampling : float
        Pixel size in Å/px.
    shape : tuple of two int
        Height and width of an image in px.
    margin : int
        Context in px that the ground truth can provide on each side.
    offset : tuple of two float
        Place (x, y) in Å of the structure's reference point (a column, the core, the particle's
        centre) relative to the frame's centre.
    doses : tuple of float
        In e/Å².
    noise : ScanNoise
    measured : MeasuredColumns
    fit : FitChoice
    bound : bool
        Whether the Cramér-Rao bound is stated.
    library_case : str or None
        Case whose series of thicknesses is the library for counting atoms; None: no counting.
    superseded_by : str or None
        Name of the case that replaces this one, which stays as it is.
    """

    name: str
    version: int
    title: str
    summary: str
    study: Study
    structure: Specimen
    microscope: Microscope
    simulation: Simulation
    images: tuple[ImageSpec, ...]
    sampling: float
    shape: tuple[int, int]
    margin: int
    offset: tuple[float, float]
    doses: tuple[float, ...]
    noise: ScanNoise
    measured: MeasuredColumns
    fit: FitChoice
    bound: bool = False
    library_case: str | None = None
    superseded_by: str | None = None

    @property
    def labels(self) -> tuple[str, ...]:
        """Labels of the images, in order."""
        return tuple(image.label for image in self.images)

    def as_dict(self) -> dict[str, Any]:
        """Return the description as nested plain types, ready for JSON.

        Stages of the noise chain that are left out are not named, so that a stage which the chain
        learns later does not change the description of a case without it; nor is a coarse or wide
        level, a second number of scan points or a bound of drift that is left out.
        """
        whole = asdict(self)
        if whole["fit"]["drift"] is None:
            del whole["fit"]["drift"]
        for part in ("coarse", "wide", "scan_points_y"):
            if whole["simulation"].get(part, ...) is None:
                del whole["simulation"][part]
        stages = self.noise.as_dict().items()
        whole["noise"] = {name: stage for name, stage in stages if stage is not None}
        return whole

    def identity(self) -> dict[str, Any]:
        """Return the part of the description that results depend on, as nested plain types.

        Title, summary, study and successor are left out: they may be corrected without a new
        version.
        """
        whole = self.as_dict()
        return {key: value for key, value in whole.items() if key not in _PRESENTATION}

    def simulated(self) -> dict[str, Any]:
        """Return the part of the description that the stored scan depends on.

        The source blur, the pixel grid, doses, noise and fits are left out: they are applied to
        the stored scan.
        """
        whole = self.as_dict()
        part = {key: whole[key] for key in ("name", "structure", "microscope", "simulation")}
        del part["microscope"]["source_sigma"]
        part["labels"] = list(self.labels)
        return part

    @property
    def hash(self) -> str:
        """SHA-256 of the description's `identity`."""
        return digest(self.identity())


def case_from_dict(values: Mapping[str, Any]) -> Case:
    """Build the case that `Case.as_dict` described.

    Raises
    ------
    InputError
        If a part is unknown, absent or of the wrong type.
    """
    if not isinstance(values, Mapping) or not isinstance(values.get("structure"), Mapping):
        raise InputError("the description of a case must be a table with a structure")
    return from_dict(Case, {**values, "structure": specimen_from_dict(values["structure"])})


def digest(description: dict[str, Any]) -> str:
    """SHA-256 of a description, as hexadecimal digits."""
    return hashlib.sha256(canonical_json(description).encode()).hexdigest()


def canonical_json(description: dict[str, Any]) -> str:
    """Return JSON with sorted keys and no blanks; tuples and lists look the same."""
    return json.dumps(description, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
