"""Multislice of crystals with one defect each, and of the crystal without.

All see the same thermal displacements, so that what their images share cancels in a comparison
and few phonon configurations suffice. One column of the reference point's kind holds the defect;
the scan is centred on it and each probe has a window of its own.
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any

import numpy as np

from cases.case import Case, WindowScan
from cases.simulation.block_functions import BlockFunctions, block_reach, window_scan
from cases.simulation.multislice import (
    abtem_settings,
    configuration_rng,
    displace,
    make_probe,
    make_propagator,
)
from cases.simulation.shared_slices import multislice_shared
from cases.specimens.atoms import Specimen, build
from cases.specimens.defects import Slice, ladder_of, specimens_of
from cases.specimens.descriptions import DefectLadder
from cases.truth.scan_plan import deal, scan_plan
from stembench.arrays import Floats, Integers


def scan_defects(
    case: Case,
    configuration: int,
    *,
    device: str = "cpu",
    advance: Callable[[int], None] = lambda _: None,
) -> tuple[Integers, Floats]:
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
        Numbers of the irreducible scan points visited (see `cases.truth.scan_plan`).
    fractions : ndarray, shape (specimens, m)
        Fraction of the beam on the detector, in the order of
        `cases.specimens.defects.specimen_labels`.
    """
    ladder, simulation = ladder_of(case), window_scan(case)
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
    specimens: Mapping[str, Sequence[Hashable]],
    functions: BlockFunctions,
    places: Integers,
    *,
    window: int | None = None,
    advance: Callable[[int], None] = lambda _: None,
) -> dict[str, Floats]:
    """Detected fraction of the beam behind each specimen at each place, shape (places,) each.

    Parameters
    ----------
    case : Case
        Scanned in windows.
    specimens : mapping
        Slices of each specimen.
    functions : BlockFunctions
        Their transmission functions.
    places : ndarray, shape (m, 2)
        Where the probes stand, (ix, iy) in scan steps from the site.
    window : int, optional
        Grid points along each side of a window; by default the simulation's.
    advance : callable
        Told the number of probes each time that some are done.
    """
    simulation = window_scan(case)
    size = simulation.window if window is None else window
    pixel = simulation.step / simulation.oversampling
    centre = np.full((1, 2), (size // 2) * pixel)
    entering = make_probe(case.microscope, extent=size * pixel, points=size, positions=centre)
    propagator = make_propagator()
    found: dict[str, list[float]] = {name: [] for name in specimens}
    for x, y in (places * simulation.oversampling + functions.middle - size // 2).tolist():
        if min(x, y) < 0 or max(x, y) + size > functions.points:
            raise ValueError("a window leaves the block of transmission functions")

        def cut(key: Any, x: int = x, y: int = y) -> Any:
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
) -> tuple[Specimen, Floats]:
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


class SiteFunctions(BlockFunctions):
    """Transmission functions of a block of crystal round a defect, or several.

    Parameters
    ----------
    case : Case
        A ladder of defects.
    specimen : Specimen
        Displaced atoms of the block.
    ideal : ndarray, shape (n, 3)
        The same atoms on their lattice places.
    reach : float, optional
        See `BlockFunctions`.
    sites : tuple of (x, y)
        Columns in Å from the reference point that hold the defect.
    """

    def __init__(
        self,
        case: Case,
        specimen: Specimen,
        ideal: Floats,
        *,
        reach: float | None = None,
        sites: tuple[tuple[float, float], ...] = ((0.0, 0.0),),
    ) -> None:
        super().__init__(case, thickness=specimen.plane_distance, site=np.zeros(2), reach=reach)
        self._guest = ladder_of(case).guest
        self._element = specimen.element
        kept = self.within(specimen.positions[:, :2])
        self._positions = specimen.positions[kept, :2]
        self._layer = np.floor(ideal[kept, 2] / self.thickness).astype(np.int64)
        at_site = np.zeros(len(self._positions), dtype=bool)
        for x, y in sites:
            at_site |= np.hypot(ideal[kept, 0] - x, ideal[kept, 1] - y) < 0.1
        self._at_site = at_site

    def atoms(self, key: Slice) -> tuple[Floats, list[str]]:
        """Positions (n, 2) in Å and elements of a slice's atoms."""
        content, layer = key
        here = self._layer == layer
        if content == "empty":
            here &= ~self._at_site
        elif content in ("adatom", "vacuum"):
            here &= self._at_site
        if content == "vacuum" and here.any():
            raise ValueError("a slice of vacuum has no atom at the site")
        guests = self._at_site[here] & (content == "guest")
        elements = [self._guest if guest else self._element for guest in guests]
        return self._positions[here], elements
