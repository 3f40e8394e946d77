"""Alignment of frames: known drifts, its reach, and frames that show something else."""

import numpy as np
import pytest

from fitting.scan.preparation.alignment import align_frames
from stembench.errors import InputError

SPACING = 12.0
REACH = 0.45 * SPACING


def scene(drift, *, shape=(60, 80), height=4.0):
    """Columns on a lattice, seen from `drift` (x, y)."""
    y, x = np.mgrid[: shape[0], : shape[1]].astype(float)
    out = np.zeros(shape)
    for i in range(-4, 14):
        for j in range(-4, 14):
            place = np.array([i * SPACING, j * SPACING])
            square = (x + drift[0] - place[0]) ** 2 + (y + drift[1] - place[1]) ** 2
            out += height * np.exp(-square / (2 * 2.4**2))
    return out


def counted(drifts, *, seed, **more):
    rng = np.random.default_rng(seed)
    return np.stack([rng.poisson(scene(d, **more)) for d in drifts]).astype(float)


def test_drifts_larger_than_the_reach_are_followed_from_frame_to_frame():
    drifts = np.cumsum([(0, 0), (3.1, 1.2), (2.4, -2.9), (3.7, 0.4), (2.2, 1.9)], axis=0)
    assert np.hypot(*drifts[-1]) > REACH
    found = align_frames(counted(drifts, seed=1), reach=REACH).drifts
    # A column of 4 electrons in its maximum holds 145 of them; some 35 columns: 2.4 px over
    # sqrt(5000), times sqrt 2 for two frames, is 0.05 px. k = 5, 8 values: a correlation of blurred
    # frames is no best estimate.
    np.testing.assert_allclose(found, drifts, atol=0.25)
    assert not found[0].any()


def test_a_step_beyond_the_reach_finds_the_next_column():
    # What the reach is for: in a perfect lattice 8 px and 8 - 12 px are the same picture.
    found = align_frames(counted([(0, 0), (8.0, 0)], seed=2), reach=REACH).drifts
    np.testing.assert_allclose(found[1], (8.0 - SPACING, 0), atol=0.25)


def test_mean_lies_on_the_first_frame():
    drifts = np.array([(0, 0), (3.3, -2.2), (-0.6, 0.5)])
    aligned = align_frames(counted(drifts, seed=3, height=400.0), reach=REACH)
    inner = (slice(6, -6), slice(6, -6))
    off = (aligned.mean - scene((0, 0), height=400.0))[inner]
    # Counts of 400 in three frames: 12 rms at the columns, more where frames are interpolated.
    assert np.sqrt((off**2).mean()) < 12
    still = counted(drifts, seed=3, height=400.0).mean(axis=0) - scene((0, 0), height=400.0)
    assert np.sqrt((still[inner] ** 2).mean()) > 40


def test_masked_pixels_do_not_pull():
    drifts = np.array([(0, 0), (2.5, 1.5)])
    frames = counted(drifts, seed=4)
    mask = np.zeros(frames.shape[1:], dtype=bool)
    mask[10:30, 20:50] = True
    frames[:, 10:30, 20:50] = 1000.0
    frames[1, 45:55] = np.nan
    np.testing.assert_allclose(
        align_frames(frames, reach=REACH, mask=mask).drifts, drifts, atol=0.3
    )


def test_a_frame_of_something_else_is_named():
    frames = counted([(0, 0), (1, 1), (2, 1)], seed=5)
    frames[2] = np.random.default_rng(6).poisson(frames[2].mean(), frames[2].shape)
    with pytest.raises(InputError, match="frame 3 of 3 shows nothing of the other frames"):
        align_frames(frames, reach=REACH)


def test_a_frame_that_hardly_overlaps_the_first_is_named():
    drifts = np.arange(7)[:, None] * np.array([[4.5, 0.0]])
    with pytest.raises(InputError, match="more than half a frame from the first"):
        align_frames(counted(drifts, seed=7, shape=(40, 48), height=40.0), reach=REACH)


def test_flat_frames_are_refused():
    with pytest.raises(InputError, match="frame 2 of 2 shows nothing"):
        align_frames(np.ones((2, 40, 40)), reach=5.0)
