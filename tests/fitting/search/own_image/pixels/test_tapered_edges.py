"""Edges that a window dims, and scenes that end there, which are something else."""

import numpy as np
import pytest
from scipy.signal import windows

from fitting.search.own_image.pixels.tapered_edges import tapered_edges
from tests.fitting.search.own_image.made_images import lattice

SHAPE = (120, 132)
MADE = lattice(shape=SHAPE, angle=0.09)


def depths(image):
    return tapered_edges(image, np.isfinite(image)).depths


def ramp(size, width):
    return np.clip(np.arange(size) / width, 0.0, 1.0)


@pytest.mark.parametrize("part", [0.1, 0.3, 0.6])
def test_tukey_windows_along_both_axes(part):
    """A Tukey window of scipy falls along half of its part at each end."""
    window = windows.tukey(SHAPE[0], part)[:, None] * windows.tukey(SHAPE[1], part)
    found = tapered_edges(MADE.counts(0) * window, np.ones(SHAPE, dtype=bool))
    assert not found.pixels[window > 0.9999].all()
    assert found.pixels[window < 0.95].all()
    assert not found.dimmed.any()


@pytest.mark.parametrize("side", range(4))
@pytest.mark.parametrize("form", [lambda at: at, lambda at: np.sin(np.pi * at / 2)])
def test_one_side(form, side):
    image = MADE.counts(0)
    turned = np.moveaxis(image, side // 2, 0)[:: -1 if side % 2 else 1]
    turned *= form(ramp(len(turned), 12))[:, None]
    found = depths(image)
    assert 9 <= found[side] <= 24
    assert sum(found) == found[side]


@pytest.mark.parametrize("gain", [1e-4, 30.0])
def test_grey_values_of_any_gain(gain):
    assert depths(gain * MADE.counts(0) * ramp(SHAPE[0], 12)[:, None])[0] > 9


def test_a_window_over_the_whole_image_leaves_its_middle_and_says_so():
    window = windows.hann(SHAPE[0])[:, None] * windows.hann(SHAPE[1])
    found = tapered_edges(MADE.counts(0) * window, np.ones(SHAPE, dtype=bool))
    kept = ~found.pixels
    assert 0 < kept.sum() < 0.1 * kept.size
    assert found.dimmed[kept].any()
    assert window[kept].min() > 0.75


def lattices():
    for seed in range(40):
        yield seed, lattice(
            ("square", "hexagonal", "oblique")[seed % 3], angle=0.05 * seed * (seed % 2),
            pitch=8 + seed % 7, width=1.0 + 0.1 * (seed % 20), shape=(80 + seed, 92 + seed),
        ).clean * [1.0, 0.1, 10.0][seed % 3]  # fmt: skip


def test_clean_lattices_have_no_tapered_edges():
    for seed, clean in lattices():
        counts = np.random.default_rng(seed).poisson(clean).astype(float)
        assert not any(depths(counts)), seed
        camera = np.round(7.3 * counts + np.random.default_rng(seed).normal(100, 9, clean.shape))
        assert not any(depths(camera)), seed


def test_particles_that_fade_into_vacuum_have_none():
    """The negative control: the same light, but noise that counting makes of it."""
    for seed, clean in lattices():
        fading = np.clip((np.arange(len(clean)) - seed % 11) / (1 + seed % 9), 0, 1)[:, None]
        counts = np.random.default_rng(seed).poisson(clean * fading).astype(float)
        assert not any(depths(counts)), seed


def test_a_particle_that_was_cut_out_has_none():
    """As of the Pt-Ir particle among StatSTEM's examples, whose vacuum is zero."""
    rows, cols = np.mgrid[: SHAPE[0], : SHAPE[1]]
    away = np.hypot(rows - 60, cols - 66)
    image = MADE.counts(0) * np.clip((52 - away) / 20, 0, 1) ** 2
    assert not any(depths(np.where(away < 48, image, 0.0)))


def test_columns_without_noise_are_no_window() -> None:
    """Their differences fall with the light squared, towards edges without columns."""
    places = np.array([[9.3, 8.6], [21.8, 9.1], [8.7, 20.4], [21.2, 21.9]])
    y, x = np.mgrid[:31, :30]
    image = 0.02 + sum(0.3 * np.exp(-((x - u) ** 2 + (y - v) ** 2) / 8.82) for u, v in places)
    assert tapered_edges(image, np.ones(image.shape, dtype=bool)).depths == (0, 0, 0, 0)
