"""Multislice round each site of a specimen, with its change and without.

All specimens of a block see the same thermal displacements, so that what their images share cancels
in a comparison and few phonon configurations suffice. A scan is centred on its site, each probe has
a window of its own, and slices that specimens share are passed once.
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from cases.case import Case
from cases.simulation.block_functions import BlockFunctions, block_reach, window_scan
from cases.simulation.multislice import (
    abtem_settings,
    configuration_rng,
    displace,
    make_probe,
    make_propagator,
)
from cases.simulation.shared_slices import multislice_shared
from cases.truth.scan_plan import deal, scan_plan
from stembench.arrays import Floats, Integers


def scan_sites(
    case: Case,
    configuration: int,
    *,
    device: str = "cpu",
    advance: Callable[[int], None] = lambda _: None,
) -> tuple[Integers, Floats]:
    """Scan round the sites of a specimen in one phonon configuration.

    Parameters
    ----------
    case : Case
        Its specimen has sites on a host, its simulation is a `WindowScan` on one level.
    configuration : int
        Number of the configuration, >= 0; it fixes displacements and visited places.
    device : {'cpu', 'gpu'}
    advance : callable
        Told the number of probes each time that some are done.

    Returns
    -------
    index : ndarray, shape (m,)
        Numbers of the irreducible scan points visited (see `cases.truth.scan_plan`), the same at
        each site.
    fractions : ndarray, shape (specimens, m)
        Fraction of the beam on the detector behind the specimens of each block, block after block;
        `cases.specimens.sites.SitesOnHost.compared_rows` tells which are compared.
    """
    sites, simulation = case.structure.sites_on_host, window_scan(case)
    if sites is None:
        raise TypeError(f"case '{case.name}' has no sites on a host")
    rng = configuration_rng(simulation.seed, configuration)
    with abtem_settings(device):
        blocks = sites.blocks(
            {spec.label: spec.thickness for spec in case.images},
            reach=block_reach(simulation),
            displace=partial(displace, rms=case.structure.material.rms_displacement, rng=rng),
        )
        index, places = deal(scan_plan(simulation), configuration, rng=rng, simulation=simulation)
        fractions: list[Floats] = []
        for block in blocks:
            detected = scan_specimens(
                case, block.specimens, BlockFunctions(case, block), places[0], advance=advance
            )
            fractions += detected.values()
    return index, np.stack(fractions)


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
    fractions: dict[str, list[float]] = {name: [] for name in specimens}
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
            fractions[name].append(value)
        advance(1)
    return {name: np.array(values) for name, values in fractions.items()}
