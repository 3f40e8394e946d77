"""Objects at low resolution: shapes, places, tessellation."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from scipy.spatial import cKDTree

from training.images.image_kernels import nearest_two
from training.images.image_ranges import IMAGE_DRAWN, KINDS
from training.images.low_resolution.low_resolution_image import (
    RENDERERS,
    draw_kinds,
    low_resolution_image,
)
from training.images.low_resolution.objects import filled, plane_coefficients, window


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_fills_an_image_with_positive_intensity(kind):
    for seed in range(3):
        image = RENDERERS[kind](np.random.default_rng(seed), (48, 64))
        assert image.shape == (48, 64)
        assert np.isfinite(image).all()
        assert image.min() >= -1e-9
        again = RENDERERS[kind](np.random.default_rng(seed), (48, 64))
        assert np.array_equal(image, again)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "grains"])
def test_objects_lie_everywhere(kind):
    """The mean over many images has no preferred half."""
    images = [RENDERERS[kind](np.random.default_rng([1, k]), (32, 32)) for k in range(80)]
    for axis in (1, 2):
        halves = [
            np.array([half.mean() for half in np.array_split(np.array(images), 2, axis=axis)[k]])
            for k in (0, 1)
        ]
        difference = halves[0] - halves[1]
        assert abs(difference.mean()) < 4 * difference.std() / np.sqrt(len(images)), axis


@given(seed=st.integers(0, 2**32))
@settings(deadline=None, max_examples=30)
def test_kinds_are_a_set_of_one_to_three(seed):
    kinds = draw_kinds(np.random.default_rng(seed))
    assert 1 <= len(kinds) <= 3
    assert list(kinds) == [kind for kind in KINDS if kind in kinds]


def test_layers_are_weighted():
    image = low_resolution_image(np.random.default_rng(0), (40, 40), kinds=("soft", "bands"))
    assert 0.2 <= image.max() <= 2.0


def test_cells_are_those_of_the_nearest_points():
    points = np.random.default_rng(2).random((40, 2)) * [60, 50]
    which, border = np.empty((50, 60), dtype=np.int64), np.empty((50, 60))
    nearest_two(points, 50, 60, which, border)
    y, x = np.mgrid[:50, :60]
    pixels = np.stack([x.ravel(), y.ravel()], axis=1)
    distance, nearest = cKDTree(points).query(pixels, k=2)
    assert np.array_equal(which.ravel(), nearest[:, 0])
    # Distance to the bisector: the projection on the line between the two points.
    one, two = points[nearest[:, 0]], points[nearest[:, 1]]
    along = ((one + two) / 2 - pixels) * (two - one)
    expected = along.sum(axis=1) / np.linalg.norm(two - one, axis=1)
    assert border.ravel() == pytest.approx(expected)
    assert (distance[:, 0] <= distance[:, 1]).all()


@given(seed=st.integers(0, 2**32), reach=st.floats(1.0, 300.0))
@settings(deadline=None, max_examples=60)
def test_planes_are_positive_within_their_reach(seed, reach):
    middle, along, down = plane_coefficients(np.random.default_rng(seed), reach)
    low, high = middle - reach * np.hypot(along, down), middle + reach * np.hypot(along, down)
    assert -1e-12 <= low <= high <= 1 + 1e-12


@pytest.mark.parametrize("place", [(-20.0, 5.0), (5.0, 90.0), (3.0, 3.0), (200.0, -200.0)])
def test_a_window_is_the_part_that_the_image_has(place):
    image = np.zeros((12, 10))
    view = window(image, np.array(place), 4.0)
    near_x = np.abs(np.arange(10) - place[0]) <= 4
    near_y = np.abs(np.arange(12) - place[1]) <= 4
    assert view.pixels.shape == (len(view.y), view.x.shape[1])
    view.add(np.ones(view.pixels.shape))
    assert (image[np.ix_(near_y, near_x)] == 1).all()
    assert image.sum() == view.pixels.size


def test_edges_are_shared_by_pixels():
    assert filled(np.array([-3.0, -0.25, 0.0, 0.4, 2.0])) == pytest.approx([1, 0.75, 0.5, 0.1, 0])


def test_every_declaration_says_where_it_comes_from():
    for step in IMAGE_DRAWN:
        for each in (*step.ranges.values(), *step.choices.values(), step.chance):
            assert each is None or each.reason.startswith(("paper", "ours")), step.name
