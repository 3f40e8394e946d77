"""Atoms of a crystal in a box, against all atoms of a block of cells."""

from itertools import product

import numpy as np
import pytest
from scipy.spatial import cKDTree

from training.specimens.crystals.crystal import Crystal
from training.specimens.crystals.unit_cells import UnitCell, draw_unit_cell
from training.specimens.orientation import Orientation

SIDES = np.array([23.0, 19.0, 14.0])


def crystal_of(seed):
    return Crystal.sample(np.random.default_rng(seed), pixel=0.2)


@pytest.mark.parametrize("seed", range(5))
def test_a_box_holds_the_atoms_of_a_block_of_cells(seed):
    crystal = crystal_of([1, seed])
    atoms = crystal.atoms(np.random.default_rng(seed), SIDES)
    origin = np.random.default_rng(seed).random(3)
    vectors = crystal.cell.vectors() @ np.array(crystal.orientation.matrix).T
    numbers, places = crystal.cell.basis()
    reach = np.ceil(np.linalg.norm(SIDES) * np.linalg.norm(np.linalg.inv(vectors), axis=0)) + 3
    cells = np.array(list(product(*(range(-int(n), int(n) + 1) for n in reach))))
    expected = ((places + origin)[None] + cells[:, None]).reshape(-1, 3) @ vectors
    every = np.tile(numbers, len(cells))
    inside = ((expected >= 0) & (expected < SIDES)).all(axis=1)
    assert len(atoms) == inside.sum()
    distance, which = cKDTree(expected[inside]).query(atoms.positions)
    assert distance.max() < 1e-9
    assert np.array_equal(np.sort(which), np.arange(len(atoms)))
    assert np.array_equal(every[inside][which], atoms.numbers)


def test_density_is_that_of_the_cell():
    crystal = crystal_of(7)
    sides = np.array([150.0, 150.0, 150.0])
    atoms = crystal.atoms(np.random.default_rng(0), sides)
    numbers, _ = crystal.cell.basis()
    expected = len(numbers) * sides.prod() / abs(np.linalg.det(crystal.cell.vectors()))
    # Cells cut by the surface: their share is the longest vector over the side.
    assert len(atoms) == pytest.approx(expected, rel=3 * max(crystal.cell.lengths) / sides[0])


class TestOrientation:
    CELL = UnitCell(2, (5.0, 7.0, 11.0), (70.0, 95.0, 110.0), (6,), ((0.1, 0.2, 0.3),)).vectors()

    def test_the_zone_axis_lies_along_the_beam_but_for_the_mistilt(self):
        rng = np.random.default_rng(2)
        along = 0
        for _ in range(200):
            drawn = Orientation.sample(rng, self.CELL)
            matrix = np.array(drawn.matrix)
            assert matrix @ matrix.T == pytest.approx(np.eye(3), abs=1e-12)
            assert np.linalg.det(matrix) == pytest.approx(1.0)
            if drawn.zone_axis is not None:
                along += 1
                direction = matrix @ (np.array(drawn.zone_axis) @ self.CELL)
                cosine = direction[2] / np.linalg.norm(direction)
                assert np.arccos(min(cosine, 1.0)) == pytest.approx(abs(drawn.mistilt), abs=1e-7)
        # p = 0.75, n = 200: k = 4 standard deviations.
        assert abs(along / 200 - 0.75) < 4 * np.sqrt(0.75 * 0.25 / 200)

    def test_mistilts_have_a_standard_deviation_of_5_degrees(self):
        rng = np.random.default_rng(3)
        drawn = [Orientation.sample(rng, self.CELL) for _ in range(1000)]
        tilts = np.degrees([each.mistilt for each in drawn if each.zone_axis is not None])
        n = len(tilts)
        # Standard error of a standard deviation: 5 / sqrt(2 n); k = 4.
        assert abs(tilts.std() - 5.0) < 4 * 5.0 / np.sqrt(2 * n)
        assert abs(tilts.mean()) < 4 * 5.0 / np.sqrt(n)

    def test_no_lattice_direction_is_preferred_in_the_image(self):
        """The azimuth of the a axis is uniform: its mean direction vanishes."""
        rng = np.random.default_rng(4)
        ways = [np.array(Orientation.sample(rng, self.CELL).matrix)[:2, 0] for _ in range(800)]
        phase = np.array([complex(*way) / abs(complex(*way)) for way in ways])
        # Mean of n unit vectors at random: Rayleigh, P(|mean| > 3 / sqrt(n)) = exp(-9).
        assert abs(phase.mean()) < 3 / np.sqrt(800)

    def test_cells_are_drawn_for_a_crystal(self):
        rng = np.random.default_rng(5)
        assert Crystal.sample(rng, pixel=0.2).cell == draw_unit_cell(np.random.default_rng(5))
