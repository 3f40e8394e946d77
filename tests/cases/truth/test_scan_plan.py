"""Plans of rectangular cells and of scans with one mirror, against orbits found one by one."""

import dataclasses

import numpy as np
import pytest

from cases import get_case
from cases.truth.scan_plan import deal, scan_plan

SCAN = get_case("pt_112").simulation
EDITS = get_case("simulated_edits").simulation


@pytest.mark.parametrize("shape", [(7, 10), (6, 6), (5, 8)])
def test_the_wedge_of_a_rectangle_is_one_point_of_each_orbit(shape):
    nx, ny = shape
    simulation = dataclasses.replace(SCAN, scan_points=nx, scan_points_y=ny)
    plan = scan_plan(simulation)
    assert plan.unfold.shape == (ny, nx)
    orbits = {
        frozenset((sx * ix % nx, sy * iy % ny) for sx in (1, -1) for sy in (1, -1))
        for ix in range(nx)
        for iy in range(ny)
    }
    assert len(plan.points) == len(orbits)
    for orbit in orbits:
        numbers = {int(plan.unfold[iy, ix]) for ix, iy in orbit}
        assert len(numbers) == 1
        assert tuple(plan.points[numbers.pop()]) in orbit


def test_the_crystal_along_112_has_24_points_no_further_apart_than_the_image_allows():
    plan = scan_plan(SCAN)
    assert len(plan.points) == 24
    steps = np.array(get_case("pt_112").structure.cell.scanned) / SCAN.scan_shape
    assert (steps <= 0.2300).all()


def test_places_in_a_supercell_are_mirror_images_at_columns_of_every_depth():
    plan = scan_plan(SCAN)
    cells = get_case("pt_112").structure.cell.scanned_cells(SCAN.repeats)
    assert cells == (20, 12)
    index, places = deal(
        plan,
        0,
        rng=np.random.default_rng(1),
        simulation=SCAN,
        cells=cells,
        repetitions=20,
    )
    nx, ny = SCAN.scan_shape
    assert places.shape == (20, len(index), 2)
    folded = plan.unfold[places[..., 1] % ny, places[..., 0] % nx]
    np.testing.assert_array_equal(folded, np.tile(index, (20, 1)))
    # Where a point lies on no mirror, its place tells the column.
    general = (plan.points % [nx, ny] > 0).all(axis=1)
    column = np.rint(places[:, general] / [nx, ny]).astype(int) % cells
    depth = {tuple(each) for each in (column % [2, 3]).reshape(-1, 2)}
    assert len(depth) == 6
    # In one round every point has a column of its own.
    inner = plan.points[:, 1] < ny // 2  # those half way to the next column are of either
    nearest = np.floor_divide(places[:, inner] + np.array([nx // 2, ny // 2]), [nx, ny]) % cells
    assert all(len({tuple(each) for each in one}) == inner.sum() == 20 for one in nearest)


def test_a_mirror_scan_covers_the_half_plane_and_unfolds_onto_the_other():
    plan = scan_plan(EDITS)
    assert len(plan.points) == 35 * 18
    assert plan.points[:, 1].min() == 0
    np.testing.assert_array_equal(plan.unfold, plan.unfold[::-1])
    assert len(np.unique(plan.unfold[:18])) == 35 * 18  # nothing else is taken as equal
    index, places = deal(plan, 0, rng=np.random.default_rng(3), simulation=EDITS)
    np.testing.assert_array_equal(places[0][:, 0], plan.points[index, 0])
    np.testing.assert_array_equal(np.abs(places[0][:, 1]), plan.points[index, 1])
    assert 0.3 < (places[0][:, 1] < 0).mean() < 0.6
    with pytest.raises(ValueError, match="no 2 places"):
        deal(plan, 0, rng=np.random.default_rng(3), simulation=EDITS, repetitions=2)
    even = dataclasses.replace(EDITS, points=34)
    with pytest.raises(ValueError, match="pm needs an odd number"):
        scan_plan(even)
