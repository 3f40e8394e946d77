"""Multislice of a rectangular supercell at toy size: against abTEM's own scan, and its symmetry."""

import dataclasses

import numpy as np
import pytest

from cases import get_case
from cases.case import ImageSpec
from cases.imaging import CoarseLevel, SupercellScan
from cases.simulation.configuration import simulate_configuration
from cases.simulation.multislice import abtem_settings, displace
from cases.simulation.simulate import Amount, simulate
from cases.simulation.supercell import scan_supercell
from cases.specimens.kinds.bulk_112 import Bulk112
from cases.truth.ground_truth import load_ground_truth
from cases.truth.truth_file import read_scan


def tiny_112(*, rms=0.078, cells=(2,)):
    """Two periods of Pt [112] in 8.3 x 6.8 Å, with a detector that the coarse grid reaches."""
    case = get_case("pt_112")
    material = dataclasses.replace(case.structure.material, rms_displacement=rms)
    return dataclasses.replace(
        case,
        structure=Bulk112(material=material, cells=2),
        microscope=dataclasses.replace(case.microscope, inner=25.0, outer=55.0),
        simulation=SupercellScan(
            repeats=3,
            grid_points=96,
            scan_points=2,
            scan_points_y=4,
            slices_per_cell=6,
            seed=1,
            coarse=CoarseLevel(grid=84, window=42, outer=45.0, places=3),
        ),
        images=tuple(ImageSpec(f"z{n:02d}", n) for n in cells),
    )


def test_a_rectangular_supercell_equals_abtems_own_scan():
    """Potential, probe, propagation and detector through `abtem.Probe.scan` alone."""
    import abtem
    from ase import Atoms

    case = tiny_112()
    cell, simulation = case.structure.cell, case.simulation
    sides = cell.extent(3)
    assert cell.repeats(3) == (3, 1)
    places = np.array([[0, 0], [1, 3], [5, -2]])
    thickness = cell.edges[2] / 6
    specimen = case.structure.atoms(repeats=3)
    with abtem_settings("cpu"):
        moved = displace(specimen.positions, 0.078, np.random.default_rng(5))
        atoms = Atoms(f"Pt{len(moved)}", positions=moved, cell=(*sides, 12 * thickness), pbc=True)
        atoms.wrap(eps=0)
        potential = abtem.Potential(
            atoms, gpts=96, slice_thickness=(thickness,) * 12, projection="infinite"
        )
        probe = abtem.Probe(energy=300e3, semiangle_cutoff=21.4, extent=sides, gpts=96)
        step = np.array(cell.scanned) / [2, 4]
        expected = probe.scan(
            potential,
            scan=abtem.CustomScan(np.mod(places * step, sides)),
            detectors=abtem.AnnularDetector(inner=25, outer=55),
            lazy=False,
        ).array
        found = scan_supercell(case, simulation, places, rng=np.random.default_rng(5))
    assert found.shape == (1, 3)
    # Single precision: 6e-8 per operation, some hundred of them.
    np.testing.assert_allclose(found[0], expected, rtol=2e-5)
    assert np.ptp(found) > 0.1 * found.max()  # negative control: the places differ


def test_every_image_is_detected_behind_its_own_thickness():
    both, thick = tiny_112(cells=(1, 2)), tiny_112()
    one, two = (simulate_configuration(case, 0)[1] for case in (both, thick))
    assert one.shape == (2, 6)
    np.testing.assert_array_equal(one[1:], two)
    assert one[0].sum() < 0.8 * one[1].sum()


def test_places_of_a_point_differ_by_the_depth_of_their_column_alone():
    """Atoms at rest, two periods, of which the first plane is up to 5/12 deep: some per cent."""
    case = tiny_112(rms=0.0)
    one, two = (simulate_configuration(case, k)[1] for k in (0, 1))
    assert np.abs(two / one - 1).max() < 0.1
    moved = simulate_configuration(tiny_112(), 0)[1]
    assert np.abs(moved / one - 1).max() > 0.1  # negative control: displacements show more


def test_a_file_of_a_rectangular_cell_states_both_steps_and_renders(tmp_path):
    case = tiny_112()
    path = simulate(case, Amount(2, coarse=2), folder=tmp_path, output=tmp_path / "toy.h5")
    scan = read_scan(path)[0]
    assert scan.mean.shape == (1, 4, 2)
    x, y = case.structure.cell.scanned
    assert scan.steps == pytest.approx((x / 2, y / 4))
    truth = load_ground_truth(case, path=path)
    image = truth.image("z02")
    assert image.mean() == pytest.approx(scan.mean.mean(), rel=0.02)
    # The frame repeats with the projected cell: shifted by it in Å, the image is the same.
    shifted = dataclasses.replace(case, offset=(case.offset[0] + x, case.offset[1] + y))
    other = load_ground_truth(shifted, path=path).image("z02")
    np.testing.assert_allclose(other, image, rtol=1e-9)
    swapped = dataclasses.replace(case, offset=(case.offset[0] + y, case.offset[1] + x))
    assert np.abs(load_ground_truth(swapped, path=path).image("z02") / image - 1).max() > 0.01
