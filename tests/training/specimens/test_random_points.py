"""Points and amorphous matter: distances, numbers, densities."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from scipy.spatial import cKDTree

from training.specimens.amorphous import Amorphous
from training.specimens.random_points import Points, draw_elements, separated_points
from training.specimens.specimen_ranges import POINTS


@given(
    seed=st.integers(0, 2**32),
    count=st.integers(1, 400),
    distance=st.floats(0.5, 3.0),
    sides=st.tuples(*[st.floats(5.0, 40.0)] * 3),
)
@settings(deadline=None, max_examples=40)
def test_no_two_points_are_nearer_than_the_shortest_distance(seed, count, distance, sides):
    box = np.array(sides)
    points = separated_points(np.random.default_rng(seed), box, count=count, distance=distance)
    assert ((points >= 0) & (points < box)).all()
    assert len(points) <= count
    if len(points) > 1:
        nearest, _ = cKDTree(points).query(points, k=2)
        assert nearest[:, 1].min() >= distance


def test_points_without_a_shortest_distance_do_come_near():
    """Negative control of the test above: without it neighbours come nearer than 1 Å."""
    box = np.array([20.0, 20.0, 20.0])
    points = separated_points(np.random.default_rng(0), box, count=300, distance=1e-9)
    nearest, _ = cKDTree(points).query(points, k=2)
    assert nearest[:, 1].min() < 1.0


def test_a_full_box_ends_below_the_wanted_number():
    box = np.array([6.0, 6.0, 6.0])
    points = separated_points(np.random.default_rng(0), box, count=500, distance=2.0)
    # Random sequential addition of spheres fills at most 0.384 of space; beyond the box's faces
    # there is half a distance more room for them.
    assert 10 < len(points) < 0.384 * 8.0**3 / (np.pi / 6 * 2.0**3)


@pytest.mark.parametrize("count", [20, 20_000])
def test_places_are_uniform(count):
    box = np.array([10.0, 20.0, 30.0])
    rng = np.random.default_rng(1)
    several = [
        separated_points(rng, box, count=count, distance=0.05) for _ in range(20_000 // count)
    ]
    assert all(len(points) == count for points in several)
    for axis in range(3):
        counts, _ = np.histogram(np.concatenate(several)[:, axis], 10, (0.0, box[axis]))
        # Multinomial: chi square of 9 degrees has mean 9 and variance 18; k = 5.
        assert ((counts - 2000) ** 2 / 2000).sum() < 9 + 5 * np.sqrt(18)


def test_amorphous_matter_has_its_density():
    body = Amorphous(number=6, distance=1.4, density=2.2)
    sides = np.array([30.0, 40.0, 50.0])
    atoms = body.atoms(np.random.default_rng(2), sides)
    # 2.2 g/cm³ of 12.011 g/mol: 0.1103 atoms per Å³ by Avogadro's number.
    assert len(atoms) == pytest.approx(2.2 / 12.011 * 0.602214076 * sides.prod(), rel=1e-4)
    assert set(atoms.numbers) == {6}


@given(seed=st.integers(0, 2**32))
@settings(deadline=None, max_examples=40)
def test_amorphous_matter_lies_in_the_paper_s_ranges(seed):
    body = Amorphous.sample(np.random.default_rng(seed))
    assert 1 <= body.number <= 103
    assert 0.95 <= body.distance <= 1.6
    assert 2.0 <= body.density <= 7.0
    assert body.filling <= 0.2


@given(seed=st.integers(0, 2**32))
@settings(deadline=None, max_examples=40)
def test_points_lie_in_the_declared_ranges(seed):
    rng = np.random.default_rng(seed)
    points = Points.sample(rng)
    assert 10 <= points.count <= 1000
    assert 1 <= len(points.numbers) <= 16
    assert 1.0 <= points.distance <= 20.0
    atoms = points.atoms(rng, np.array([50.0, 50.0, 50.0]), sampling=0.1)
    assert len(atoms) <= points.count
    assert set(atoms.numbers) <= set(points.numbers)


def test_elements_are_different():
    numbers = draw_elements(np.random.default_rng(0), POINTS.ranges["number"], count=103)
    assert len(set(numbers)) == 103
