"""Checks of what lines that move as a whole leave over: silent where they do, and loud if not."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter1d, map_coordinates, rotate
from scipy.stats import binom

from fitting import FitOptions, ScanModel, fit_columns
from fitting.scan.checks.residual_checks import LEVEL, _limit
from tests.fitting.scan.test_frames import PHI, SHAPE, SIGMA, shots
from tests.restore.model_based.test_unwarp import (
    COLUMNS,
    PHI as PHI_SLANTED,
    SIGMA as SIGMA_SLANTED,
    counts as slanted,
)

KNOWN = {"sigma_x": SIGMA, "sigma_y": SIGMA, "phi_x": PHI, "phi_y": PHI}


def image(seed):
    """Electrons of a frame that the model made, and the places of its columns."""
    frames, truth, _ = shots(seed, np.zeros((1, 2)))
    return frames[0], truth


def sentences(counts, truth, **scan):
    found = fit_columns(
        counts, np.round(truth), sampling=1.0, options=FitOptions(background="none"), dose=1.0,
        scan=ScanModel(profile="one", width_spread=0.0, **KNOWN | scan),
    )  # fmt: skip
    return found.scan.warnings


def smoothed(counts, truth):
    return gaussian_filter1d(counts, 0.8, axis=0), truth


def torn(counts, truth):
    """A line through a row of columns that shows none of them."""
    counts = counts.copy()
    counts[24] = counts.mean()
    return counts, truth


def bent(counts, truth):
    """Displacements that change along a line."""
    rows, cols = SHAPE
    bend = 1.2 * np.random.default_rng(3).normal(size=(rows, 1)) * np.linspace(-1, 1, cols)
    there = np.clip(np.arange(cols) + bend, 0, cols - 1)
    return np.take_along_axis(counts, np.rint(there).astype(int), axis=1), truth


def rotated(counts, truth):
    middle = (np.array(SHAPE[::-1]) - 1) / 2
    turn = np.deg2rad(2)
    matrix = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    turned = rotate(counts, 2, reshape=False, order=1, mode="nearest")
    return turned, (truth - middle) @ matrix + middle


def interpolated(counts, truth):
    """A grid of pixels that are finer by 1.3."""
    rows, cols = (int(1.3 * size) - 1 for size in SHAPE)
    return map_coordinates(counts, np.mgrid[:rows, :cols] / 1.3, order=1), truth * 1.3


def sideways(counts, truth):
    """Lines taken for columns of pixels."""
    return counts.T.copy(), truth[:, ::-1]


@pytest.mark.parametrize("seed", range(100, 103))
def test_images_that_the_model_made_raise_no_warning(seed):
    assert not sentences(*image(seed))


@pytest.mark.parametrize("seed", [2, 3])
def test_columns_beyond_the_frame_raise_no_warning(seed):
    """Their light falls into displaced lines: without such columns both images raise warnings."""
    found = fit_columns(
        slanted(seed), COLUMNS, sampling=1.0, options=FitOptions(background="none"), dose=1.0,
        scan=ScanModel(
            sigma_x=SIGMA_SLANTED, sigma_y=SIGMA_SLANTED, phi_x=PHI_SLANTED, phi_y=PHI_SLANTED
        ),
    )  # fmt: skip
    assert not found.scan.warnings


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (smoothed, "neighbouring lines"),
        (interpolated, "neighbouring lines"),
        (sideways, "neighbouring lines"),
        (torn, "line 24"),
        (bent, "along the lines change within a line"),
        (rotated, "across the lines change within a line"),
    ],
)
def test_what_is_not_as_it_was_scanned_is_told(change, word):
    assert any(word in text for text in sentences(*change(*image(100))))


def test_a_limit_is_passed_as_often_as_said():
    """Mean squared residuals of counts, brute force: 20 000 lines of 100 pixels of 30 electrons."""
    draws = np.random.default_rng(8).poisson(30.0, (20_000, 100))
    squares = ((draws - 30.0) ** 2 / 30.0).mean(axis=1)
    for level in (0.05, 0.01):
        limit = float(_limit(level, np.array(100.0), np.array(100 * (2 + 1 / 30))))
        passed = int((squares > limit).sum())
        # k = 4 standard errors of a count of n = 20 000, and a tenth for the matched shape.
        spread = 4 * binom(len(squares), level).std()
        assert abs(passed - level * len(squares)) < spread + 0.1 * level * len(squares)
    assert LEVEL < 0.01
