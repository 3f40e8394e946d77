"""Frames aligned and summed, and shots whose scan is the same at every dose."""

import dataclasses

import numpy as np
import pytest

from bench.measures.acquisition import (
    NUMBER,
    acquire,
    aligned_sum,
    as_acquired,
    frame_shifts,
)
from bench.plan.acquisitions import FRAMES
from bench.plan.blocks import Block
from cases import get_case
from cases.truth.ground_truth import load_ground_truth
from noise.chain import distort
from noise.presets import STUDY_SCAN
from noise.scan import ScanNoise
from noise.seeds import realization_generator

SHOT = Block("edge_dislocation", "core", 5e3, "raw", 0, 1, seed=3)


def columns(shift: tuple[float, float], *, side: int = 96, spacing: float = 11.3) -> np.ndarray:
    """Gaussian columns on a lattice, moved by (dy, dx) px; the lattice ends inside the image."""
    rows, across = np.mgrid[:side, :side].astype(float)
    image = np.full((side, side), 0.3)
    for k in range(1, 8):
        for j in range(1, 8):
            y, x = k * spacing + shift[0], j * spacing + shift[1]
            image += 6 * np.exp(-((rows - y) ** 2 + (across - x) ** 2) / (2 * 2.3**2))
    return image


class TestAlignment:
    def test_shifts_of_noisy_frames_are_found(self) -> None:
        rng = np.random.default_rng(5)
        moved = rng.uniform(-1.5, 1.5, (NUMBER, 2))
        frames = np.stack([rng.poisson(columns(tuple(shift))) for shift in moved]).astype(float)
        found = frame_shifts(frames, sampling=0.2)
        assert found.mean(axis=0) == pytest.approx([0, 0], abs=1e-12)
        error = found + (moved - moved.mean(axis=0))
        # 49 columns of 200 electrons of width 2.3 px: 2.3 / sqrt(49 * 200) = 0.023 px by the
        # centroid, coarser by the blur, the steps of 1/20 px and the reference's own noise.
        assert np.sqrt((error**2).mean()) < 0.06
        assert np.sqrt((moved**2).mean()) > 0.5  # negative control: leaving all as it is

    def test_the_sum_is_sharper_than_without_alignment(self) -> None:
        rng = np.random.default_rng(6)
        moved = rng.uniform(-2.5, 2.5, (NUMBER, 2))
        frames = np.stack([columns(tuple(shift)) for shift in moved])
        sharp = aligned_sum(frames, sampling=0.2)
        expected = NUMBER * columns(tuple(moved.mean(axis=0)))
        inner = np.s_[10:-10, 10:-10]
        assert np.abs(sharp - expected)[inner].max() < 0.05 * expected.max()
        assert np.abs(frames.sum(axis=0) - expected)[inner].max() > 0.2 * expected.max()

    def test_a_jump_to_the_next_column_is_taken_as_no_shift(self) -> None:
        frames = np.stack([columns((0.0, 0.0))] * 9 + [columns((0.0, 5.0))])
        # What the frame adds to the sum of the others pulls these by less than 0.1 px.
        assert np.abs(frame_shifts(frames, sampling=0.2)).max() < 0.2
        # Negative control: the same number of pixels is within reach at a finer sampling.
        assert np.abs(frame_shifts(frames, sampling=0.1)).max() > 1


class TestAcquire:
    def test_a_shot_without_jitter_has_the_counts_of_its_realization(self) -> None:
        case = get_case("edge_dislocation")
        for noise in (ScanNoise(), STUDY_SCAN.without("jitter")):
            expected = distort(
                load_ground_truth(case).image("core", margin=case.margin),
                [
                    realization_generator(3, case.name, image="core", dose=5e3, realization=k)
                    for k in range(2)
                ],
                dose=5e3, sampling=case.sampling, noise=noise, margin=case.margin,
            )  # fmt: skip
            assert np.array_equal(acquire(dataclasses.replace(SHOT, stop=2), noise), expected)

    def test_lines_are_displaced_alike_at_every_dose(self) -> None:
        jitter = ScanNoise(jitter=STUDY_SCAN.jitter)
        low, high = (
            acquire(dataclasses.replace(SHOT, dose=dose), jitter)[0] / (dose * 0.04)
            for dose in (1e8, 1e9)
        )
        clean = load_ground_truth(get_case("edge_dislocation")).image("core")
        # Counting scatters by 2e-4 of the beam at most; jitter moves flanks a hundred times more.
        assert np.abs(low - high).max() < 2e-3
        assert np.abs(low - clean).max() > 2e-2

    def test_frames_share_the_dose_and_depend_on_their_realization_alone(self) -> None:
        block = dataclasses.replace(SHOT, restorer=FRAMES, stop=2)
        both = acquire(block, STUDY_SCAN)
        (second,) = acquire(dataclasses.replace(block, start=1), STUDY_SCAN)
        assert np.array_equal(both[1], second)
        assert not np.array_equal(both[0], both[1])
        shot = acquire(SHOT, STUDY_SCAN)[0]
        # 1.7e4 electrons in either: their sums differ by sqrt(2 · 1.7e4) of scatter, k = 5, and by
        # what moves over the rim.
        assert both[0].sum() == pytest.approx(shot.sum(), rel=0.02)
        assert abs(np.corrcoef(both[0].ravel(), shot.ravel())[0, 1]) < 0.99

    def test_more_scans_average_the_displacement_of_lines(self) -> None:
        clean = load_ground_truth(get_case("edge_dislocation")).image("core")
        jitter = ScanNoise(jitter=STUDY_SCAN.jitter)
        shot, frames = (
            acquire(dataclasses.replace(SHOT, restorer=name, dose=5e6), jitter)[0] / (5e6 * 0.04)
            for name in ("raw", FRAMES)
        )
        error = [np.sqrt(((image - clean)[4:-4, 4:-4] ** 2).mean()) for image in (shot, frames)]
        # Displacements average to a third; the blur that they leave stays.
        assert error[1] < 0.6 * error[0]

    def test_it_says_what_it_is(self) -> None:
        metadata = as_acquired().metadata
        assert (metadata.name, metadata.family) == (FRAMES, "acquisition")
        assert metadata.label == "10 frames aligned and summed"
