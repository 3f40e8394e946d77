"""One phonon configuration of a case: which level is simulated, at which places, in which box."""

from dataclasses import replace
from typing import Any, Literal

import numpy as np
from scipy import fft

from cases.case import Case
from cases.imaging import CoarseLevel, SupercellScan, WindowScan
from cases.simulation.multislice import (
    DECLARED,
    Slicing,
    abtem_settings,
    configuration_rng,
    displace,
    transmission,
)
from cases.simulation.sites import scan_sites
from cases.simulation.supercell import cell_of, scan_cut_supercell, scan_supercell
from cases.simulation.windows import Advance, array_module, propagate_windows
from cases.truth.scan_plan import deal, scan_plan
from stembench.arrays import Floats, Integers

#: 'fine' is the simulation itself; 'paired' is the coarse one of the same displacements and
#: places; 'coarse' is the coarse one of displacements of its own, at all equivalent places; 'wide'
#: sees the displacements of 'fine' at some of its places in a wider window.
Level = Literal["fine", "paired", "coarse", "wide"]


def simulate_configuration(
    case: Case,
    configuration: int,
    *,
    level: Level = "fine",
    device: str = "cpu",
    advance: Advance = lambda _: None,
) -> tuple[Integers, Floats]:
    """Scan one phonon configuration of a case.

    Parameters
    ----------
    case : Case
    configuration : int
        Number of the configuration, >= 0; it fixes the displacements and the points visited.
    level : {'fine', 'paired', 'coarse', 'wide'}
        See `cases.case.CoarseLevel` and `cases.case.WideLevel`.
    device : {'cpu', 'gpu'}
    advance : callable
        Told the number of probes each time that some are done.

    Returns
    -------
    index : ndarray, shape (m,)
        Numbers of the irreducible scan points visited (see `cases.truth.scan_plan`).
    fractions : ndarray, shape (images, m)
        Fraction of the beam on the detector; on level 'coarse' the mean over the places visited.

    Raises
    ------
    ValueError
        If the case has no such level.
    """
    fine = case.simulation
    coarse = fine.coarse
    if level in ("paired", "coarse") and coarse is None:
        raise ValueError(f"case '{case.name}' has no coarse level")
    if level == "wide":
        return _scan_wide(case, configuration, device=device, advance=advance)
    if case.structure.sites_on_host is not None:
        return scan_sites(case, configuration, device=device, advance=advance)
    seen = case if level == "fine" or coarse is None else _coarse(case, coarse)
    repetitions = coarse.places if level == "coarse" and coarse is not None else 1
    rng = configuration_rng(
        fine.seed, configuration, purpose="coarse" if level == "coarse" else "fine"
    )
    index, places = deal(
        scan_plan(fine),
        configuration,
        rng=rng,
        simulation=fine,
        cells=cell_of(case).scanned_cells(fine.repeats)
        if isinstance(fine, SupercellScan)
        else None,
        repetitions=repetitions,
    )
    visited = places.reshape(-1, 2)
    with abtem_settings(device):
        match seen.simulation:
            case SupercellScan() as simulation if level == "fine":
                values = scan_supercell(seen, simulation, visited, rng=rng)
                advance(len(visited))
            case SupercellScan() as simulation:
                values = scan_cut_supercell(
                    seen, simulation, visited, rng=rng, device=device, advance=advance
                )
            case WindowScan() as simulation:
                values = scan_windows(
                    seen, simulation, visited, rng=rng, device=device, advance=advance
                )
    return index, values.reshape(len(values), repetitions, len(index)).mean(axis=1)


def _scan_wide(
    case: Case, configuration: int, *, device: str, advance: Advance
) -> tuple[Integers, Floats]:
    """Some points of the fine level's configuration, in the wide window."""
    simulation = case.simulation
    if not isinstance(simulation, WindowScan) or simulation.wide is None:
        raise ValueError(f"case '{case.name}' has no wide level")
    wide = simulation.wide
    plan = scan_plan(simulation)
    if simulation.symmetry != "p1":
        raise ValueError("a wide level needs a scan without symmetry")
    near = np.abs(plan.points).max(axis=1) * simulation.step <= wide.reach
    open_points = np.flatnonzero(near & (plan.group == configuration % plan.groups))
    drawn = configuration_rng(simulation.seed, configuration, purpose="wide")
    index = np.sort(drawn.choice(open_points, wide.probes, replace=False))
    with abtem_settings(device):
        values = scan_windows(
            case,
            replace(simulation, window=wide.window),
            plan.points[index],
            rng=configuration_rng(simulation.seed, configuration),
            device=device,
            advance=advance,
        )
    return index.astype(np.int64), values


def probes_of(case: Case, configuration: int, *, level: Level = "fine") -> int:
    """Number of probes that `simulate_configuration` propagates."""
    plan = scan_plan(case.simulation)
    coarse = case.simulation.coarse
    repetitions = coarse.places if level == "coarse" and coarse is not None else 1
    wide = case.simulation.wide if isinstance(case.simulation, WindowScan) else None
    if level == "wide" and wide is not None:
        return wide.probes
    sites = case.structure.sites_on_host
    scans = 1 if sites is None else sites.blocks_per_configuration
    return scans * repetitions * int((plan.group == configuration % plan.groups).sum())


def _coarse(case: Case, level: CoarseLevel) -> Case:
    """The case as its coarse level sees it; what remains in `coarse` is the window."""
    match case.simulation:
        case SupercellScan() as scan:
            simulation: Any = replace(scan, grid_points=level.grid)
        case WindowScan() as scan:
            simulation = replace(scan, oversampling=level.grid, window=level.window)
    microscope = replace(case.microscope, outer=level.outer)
    return replace(case, simulation=simulation, microscope=microscope)


def scan_windows(
    case: Case,
    simulation: WindowScan,
    places: Integers,
    *,
    rng: np.random.Generator,
    device: str = "cpu",
    advance: Advance = lambda _: None,
    slicing: Slicing = DECLARED,
) -> Floats:
    """Each point in a window of its own, cut from the transmission functions of the specimen.

    Scan points lie on grid points, so the wave that enters is the same for all.
    """
    specimen = case.structure.atoms()
    material = case.structure.material
    window, fine = simulation.window, simulation.oversampling
    pixel = simulation.step / fine
    thickness = simulation.planes_per_slice * specimen.plane_distance / slicing.divide
    slices = specimen.planes // simulation.planes_per_slice * slicing.divide
    positions = displace(specimen.positions, material.rms_displacement, rng)

    # A box that holds every window, or the whole specimen where that is smaller.
    reach = int(np.abs(places).max()) * fine + window // 2
    widest = int(np.ceil((np.abs(specimen.positions[:, :2]).max() + 3.0) / pixel)) + 1
    half = min(reach, widest) + fine
    points = _fft_size(2 * half)
    middle = points // 2
    extent = points * pixel
    inside = (np.abs(positions[:, :2]) <= min(half, middle) * pixel).all(axis=1)
    corner = np.array([middle * pixel, middle * pixel, 0.0])
    functions = transmission(
        positions[inside] + corner,
        material.element,
        extent=extent,
        points=points,
        slices=slices,
        slice_thickness=thickness,
        voltage=case.microscope.voltage,
        projection=slicing.projection,
    )
    pad = max(0, reach - middle) + fine
    functions = _pad_with_vacuum(functions, pad)

    # Where no atom is in the window, nothing is scattered onto the detector.
    radius = np.abs(specimen.positions[:, :2]).max() + 3.0 + window // 2 * pixel
    values = np.zeros((1, len(places)))
    seen = np.flatnonzero(np.abs(places * simulation.step).max(axis=1) <= radius)
    values[:, seen] = propagate_windows(
        functions,
        places[seen] * fine + middle + pad - window // 2,
        window=window,
        pixel=(pixel, pixel),
        thickness=thickness,
        microscope=case.microscope,
        exit_every=None,
        device=device,
        advance=advance,
    )
    advance(len(places) - len(seen))
    return values


def _pad_with_vacuum(functions: Any, pad: int) -> Any:
    xp = array_module(functions)
    side = functions.shape[1]
    padded = xp.ones((len(functions), side + 2 * pad, side + 2 * pad), dtype=functions.dtype)
    padded[:, pad : pad + side, pad : pad + side] = functions
    return padded


def _fft_size(least: int) -> int:
    size = int(fft.next_fast_len(least, real=False))
    return size if size % 2 == 0 else _fft_size(least + 1)
