"""Probes: what a transform does to an image is what it does to places; honest filters follow."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.ndimage import shift

from bench.measures.acquisition import acquire
from bench.measures.honesty.probes import Transform, probe, shifted, transform_of
from bench.plan.blocks import Block
from bench.reference import reference_table
from cases import get_case, load_ground_truth
from noise import electrons_per_pixel
from restore import load_restorer

BLOCK = Block("pt_bulk", "z10", 5e3, "gaussian", start=0, stop=2, seed=4, probes=1)


@pytest.mark.parametrize("turned", [False, True])
def test_pixels_go_where_places_go(turned: bool) -> None:
    image = np.random.default_rng(1).normal(size=(7, 7))
    transform = Transform(moved=(0.0, 0.0), turned=turned, shape=image.shape)
    y, x = np.mgrid[:7, :7]
    places = np.stack([x.ravel(), y.ravel()], axis=1).astype(float)
    new = transform.places(places).round().astype(int)
    assert np.array_equal(transform.mirrored(image)[new[:, 1], new[:, 0]], image.ravel())
    moved = replace(transform, moved=(0.6, -0.7))
    back = moved.unturned(moved.places(places))
    assert back - places == pytest.approx(np.tile((0.6, -0.7), (49, 1)))


def test_a_moved_image_is_the_same_elsewhere_with_noise_as_strong() -> None:
    clean = load_ground_truth(get_case("pt_bulk")).image("z10") * 100
    # Another interpolation, by splines of the fifth order.
    inside = np.s_[16:-16, 16:-16]
    expected = shift(clean, (-0.7, 0.6), order=5, mode="reflect")[inside]
    error = np.abs(shifted(clean, (0.6, -0.7))[inside] - expected).max() / clean.max()
    assert error < 5e-3
    assert np.abs(clean[inside] - expected).max() / clean.max() > 0.05
    noise = np.random.default_rng(1).normal(size=(128, 128))
    moved = shifted(noise, (0.6, -0.7))[inside]
    # The variance of 96² independent numbers has a relative error of √2 / 96 = 1.5 %; 4 of it.
    assert moved.var() == pytest.approx(1, abs=0.06)
    assert np.mean(moved[:, 1:] * moved[:, :-1]) == pytest.approx(0, abs=0.05)
    counts = np.random.default_rng(1).poisson(0.3, (128, 128)).astype(float)
    assert shifted(counts, (0.6, -0.7)).min() == 0


def test_lines_that_jitter_are_never_turned_and_few_electrons_never_split() -> None:
    still, moving = get_case("pt_bulk").noise, get_case("edge_dislocation").noise
    drawn = [
        transform_of(replace(BLOCK, seed=seed), noise, np.full((8, 8), mean), number=0)
        for noise in (still, moving)
        for mean in (2.0, 20.0)
        for seed in range(40)
    ]
    assert len({transform.turned for transform in drawn[:40]}) == 2
    assert not any(transform.turned for transform in drawn[80:])
    moves = np.abs([transform.moved for transform in drawn])
    assert (moves[:40] == 1).all()
    assert (moves[80:120] == 1).all()
    assert ((moves[40:80] >= 0.55) & (moves[40:80] <= 0.95)).all()
    assert (moves[120:, 0] <= 0.95).all()
    assert not moves[120:, 1].any()


def test_a_whole_pixel_keeps_every_count() -> None:
    counts = np.random.default_rng(1).poisson(0.3, (32, 30)).astype(float)
    moved = shifted(counts, (1.0, -1.0))
    assert np.array_equal(moved[:-1, 1:], counts[1:, :-1])


@pytest.mark.parametrize("name", ["pt_bulk", "defect_ladder"])
def test_a_filter_follows_and_a_memory_does_not(name: str) -> None:
    case = get_case(name)
    block = replace(BLOCK, case=name)
    counts = acquire(block, case.noise)
    reference = reference_table(case, "z10", dose=5e3)
    clean = load_ground_truth(case).image("z10") * electrons_per_pixel(5e3, case.sampling)
    gaussian = load_restorer("gaussian")

    class Memory:
        metadata = gaussian.metadata

        def restore(self, images: np.ndarray, /, *, sampling: float) -> np.ndarray:
            del sampling
            return np.stack([clean for _ in images])

    rows = {}
    for restorer in (gaussian, Memory()):
        restored = restorer.restore(counts, sampling=case.sampling)
        (rows[type(restorer).__name__],) = probe(
            block, case.noise, restorer, case=case, counts=counts, restored=restored,
            reference=reference,
        ).to_dict("records")  # fmt: skip
    honest, memory = rows["ContractRestorer"], rows["Memory"]
    assert honest["repeated"] == memory["repeated"] == 0
    assert abs(honest["followed"] - 1) < 5 * honest["followed_err"]
    assert abs(honest["position_change"]) < 5 * honest["position_change_err"]
    assert abs(honest["scs_change"]) < 5 * honest["scs_change_err"]
    # What is found is where the remembered lattice lies in a frame that was mirrored.
    assert abs(memory["followed"] - 1) > 0.5
    assert memory["position_change"] > 10
