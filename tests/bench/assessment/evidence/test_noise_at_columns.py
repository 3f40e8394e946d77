"""Noise shared at the size of columns: independent pixels, shared lines, removed columns."""

import numpy as np
import pytest
from scipy.ndimage import convolve1d

from bench.assessment.evidence.noise_at_columns import shared_at_columns

WIDTH, SIZE = 3.0, 128
EVERYWHERE = np.ones((SIZE, SIZE), dtype=bool)


def poisson(seed, level=0.5, size=SIZE):
    return np.random.default_rng(seed).poisson(level, (size, size)) - level


def test_independent_counts_are_called_shared_as_rarely_as_stated():
    """Two standard errors, one side: 2.3 %; n = 200 images, k = 3 binomial standard errors."""
    found = [
        shared_at_columns(poisson(seed), np.full((SIZE, SIZE), 0.5), width=WIDTH, valid=EVERYWHERE)
        for seed in range(200)
    ]
    share = np.mean(np.asarray(found) > 1)
    assert share <= 0.0228 + 3 * np.sqrt(0.0228 * 0.9772 / 200)
    assert max(found) < 1.6


@pytest.mark.parametrize("axis", [0, 1])
def test_noise_of_averaged_lines_is_what_theory_says(axis):
    """Weights (1, 0.6) along an axis: (Σw)² / Σw² = 1.88; n = 30, k = 4 measured errors, 3 % for
    the filter's width.
    """
    weights = np.array([1.0, 0.6])
    found = [
        shared_at_columns(
            convolve1d(poisson(seed, 5.0), weights, axis=axis, mode="wrap"),
            np.full((SIZE, SIZE), 5.0 * np.sum(weights**2)),
            width=WIDTH,
            valid=EVERYWHERE,
        )
        for seed in range(30)
    ]
    expected = np.sum(weights) ** 2 / np.sum(weights**2)
    error = np.std(found, ddof=1) / np.sqrt(len(found))
    assert abs(np.mean(found) - expected) < 4 * error + 0.03 * expected


def test_columns_that_were_removed_do_not_count_as_noise():
    """One column in nine left out of the model, 8 standard errors of its height strong."""
    y, x = np.mgrid[:SIZE, :SIZE]
    height = 8.0 / np.sqrt(np.pi * WIDTH**2)
    found = []
    for seed in range(20):
        residual = np.random.default_rng(seed).normal(size=(SIZE, SIZE))
        for v in range(20, SIZE, 42):
            for u in range(20, SIZE, 42):
                residual += height * np.exp(-((x - u) ** 2 + (y - v) ** 2) / (2 * WIDTH**2))
        found.append(
            shared_at_columns(residual, np.ones((SIZE, SIZE)), width=WIDTH, valid=EVERYWHERE)
        )
    # against threshold 4.5², a ratio of 64 stays beyond doubt
    assert np.median(found) < 1.4


def test_masked_pixels_are_left_out_and_few_places_tell_nothing():
    residual = poisson(3, 5.0)
    residual[:40] = 1e9
    valid = EVERYWHERE.copy()
    valid[:40] = False
    power = np.full((SIZE, SIZE), 5.0)
    assert shared_at_columns(residual, power, width=WIDTH, valid=valid) < 1.4
    assert shared_at_columns(residual, power, width=30.0, valid=valid) == 1.0
    assert shared_at_columns(residual, power, width=WIDTH, valid=~EVERYWHERE) == 1.0
