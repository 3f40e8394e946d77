"""Multislice of a periodic supercell: the fine level in all of it, the coarse one in windows."""

from typing import Any

import numpy as np

from cases.case import Case
from cases.imaging import SupercellScan
from cases.simulation.multislice import (
    DECLARED,
    Slicing,
    displace,
    make_probe,
    multislice,
    transmission,
)
from cases.simulation.windows import Advance, array_module, propagate_windows
from cases.specimens.specimen import CrystalCell
from stembench.arrays import Floats, Integers


def scan_supercell(
    case: Case,
    simulation: SupercellScan,
    places: Integers,
    *,
    rng: np.random.Generator,
    slicing: Slicing = DECLARED,
) -> Floats:
    """All points in one batch through a periodic supercell, detected behind each image."""
    functions, thickness = _supercell_functions(case, simulation, rng=rng, slicing=slicing)
    cell = cell_of(case)
    extent = cell.extent(simulation.repeats)
    step = np.array(cell.scanned) / simulation.scan_shape
    waves = make_probe(
        case.microscope,
        extent=extent,
        points=simulation.grid_points,
        positions=np.mod(places * step, extent),
    )
    exits = multislice(
        waves,
        iter(functions),
        slice_thickness=thickness,
        microscope=case.microscope,
        exit_every=simulation.slices_per_cell * slicing.divide,
    )
    return exits[_exits(case)]


def scan_cut_supercell(
    case: Case,
    simulation: SupercellScan,
    places: Integers,
    *,
    rng: np.random.Generator,
    device: str,
    advance: Advance,
) -> Floats:
    """Each point in a window cut from the periodic supercell, detected behind each image."""
    cell, points = cell_of(case), simulation.grid_points
    steps = np.multiply(cell.scanned_cells(simulation.repeats), simulation.scan_shape)
    per_step, rest = np.divmod(points, steps)
    if rest.any() or simulation.coarse is None:
        raise ValueError("scan points must lie on grid points of the coarse level")
    window = simulation.coarse.window
    functions, thickness = _supercell_functions(case, simulation, rng=rng)
    half = window // 2
    functions = array_module(functions).pad(
        functions, ((0, 0), (half, window), (half, window)), mode="wrap"
    )
    # The window's corner in the padded functions is the probe's grid point itself.
    corners = np.mod(places * per_step, points)
    x, y = cell.extent(simulation.repeats)
    exits = propagate_windows(
        functions,
        corners,
        window=window,
        pixel=(x / points, y / points),
        thickness=thickness,
        microscope=case.microscope,
        exit_every=simulation.slices_per_cell,
        device=device,
        advance=advance,
    )
    return exits[_exits(case)]


def _supercell_functions(
    case: Case,
    simulation: SupercellScan,
    *,
    rng: np.random.Generator,
    slicing: Slicing = DECLARED,
) -> tuple[Any, float]:
    """Transmission functions of a displaced supercell, and the thickness in Å of their slices."""
    specimen = case.structure.atoms(repeats=simulation.repeats)
    material, cell = case.structure.material, cell_of(case)
    thickness = cell.edges[2] / (simulation.slices_per_cell * slicing.divide)
    functions = transmission(
        displace(specimen.positions, material.rms_displacement, rng),
        material.element,
        extent=cell.extent(simulation.repeats),
        points=simulation.grid_points,
        slices=round(specimen.thickness / thickness),
        slice_thickness=thickness,
        voltage=case.microscope.voltage,
        projection=slicing.projection,
    )
    return functions, thickness


def cell_of(case: Case) -> CrystalCell:
    """Cells of the crystal that a case images; a ValueError if its specimen has edges."""
    cell = case.structure.cell
    if cell is None:
        raise ValueError(f"the specimen of case '{case.name}' has edges and makes no supercell")
    return cell


def _exits(case: Case) -> list[int]:
    """Rows of a detector read behind every unit cell that belong to the images."""
    return [image.thickness - 1 for image in case.images]
