"""Multislice of crystals with one defect each, and of the crystal without.

All see the same thermal displacements, so that what their images share cancels in a comparison
and few phonon configurations suffice. One column of the reference point's kind holds the defect;
the scan is centred on it and each probe has a window of its own.
"""

from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import fft

from cases.defects import Slice, specimens_of
from cases.description import Case, WindowScan
from cases.multislice import (
    abtem_settings,
    configuration_rng,
    displace,
    make_probe,
    make_propagator,
    transmission,
)
from cases.scan import deal, scan_plan
from cases.shared_slices import multislice_shared
from cases.specimens import DefectLadder
from cases.structures import Specimen, build

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

#: Width in Å of the block's rim that no window sees; potentials have decayed within it.
EDGE = 1.0


def scan_defects(
    case: Case,
    configuration: int,
    *,
    device: str = "cpu",
    advance: Callable[[int], None] = lambda _: None,
) -> tuple[IntArray, FloatArray]:
    """Scan all defects at all thicknesses in one phonon configuration.

    Parameters
    ----------
    case : Case
        Its structure is a `DefectLadder`, its simulation a `WindowScan` of symmetry 'p4m'.
    configuration : int
        Number of the configuration, >= 0; it fixes displacements and visited places.
    device : {'cpu', 'gpu'}
    advance : callable
        Told the number of probes each time that some are done.

    Returns
    -------
    index : ndarray, shape (m,)
        Numbers of the irreducible scan points visited (see `cases.scan`).
    fractions : ndarray, shape (specimens, m)
        Fraction of the beam on the detector, in the order of `cases.defects.specimen_labels`.
    """
    ladder, simulation = _ladder(case)
    rng = configuration_rng(simulation.seed, configuration)
    specimens = specimens_of(case)
    thickest = max(spec.thickness for spec in case.images)
    with abtem_settings(device):
        specimen, ideal = displaced_block(ladder, simulation, cells=thickest + 2, rng=rng)
        index, places = deal(scan_plan(simulation), configuration, rng=rng, simulation=simulation)
        functions = SiteFunctions(case, specimen, ideal)
        found = scan_specimens(case, specimens, functions, places.reshape(-1, 2), advance=advance)
    return index, np.stack([found[label] for label in specimens])


def scan_specimens(
    case: Case,
    specimens: dict[str, tuple[Slice, ...]],
    functions: "SiteFunctions",
    places: IntArray,
    *,
    window: int | None = None,
    advance: Callable[[int], None] = lambda _: None,
) -> dict[str, FloatArray]:
    """Detected fraction of the beam behind each specimen at each place, shape (places,) each.

    Parameters
    ----------
    case : Case
    specimens : dict
        Slices of each specimen.
    functions : SiteFunctions
        Their transmission functions.
    places : ndarray, shape (m, 2)
        Where the probes stand, (ix, iy) in scan steps from the site.
    window : int, optional
        Grid points along each side of a window; by default the simulation's.
    advance : callable
        Told the number of probes each time that some are done.
    """
    _, simulation = _ladder(case)
    size = simulation.window if window is None else window
    pixel = simulation.step / simulation.oversampling
    centre = np.full((1, 2), (size // 2) * pixel)
    entering = make_probe(case.microscope, extent=size * pixel, points=size, positions=centre)
    propagator = make_propagator()
    found: dict[str, list[float]] = {name: [] for name in specimens}
    for x, y in (places * simulation.oversampling + functions.middle - size // 2).tolist():
        if min(x, y) < 0 or max(x, y) + size > functions.points:
            raise ValueError("a window leaves the block of transmission functions")

        def cut(key: Slice, x: int = x, y: int = y) -> Any:
            return functions.of(key)[x : x + size, y : y + size]

        detected = multislice_shared(
            entering.copy(),
            specimens,
            cut,
            slice_thickness=functions.thickness,
            microscope=case.microscope,
            propagator=propagator,
        )
        for name, value in detected.items():
            found[name].append(value)
        advance(1)
    return {name: np.array(values) for name, values in found.items()}


def displaced_block(
    ladder: DefectLadder,
    simulation: WindowScan,
    *,
    cells: int,
    rng: np.random.Generator,
    reach: float | None = None,
) -> tuple[Specimen, FloatArray]:
    """Displaced atoms round the site, as far as any window reaches.

    Parameters
    ----------
    ladder : DefectLadder
    simulation : WindowScan
    cells : int
        Depth in unit cells.
    rng : numpy.random.Generator
    reach : float, optional
        Distance in Å from the site along x and y; by default that of the simulation's windows.

    Returns
    -------
    specimen : Specimen
        With displaced positions.
    ideal : ndarray, shape (n, 3)
        The same atoms on their lattice places.
    """
    a = ladder.material.lattice_parameter
    if reach is None:
        reach = block_reach(simulation)
    # Atoms just outside still reach in with their potentials.
    repeats = 2 * (int(np.ceil((reach + 3.0) / a)) + 1)
    specimen = build(ladder.crystal, cells=cells, repeats=repeats)
    ideal = specimen.positions
    moved = displace(specimen, ladder.material.rms_displacement, rng)
    return (
        Specimen(moved, specimen.element, specimen.plane_distance, specimen.planes),
        ideal,
    )


def block_reach(simulation: WindowScan) -> float:
    """Distance in Å from the site along x and y that the windows of a scan reach."""
    pixel = simulation.step / simulation.oversampling
    return (simulation.points // 2) * simulation.step + (simulation.window // 2 + 1) * pixel


class SiteFunctions:
    """Transmission functions of a block of crystal round one site, made when first asked for.

    Attributes
    ----------
    middle : int
        Grid point of the site along x and y.
    points : int
        Grid points along each side.
    thickness : float
        Of a slice in Å.
    """

    def __init__(
        self,
        case: Case,
        specimen: Specimen,
        ideal: FloatArray,
        *,
        reach: float | None = None,
        sites: tuple[tuple[float, float], ...] = ((0.0, 0.0),),
    ) -> None:
        ladder, simulation = _ladder(case)
        self._case = case
        self._guest = ladder.guest
        self._pixel = simulation.step / simulation.oversampling
        half = int(np.ceil((block_reach(simulation) if reach is None else reach) / self._pixel))
        # Room at the sides, so that what the periodic box wraps stays out of the windows.
        room = int(EDGE / self._pixel)
        self.points = int(fft.next_fast_len(2 * (half + room), real=False))
        self.middle = self.points // 2
        self.thickness = specimen.plane_distance
        self._specimen = specimen
        extent = self.points * self._pixel
        kept = (np.abs(specimen.positions[:, :2]) < extent / 2).all(axis=1)
        self._positions = specimen.positions[kept]
        self._layer = np.floor(ideal[kept, 2] / self.thickness).astype(np.int64)
        at_site = np.zeros(len(self._positions), dtype=bool)
        for x, y in sites:
            at_site |= np.hypot(ideal[kept, 0] - x, ideal[kept, 1] - y) < 0.1
        self._at_site = at_site
        self._made: dict[Slice, Any] = {}

    def of(self, key: Slice) -> Any:
        """Transmission function of a slice, shape (points, points) along x and y."""
        if key not in self._made:
            self._made[key] = self._make(key)
        return self._made[key]

    def _make(self, key: Slice) -> Any:
        content, layer = key
        here = self._layer == layer
        if content == "empty":
            here &= ~self._at_site
        elif content in ("adatom", "vacuum"):
            here &= self._at_site
        positions = self._positions[here].copy()
        if content == "vacuum" and len(positions):
            raise ValueError("a slice of vacuum has no atom at the site")
        positions[:, :2] += self.middle * self._pixel
        positions[:, 2] = self.thickness / 2
        elements = [self._specimen.element] * len(positions)
        if content == "guest":
            elements = [
                self._guest if guest else self._specimen.element for guest in self._at_site[here]
            ]
        if not len(positions):
            device = import_module("abtem").config.get("device")
            xp = import_module("abtem.core.backend").get_array_module(device)
            return xp.ones((self.points, self.points), dtype=np.complex64)
        return transmission(
            positions,
            elements,
            extent=self.points * self._pixel,
            points=self.points,
            slices=1,
            slice_thickness=self.thickness,
            voltage=self._case.microscope.voltage,
        )[0]


def _ladder(case: Case) -> tuple[DefectLadder, WindowScan]:
    if not isinstance(case.structure, DefectLadder) or not isinstance(case.simulation, WindowScan):
        raise TypeError(f"case '{case.name}' is no ladder of defects scanned in windows")
    return case.structure, case.simulation
