"""Held-out pairs: which they are, and the losses of networks that do something known."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from restore import quiet_tensorflow
from tests.training.schedule.tiny_training import tiny_recipe
from training import FIRST_STAGE, MadePairs, Recipe
from training.schedule.held_out import HeldOut, restorer_of
from training.schedule.pair_source import standardised_batch

quiet_tensorflow()

RECIPE: Recipe = tiny_recipe(epochs=(1, 0, 0))


@pytest.fixture(scope="module")
def held_out() -> HeldOut:
    return HeldOut.of(RECIPE, MadePairs(RECIPE.pairs.sequence))


def test_they_are_the_first_after_the_training_pairs(held_out: HeldOut) -> None:
    assert [len(x) for x, _ in held_out.batches] == [2, 1]
    wanted = RECIPE.pairs.sequence.batch((20, 21, 22))
    for found, images in zip(held_out.first(9), wanted, strict=True):
        np.testing.assert_array_equal(found, images)
    assert len(held_out.first(2)[0]) == 2


def test_losses_are_means_over_the_pairs(held_out: HeldOut) -> None:
    """Of a network that returns what it is given; batches of 2 and 1 weigh as they should."""
    found = held_out.losses(lambda images: images, FIRST_STAGE)
    distorted, clean = held_out.first(3)
    x, y = standardised_batch(distorted, clean)
    away = np.abs(x - y).mean(axis=(1, 2, 3))
    assert len(set(away)) == 3
    assert found["absolute"] == pytest.approx(away.mean(), rel=1e-6)
    weight = 1 / np.maximum(0.1, y.std(axis=(1, 2, 3)))
    assert found["loss"] == pytest.approx((weight * away).mean(), rel=1e-5)
    square = ((distorted - clean) ** 2).mean(axis=(1, 2, 3))
    psnr = 10 * np.log10(clean.max(axis=(1, 2, 3)) ** 2 / square)
    assert found["psnr"] == pytest.approx(psnr.mean(), abs=1e-3)


def test_the_truth_has_no_loss(held_out: HeldOut) -> None:
    truths = iter([standardised_batch(*batch)[1] for batch in held_out.batches])
    found = held_out.losses(lambda _: next(truths), FIRST_STAGE)
    assert (found["loss"], found["absolute"]) == (0.0, 0.0)
    assert found["psnr"] > 90


def test_a_network_restores_counts_of_any_size() -> None:
    """Odd sides are padded for the network and cut again; its output is scaled back."""
    seen: list[tuple[int, ...]] = []

    def halved(images: Any) -> Any:
        seen.append(images.shape)
        return 0.5 * images

    image = np.random.default_rng(2).poisson(40.0, (1, 21, 33)).astype(float)
    found = restorer_of(halved, replace(RECIPE, name="half")).restore(image, sampling=0.2)
    np.testing.assert_allclose(found, 0.5 * (image + image.mean()), rtol=1e-5)
    assert set(seen) == {(1, 22, 34, 1)}
