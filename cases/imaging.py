"""How a case's images are simulated: the microscope, the scan and its levels."""

from dataclasses import dataclass
from typing import Literal


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
    """Multislice of a periodic supercell; the irreducible points of the scanned cell are probed.

    In each phonon configuration every point is probed at a symmetry-equivalent place of its own,
    so that neighbouring points do not share the displacements of one column. What the cells are
    is for the specimen to say, see `cases.specimens.specimen.CrystalCell`.

    Attributes
    ----------
    repeats : int
        Unit cells along x of the supercell; along y as many as make it most nearly square.
    grid_points : int
        Grid points along each side of the supercell.
    scan_points : int
        Scan points along each side of the scanned cell before symmetry.
    slices_per_cell : int
        Slices in one unit cell of depth.
    seed : int
        Root of the phonon seeds.
    coarse : CoarseLevel or None
        The second level; None if the scan is estimated on the fine level alone.
    scan_points_y : int or None
        Scan points along y of a scanned cell that is rectangular, with the symmetry p2mm; None
        for the square cell of [001] crystals, with p4mm and its centring.
    """

    repeats: int
    grid_points: int
    scan_points: int
    slices_per_cell: int
    seed: int
    coarse: CoarseLevel | None = None
    scan_points_y: int | None = None
    kind: Literal["supercell"] = "supercell"

    @property
    def scan_shape(self) -> tuple[int, int]:
        """Scan points of the scanned cell along x and along y."""
        along_y = self.scan_points if self.scan_points_y is None else self.scan_points_y
        return self.scan_points, along_y


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
    symmetry : {'p1', 'pm', 'p4m'}
        With p4m one octant is scanned, each point in a randomly chosen equivalent octant; with pm
        the half plane y >= 0, each point there or at its mirror image in the x axis.
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
    symmetry: Literal["p1", "pm", "p4m"]
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
