"""Halves of an image by alternate lines, and what their ring correlations tell."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from bench.paper.alternate_lines import alternate_lines, half_correlations, moved_down


def wave(side: int = 256, period: float = 23.0) -> np.ndarray:
    rows, columns = np.mgrid[:side, :side]
    return np.cos(2 * np.pi * rows / period) + np.cos(2 * np.pi * columns / period)


def test_halves_hold_all_pixels_once() -> None:
    image = np.arange(10 * 11, dtype=float).reshape(10, 11)
    first, second = alternate_lines(image)
    assert first.shape == second.shape == (4, 4)
    assert first.sum() + second.sum() == image[:8, :8].sum()
    np.testing.assert_array_equal(first[1], image[2, :8].reshape(4, 2).sum(axis=1))


def test_the_second_half_is_moved_onto_the_first() -> None:
    """Of a wave down the lines, away from the edges, where a mirrored image has a kink."""
    first, second = alternate_lines(wave())
    inner = slice(24, -24)
    moved = moved_down(second)
    before = np.abs(second - first)[inner].max()
    after = np.abs(moved - first)[inner].max()
    assert after < 0.06 * before


def test_restored_noise_correlates_with_itself_and_not_with_the_other_half() -> None:
    """The trap: of pure noise, halves 'restored' to one expected image agree, and know nothing."""
    rng = np.random.default_rng(5)
    noise = rng.normal(size=(256, 256))
    expected = rng.normal(size=(128, 128))
    rings = half_correlations(noise, lambda half: expected + 0.01 * half)
    assert np.nanmedian(rings.restored.correlation) > 0.5
    # Rings of n independent numbers correlate by chance by 1/√n; the mean of both ways hardly less.
    z = rings.crossed.correlation * np.sqrt(rings.crossed.independent)
    assert np.nanmax(np.abs(z[3:])) < 5
    assert abs(rings.gain) < 5 / np.sqrt(rings.crossed.independent.sum())


def test_a_filter_of_rings_gains_nothing() -> None:
    """Weights of whole rings fall out of a ring's correlation, so that blur is no information."""
    rng = np.random.default_rng(6)
    image = wave() + rng.normal(size=(256, 256))
    rings = half_correlations(image, lambda half: gaussian_filter(half, 1.0, mode="wrap"))
    # The taper of edges comes after the filter, which leaves a little.
    assert np.nanmax(np.abs(rings.crossed.correlation - rings.raw.correlation)[:40]) < 0.05


def test_the_truth_reaches_what_is_attainable() -> None:
    """√(raw, raw) is the correlation of the noise-free image with a noisy half."""
    rng = np.random.default_rng(7)
    clean = gaussian_filter(rng.normal(size=(512, 512)), 3.0)
    clean /= clean.std()
    image = clean + 1.5 * rng.normal(size=clean.shape)
    halves = alternate_lines(clean)
    answers = iter(halves)
    rings = half_correlations(image, lambda _: next(answers))
    strong = rings.raw.correlation > 0.3
    assert strong.sum() > 10
    difference = (rings.crossed.correlation - rings.attainable)[strong]
    # About 0.5/√n of each ring of some 100 numbers, and as many rings.
    assert abs(difference.mean()) < 0.03


@pytest.mark.parametrize("shape", [(8, 8), (40, 44)])
def test_moving_down_and_up_is_nothing(shape: tuple[int, int]) -> None:
    image = np.random.default_rng(8).normal(size=shape)
    image = gaussian_filter(image, 2.0, mode="mirror")
    twice = moved_down(moved_down(image))
    assert np.abs(twice[2:-1] - image[1:-2]).max() < 0.1 * np.ptp(image)
