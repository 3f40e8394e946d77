"""Frozen descriptions of a case: specimen, microscope, simulation, scan, doses, measurement."""

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Any, Literal

from cases.specimens.descriptions import (
    BulkCrystal,
    EdgeDislocation,
    Material,
    Nanoparticle,
    Structure,
)
from noise import ScanNoise

__all__ = [
    "BulkCrystal",
    "Case",
    "CoarseLevel",
    "EdgeDislocation",
    "FitChoice",
    "ImageSpec",
    "Material",
    "MeasuredColumns",
    "Microscope",
    "Nanoparticle",
    "Simulation",
    "Structure",
    "SupercellScan",
    "WideLevel",
    "WindowScan",
    "canonical_json",
    "digest",
]


@dataclass(frozen=True)
class Microscope:
    """An aberration-free HAADF STEM.

    Attributes
    ----------
    voltage : float
        Acceleration voltage in V.
    semi_convergence : float
        Semi-convergence angle in mrad.
    inner, outer : float
        Detector angles in mrad.
    defocus : float
        In Å; 0 focuses the probe on the entrance surface.
    source_sigma : float
        Standard deviation of the Gaussian source image in Å.
    """

    voltage: float
    semi_convergence: float
    inner: float
    outer: float
    defocus: float
    source_sigma: float


@dataclass(frozen=True)
class CoarseLevel:
    """A cheaper simulation of the same scan whose mean over many configurations is known well.

    The scan is estimated on two levels: mean of the coarse simulation over many configurations,
    plus the mean of fine less coarse over few configurations in which both see the same
    displacements. That is without bias whatever the coarse simulation leaves out, and as the two
    go up and down together, the difference needs few configurations (multilevel Monte Carlo,
    Giles, 10.1287/opre.1070.0496).

    Attributes
    ----------
    grid : int
        In place of the fine level's ``oversampling`` or ``grid_points``.
    window : int
        Grid points along each side of the window centred on each scan point.
    outer : float
        Outer angle of the detector in mrad that this grid still holds.
    places : int
        Symmetry-equivalent places at which each point is probed in a configuration.
    """

    grid: int
    window: int
    outer: float
    places: int


@dataclass(frozen=True)
class WideLevel:
    """A wider window at some of the probes, to correct what the narrow one does to all.

    The tails of the probe that leave a window enter it again on the other side, where they meet
    other atoms than they should: dark places come out too dark and bright ones too bright. In a
    specimen of even thickness the difference is a straight line in the detected fraction, fitted
    to these probes; see `cases.simulation.wide_window`.

    Attributes
    ----------
    window : int
        Grid points along each side of the wide window.
    probes : int
        Probes of each phonon configuration, drawn from the points that it visits.
    reach : float
        Largest distance in Å from the reference point along x and along y at which they are
        drawn, so that no window leaves the specimen.
    """

    window: int
    probes: int
    reach: float


@dataclass(frozen=True)
class SupercellScan:
    """Multislice of a periodic supercell; the irreducible scan points of the unit cell are probed.

    In each phonon configuration every point is probed at a symmetry-equivalent place of its own,
    so that neighbouring points do not share the displacements of one column.

    Attributes
    ----------
    repeats : int
        Unit cells along each side of the supercell.
    grid_points : int
        Grid points along each side of the supercell.
    scan_points : int
        Scan points along each side of the unit cell before symmetry.
    slices_per_cell : int
        Slices in one unit cell of depth.
    seed : int
        Root of the phonon seeds.
    coarse : CoarseLevel or None
        The second level; None if the scan is estimated on the fine level alone.
    """

    repeats: int
    grid_points: int
    scan_points: int
    slices_per_cell: int
    seed: int
    coarse: CoarseLevel | None = None
    kind: Literal["supercell"] = "supercell"


@dataclass(frozen=True)
class WindowScan:
    """Multislice in a window of the specimen centred on each scan point.

    Each phonon configuration is scanned on one of ``interleave`` x ``interleave`` sublattices of
    the scan, so that neighbouring points see independent configurations and a full image takes
    ``interleave²`` configurations.

    Attributes
    ----------
    points : int
        Scan points along each side of the (square) scan; odd for symmetry 'p4m'.
    step : float
        Distance of scan points in Å.
    oversampling : int
        Grid points of the wave function per scan step.
    window : int
        Grid points along each side of the window.
    planes_per_slice : int
        Atomic planes in one slice, placed symmetrically about its centre.
    interleave : int
        Scan points along each side of the block over which configurations are dealt.
    symmetry : {'p1', 'p4m'}
        With p4m one octant is scanned, each point in a randomly chosen equivalent octant.
    fine_radius : float or None
        Beyond this distance (Å) from the centre only every second point along each axis is
        scanned and the others are interpolated; None scans all.
    seed : int
        Root of the phonon seeds.
    coarse : CoarseLevel or None
        The second level; None if the scan is estimated on the fine level alone.
    wide : WideLevel or None
        Probes that correct for the window; None if it is not corrected for.
    """

    points: int
    step: float
    oversampling: int
    window: int
    planes_per_slice: int
    interleave: int
    symmetry: Literal["p1", "p4m"]
    fine_radius: float | None
    seed: int
    coarse: CoarseLevel | None = None
    wide: WideLevel | None = None
    kind: Literal["window"] = "window"

    @property
    def configurations_per_image(self) -> int:
        """Phonon configurations that make up one full scan."""
        return self.interleave**2


Simulation = SupercellScan | WindowScan


@dataclass(frozen=True)
class ImageSpec:
    """One image of a case: its label, and its thickness as the most atoms that a column has."""

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
    study : int
        Number of the study in the paper (10.1038/s41524-023-01188-0); 0 for none of them.
    structure : Structure
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
        Name of the case that replaces this one.
    """

    name: str
    version: int
    title: str
    summary: str
    study: int
    structure: Structure
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
        level or a bound of drift that is left out.
        """
        whole = asdict(self)
        if whole["fit"]["drift"] is None:
            del whole["fit"]["drift"]
        for level in ("coarse", "wide"):
            if whole["simulation"].get(level, ...) is None:
                del whole["simulation"][level]
        stages = self.noise.as_dict().items()
        whole["noise"] = {name: stage for name, stage in stages if stage is not None}
        return whole

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
        """SHA-256 of the whole description."""
        return digest(self.as_dict())


def digest(description: dict[str, Any]) -> str:
    """SHA-256 of a description, as hexadecimal digits."""
    return hashlib.sha256(canonical_json(description).encode()).hexdigest()


def canonical_json(description: dict[str, Any]) -> str:
    """Return JSON with sorted keys and no blanks; tuples and lists look the same."""
    return json.dumps(description, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
