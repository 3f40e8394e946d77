"""Wedges and shapes: what they leave of a filled box."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from training.specimens.atom_set import AtomSet
from training.specimens.cuts import Cut, draw_shape, draw_wedge
from training.specimens.simulation_box import Box

BOX = Box((40, 50), 0.5)


def filled(sides, count=4000, seed=0):
    positions = np.random.default_rng(seed).random((count, 3)) * sides
    return AtomSet(np.arange(count) % 103 + 1, positions)


@given(seed=st.integers(0, 2**32), kept=st.booleans(), planes=st.integers(1, 6))
@settings(deadline=None, max_examples=30)
def test_a_cut_is_the_intersection_of_its_half_spaces(seed, kept, planes):
    rng = np.random.default_rng(seed)
    normals, offsets = rng.standard_normal((planes, 3)), rng.standard_normal(planes) * 10
    cut = Cut(
        "test",
        tuple((*map(float, n), float(o)) for n, o in zip(normals, offsets, strict=True)),
        kept,
    )
    atoms = filled(BOX.sides, 300, seed)
    inside = (atoms.positions @ normals.T <= offsets).all(axis=1)
    left = cut.applied(atoms)
    chosen = inside if kept else ~inside
    assert np.array_equal(left.positions, atoms.positions[chosen])
    assert np.array_equal(left.numbers, atoms.numbers[chosen])


def shapes(kind, count):
    rng = np.random.default_rng(1)
    found = []
    while len(found) < count:
        found += [cut for cut in draw_shape(rng, BOX) if cut.kind == kind]
    return found


def test_a_half_leaves_one_side_of_a_plane_along_the_beam():
    for cut in shapes("half", 20):
        ((a, b, c, _),) = cut.planes
        assert c == 0.0
        assert np.hypot(a, b) == pytest.approx(1.0)


def test_a_polyhedron_lies_within_half_the_longest_side_of_its_centre():
    for cut in shapes("polyhedron", 20):
        planes = np.array(cut.planes)
        assert np.linalg.norm(planes[:, :3], axis=1) == pytest.approx(1.0)
        assert len(planes) >= 4
        atoms = filled(BOX.sides, 4000)
        inside = Cut(cut.kind, cut.planes, kept=True).applied(atoms).positions
        if len(inside):
            spread = inside.max(axis=0) - inside.min(axis=0)
            assert spread.max() <= 2 * 0.5 * BOX.longest


def test_a_rod_is_endless_and_narrow():
    for cut in shapes("rod", 20):
        planes = np.array(cut.planes)
        assert 3 <= len(planes) <= 15
        # All normals are perpendicular to one direction: the matrix has rank 2.
        assert np.linalg.svd(planes[:, :3], compute_uv=False)[2] < 1e-12


def test_a_rod_s_cross_section_is_the_polygon_of_its_vertices():
    """Each vertex, where two following edges meet, lies on the circle of the declared radius."""
    rng = np.random.default_rng(9)
    from training.specimens.cuts import _rod

    for vertices in (3, 5, 15):
        planes = _rod(rng, vertices, radius=3.0)
        for k in range(vertices):
            pair = planes[[k, (k + 1) % vertices]]
            least, *_ = np.linalg.lstsq(pair[:, :3], pair[:, 3], rcond=None)
            assert np.linalg.norm(least) == pytest.approx(3.0)


def wedges(count):
    rng = np.random.default_rng(2)
    drawn = [draw_wedge(rng, BOX.sides) for _ in range(count)]
    return [cuts for cuts in drawn if cuts], count


def test_wedges_slope_by_5_to_45_degrees():
    found, count = wedges(600)
    # p = 0.75, n = 600: k = 4 standard deviations.
    assert abs(len(found) / count - 0.75) < 4 * np.sqrt(0.75 * 0.25 / count)
    both = sum(len(cuts) == 2 for cuts in found) / len(found)
    assert abs(both - 1 / 3) < 4 * np.sqrt(2 / 9 / len(found))
    for cuts in found:
        for cut in cuts:
            ((a, b, c, _),) = cut.planes
            assert abs(c) == 1.0
            assert 5.0 <= np.degrees(np.arctan(np.hypot(a, b))) <= 45.0


@pytest.mark.parametrize("top", [True, False])
def test_a_wedge_takes_one_surface_and_thins_along_its_way(top):
    """Of upright rows of atoms it takes the upper or the lower ends, more along its direction."""
    x, y, z = (np.arange(0.25, side, 0.5) for side in BOX.sides)
    rows = np.stack(np.meshgrid(x, y, z, indexing="ij"), axis=-1)
    atoms = AtomSet(np.arange(rows[..., 0].size), rows.reshape(-1, 3))
    tried = 0
    for cuts in wedges(100)[0]:
        a, b, c, _ = cuts[0].planes[0]
        if len(cuts) == 2 or (c > 0) != top:
            continue
        left = np.zeros(len(atoms), bool)
        left[cuts[0].applied(atoms).numbers] = True
        left = left.reshape(rows.shape[:3])
        # What is left of a row hangs together and holds the end at the other surface.
        steps = np.diff(left.astype(int), axis=2)
        assert (steps <= 0).all() if top else (steps >= 0).all()
        height = left.sum(axis=2)
        partly = (height > 0) & (height < len(z))
        if partly.sum() < 50:
            continue
        tried += 1
        slope = np.hypot(a, b)
        way = (rows[..., 0, 0] * a + rows[..., 0, 1] * b) / slope
        fitted = np.polyfit(way[partly], height[partly] * 0.5, 1)
        # Heights are rounded to 0.5 Å: what the line misses is at most that at each end.
        assert abs(fitted[0] + slope) < 1.0 / np.ptp(way[partly])
    assert tried > 5


def test_shapes_happen_as_often_as_stated():
    rng = np.random.default_rng(5)
    drawn = [draw_shape(rng, BOX) for _ in range(900)]
    found = [cuts[0] for cuts in drawn if cuts]
    assert abs(len(found) / 900 - 0.5) < 4 * np.sqrt(0.25 / 900)
    n = len(found)
    for kind in ("rod", "polyhedron", "half"):
        share = sum(cut.kind == kind for cut in found) / n
        assert abs(share - 1 / 3) < 4 * np.sqrt(2 / 9 / n), kind
    assert abs(sum(cut.kept for cut in found) / n - 0.5) < 4 * np.sqrt(0.25 / n)
