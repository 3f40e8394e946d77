"""Random unit cells: symmetry, lattices, distances."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from training.specimens.atom_kernels import nearest_copy
from training.specimens.crystals.unit_cells import (
    cell_vectors,
    crystal_system,
    draw_unit_cell,
    operations,
    orbit,
    special_site,
)
from training.specimens.held_out.exclusion import Exclusion
from training.specimens.specimen_ranges import CRYSTAL

CUBE = cell_vectors((4.0, 4.0, 4.0), (90.0, 90.0, 90.0))


def shortest_distance(places, cell):
    """Shortest distance in an explicit block of cells: the twin of the kernel."""
    steps = np.arange(-6, 7)
    shifts = np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(-1, 3) @ cell
    atoms = places @ cell
    least = np.inf
    for atom in atoms:
        distance = np.linalg.norm(atoms + shifts[:, None] - atom, axis=-1)
        least = min(least, distance[distance > 1e-6].min())
    return least


@given(seed=st.integers(0, 2**32))
@settings(deadline=None, max_examples=15)
def test_cells_lie_in_the_paper_s_ranges(seed):
    cell = draw_unit_cell(np.random.default_rng(seed))
    assert 1 <= cell.space_group <= 230
    assert all(3.1 <= length <= 25.0 for length in cell.lengths)
    assert all(45.0 <= angle <= 120.0 for angle in cell.angles)
    assert 1 <= len(cell.numbers) <= 16
    assert len(set(cell.numbers)) == len(cell.numbers) == len(cell.sites)
    assert all(1 <= number <= 103 for number in cell.numbers)


@pytest.mark.parametrize("seed", range(4))
def test_the_shortest_distance_is_allowed_in_a_block_of_cells(seed):
    rng = np.random.default_rng([3, seed])
    # Few atoms, so that the twin's block of 2197 cells is quick.
    cell = draw_unit_cell(rng)
    while cell.space_group > 9 or len(cell.numbers) > 4:
        cell = draw_unit_cell(rng)
    numbers, places = cell.basis()
    allowed = CRYSTAL.ranges["distance"]
    found = shortest_distance(places, cell.vectors())
    assert allowed.low <= found <= allowed.high
    assert len(numbers) == len(places)


def test_the_kernel_finds_what_the_block_finds():
    rng = np.random.default_rng(4)
    for _ in range(3):
        places = rng.random((3, 3))
        found = nearest_copy(places, places, CUBE)
        assert found == pytest.approx(shortest_distance(places, CUBE), rel=1e-12)
    assert nearest_copy(np.zeros((1, 3)), np.zeros((1, 3)), CUBE) == pytest.approx(4.0)


@pytest.mark.parametrize("group", [1, 14, 62, 139, 166, 194, 225, 227, 230])
def test_an_orbit_is_closed_under_every_operation(group):
    rng = np.random.default_rng(group)
    rotations, translations = operations(group)
    system = crystal_system(group)
    angles = (90.0, 90.0, 120.0) if system == "hexagonal" else (90.0, 90.0, 90.0)
    lengths = (7.0, 7.0, 7.0) if system == "cubic" else (7.0, 7.0, 9.0)
    cell = cell_vectors(lengths, angles)
    for site in (rng.random(3), special_site(rng.random(3), group, cell, near=3.0)):
        atoms = orbit(site, group, cell)
        assert len(rotations) % len(atoms) == 0
        for k in rng.choice(len(rotations), min(len(rotations), 12), replace=False):
            rotation, translation = rotations[k], translations[k]
            moved = atoms @ rotation.T + translation
            away = moved[:, None] - atoms[None]
            away = np.linalg.norm((away - np.rint(away)) @ cell, axis=-1)
            assert away.min(axis=1).max() < 2e-3


def test_special_sites_have_fewer_copies_and_general_ones_have_all():
    general = np.array([0.113, 0.217, 0.341])
    order = len(operations(225)[0])
    assert len(orbit(general, 225, CUBE)) == order == 192
    near_origin = np.array([0.02, 0.01, 0.03])
    site = special_site(near_origin, 225, CUBE, near=1.0)
    assert len(orbit(site, 225, CUBE)) == 4  # face-centred cubic
    assert np.abs(site).max() < 1e-6


@pytest.mark.parametrize(
    ("group", "system"),
    [(2, "triclinic"), (3, "monoclinic"), (74, "orthorhombic"), (75, "tetragonal"),
     (143, "hexagonal"), (194, "hexagonal"), (195, "cubic"), (230, "cubic")],
)  # fmt: skip
def test_crystal_systems(group, system):
    assert crystal_system(group) == system


def test_operations_keep_lengths_in_every_lattice_that_is_drawn():
    """A rotation of the group leaves the metric of the drawn lattice as it is."""
    rng = np.random.default_rng(8)
    for _ in range(40):
        cell = draw_unit_cell(rng)
        vectors = cell.vectors()
        metric = vectors @ vectors.T
        for rotation in operations(cell.space_group)[0]:
            assert np.allclose(rotation.T @ metric @ rotation, metric, atol=1e-9), cell


def test_cell_vectors_have_their_lengths_and_angles():
    vectors = cell_vectors((3.5, 7.0, 11.0), (70.0, 95.0, 110.0))
    lengths = np.linalg.norm(vectors, axis=1)
    assert lengths == pytest.approx([3.5, 7.0, 11.0])
    unit = vectors / lengths[:, None]
    cosines = [unit[1] @ unit[2], unit[0] @ unit[2], unit[0] @ unit[1]]
    assert np.degrees(np.arccos(cosines)) == pytest.approx([70.0, 95.0, 110.0])


def test_excluded_cells_are_drawn_anew():
    rng = np.random.default_rng(5)
    cells = [draw_unit_cell(rng, exclude=Exclusion(numbers=(78,))) for _ in range(30)]
    assert not any(78 in cell.numbers for cell in cells)
    rng = np.random.default_rng(5)  # the same draws do hold it where it is not excluded
    assert any(78 in draw_unit_cell(rng).numbers for _ in range(60))
