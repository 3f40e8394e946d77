"""Drawings in values that no column reaches, their edges smoothed; bright columns beside them."""

import numpy as np
import pytest
from scipy.ndimage import binary_dilation, zoom

from fitting.search.own_image.pixels.far_values import far_marks, islands
from fitting.search.own_image.pixels.pixel_noise import measure_noise
from tests.fitting.search.own_image.made_images import BACKGROUND, lattice

EVERY = np.ones((80, 92), dtype=bool)


def _far(image):
    return far_marks(image, EVERY, measure_noise(image, EVERY))


def _ring(value, image):
    """A ring two pixels thick, its edge mixed with what lies below as programs draw it."""
    rows, cols = np.mgrid[:320, :368]
    fine = (np.abs(np.hypot(rows - 160, cols - 184) - 100) < 4).astype(float)
    share = fine.reshape(80, 4, 92, 4).mean(axis=(1, 3))
    return np.round((1 - share) * image + share * value), share


@pytest.mark.parametrize("value", [255.0, 4095.0, -3000.0])
def test_a_ring_with_smoothed_edges_is_left_out_whole(value):
    drawn, share = _ring(value, lattice().counts(1))
    found = _far(drawn)
    assert np.mean(found[share > 0.5]) > 0.97
    # Of pixels that the ring changes by 20 counts and more hardly one is left.
    changed = np.abs(share * (value - BACKGROUND)) > 20
    assert np.mean(found[changed]) > 0.9
    beside = ~binary_dilation(share > 0, np.ones((3, 3)), iterations=2)
    assert np.count_nonzero(found & beside) == 0


@pytest.mark.parametrize("width", [1.0, 1.4, 2.4])
def test_bright_columns_among_weak_ones_stay(width):
    """Six times as high, as dopants are; widths down to one pixel. 10 images each."""
    for seed in range(10):
        made = lattice(width=width)
        x, y = made.inside(10.0)[7]
        rows, cols = np.mgrid[:80, :92]
        bright = 500 * np.exp(-((cols - x) ** 2 + (rows - y) ** 2) / (2 * width**2))
        counts = np.random.default_rng(seed).poisson(made.clean + bright).astype(float)
        assert np.count_nonzero(_far(counts)) == 0


def test_few_counts_are_no_drawings():
    for seed in range(10):
        counts = np.random.default_rng(seed).poisson(0.05, (80, 92)).astype(float)
        assert np.count_nonzero(_far(counts)) == 0


def test_islands_are_small_and_lie_apart():
    valid = EVERY.copy()
    valid[10:20, 10:20] = False
    valid[13:16, 13:16] = True
    assert np.count_nonzero(islands(valid)) == 9
    half = zoom(np.array([[1.0, 0.0, 1.0]]), (80, 30), order=0) > 0.5
    assert not islands(half).any()
