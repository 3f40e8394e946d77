"""The crystal along [112]: its atoms and columns against all lattice points of a ball, turned."""

import itertools
import math

import numpy as np
import pytest

from cases import get_case
from cases.specimens.kinds.bulk_112 import Bulk112

CRYSTAL = get_case("pt_112").structure
A = CRYSTAL.material.lattice_parameter
#: Rows: [1-10], [11-1] and [112], made without the specimen's own cell.
AXES = np.array(
    [
        np.array([1, -1, 0]) / math.sqrt(2),
        np.array([1, 1, -1]) / math.sqrt(3),
        np.array([1, 1, 2]) / math.sqrt(6),
    ]
)


def turned_lattice(half):
    """Every fcc lattice point of a cube of 2 half + 1 cells, in the axes X, Y, Z of the beam."""
    numbers = np.arange(-half, half + 1)
    corners = np.array(list(itertools.product(numbers, repeat=3)), dtype=float)
    faces = np.array([[0, 0, 0], [0.5, 0.5, 0], [0.5, 0, 0.5], [0, 0.5, 0.5]])
    points = (corners[:, None] + faces[None]).reshape(-1, 3)
    return A * points @ AXES.T


def test_atoms_are_those_of_the_turned_lattice():
    """All atoms within 5 Å of the beam's axis, of two periods."""
    found = CRYSTAL.atoms(cells=2, repeats=8).positions
    period = A * math.sqrt(6) / 2
    lattice = turned_lattice(7)
    # The first plane is half a layer below the surface, at the lattice's z = 0.
    lattice = lattice[(lattice[:, 2] > -1e-6) & (lattice[:, 2] < 2 * period - 1e-6)]
    expected = lattice + np.array([0, 0, period / 12])
    near, wanted = (each[np.hypot(each[:, 0], each[:, 1]) < 5.0] for each in (found, expected))
    assert len(near) == len(wanted) > 40
    order = [np.lexsort(each.round(4).T) for each in (near, wanted)]
    np.testing.assert_allclose(near[order[0]], wanted[order[1]], atol=1e-9)


@pytest.mark.parametrize("extent", [10.0, 28.8, 54.4])
def test_columns_fill_the_square_with_a_rectangular_lattice_of_six_atoms(extent):
    centres, counts = CRYSTAL.columns(6, extent=extent)
    assert (counts == 6).all()
    x, y = A / (2 * math.sqrt(2)), A / math.sqrt(3)
    i, j = (
        np.arange(-math.floor(extent / 2 / step), math.floor(extent / 2 / step) + 1)
        for step in (x, y)
    )
    expected = np.stack(np.meshgrid(i * x, j * y), axis=-1).reshape(-1, 2)
    inside = centres[(np.abs(centres) <= extent / 2 + 1e-6).all(axis=1)]
    assert len(inside) == len(expected)
    order = [np.lexsort((each[:, 0].round(4), each[:, 1].round(4))) for each in (inside, expected)]
    np.testing.assert_allclose(inside[order[0]], expected[order[1]], atol=1e-9)


def test_the_six_columns_of_a_cell_begin_at_six_depths():
    atoms = CRYSTAL.atoms(repeats=10)
    x, y = CRYSTAL.cell.scanned
    column = np.rint(atoms.positions[:, :2] / [x, y]).astype(int) % [2, 3]
    first = {
        tuple(place): atoms.positions[(column == place).all(axis=1), 2].min()
        for place in itertools.product(range(2), range(3))
    }
    layers = np.array(sorted(first.values())) / atoms.plane_distance
    np.testing.assert_allclose(layers, np.arange(6) + 0.5, atol=1e-9)
    assert atoms.planes == 36
    assert atoms.thickness == pytest.approx(6 * A * math.sqrt(6) / 2)  # 28.84 Å
    assert len(atoms.positions) == 10 * 4 * 6 * 6


def test_a_block_is_as_nearly_square_as_whole_cells_allow():
    cell = CRYSTAL.cell
    for along_x in range(1, 20):
        nx, ny = cell.repeats(along_x)
        assert nx == along_x
        sides = [abs(other * cell.edges[1] - along_x * cell.edges[0]) for other in range(1, 20)]
        assert ny == 1 + int(np.argmin(sides))
        scanned = cell.scanned_cells(along_x)
        assert scanned == (2 * nx, 3 * ny)
        np.testing.assert_allclose(np.multiply(scanned, cell.scanned), cell.extent(along_x))
    cubic = get_case("pt_bulk").structure.cell
    assert cubic.repeats(6) == cubic.scanned_cells(6) == (6, 6)


def test_thickness_is_the_number_of_atoms_of_a_column():
    thin = Bulk112(material=CRYSTAL.material, cells=2)
    assert set(thin.columns(2, extent=10.0)[1]) == {2}
    assert set(thin.columns(5, extent=10.0)[1]) == {5}
