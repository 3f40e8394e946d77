"""One step of each kind of stage, held against the losses written out."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from restore import quiet_tensorflow
from tests.training.schedule.tiny_training import tiny_recipe
from training import (
    THIRD_STAGE,
    GeneratorLoss,
    Stage,
    adversarial_loss,
    averaged_truths,
    discriminator_loss,
)
from training.schedule.stage_steps import adam, draw_noise, pixel_wise, stage_step

quiet_tensorflow()

RECIPE = tiny_recipe(epochs=(0, 0, 1))
#: The adversarial loss alone: what the generator learns comes from the discriminator.
ADVERSARIAL = GeneratorLoss(
    absolute=0.0, square=0.0, whitening=0.0, fourier=0.0, mean=0.0, std=0.0, adversarial=1.0
)


def networks() -> dict[str, tuple[Any, Any]]:
    rng = np.random.default_rng(3)
    models = (RECIPE.network.build(rng), RECIPE.adversary.network.build(rng))
    for model in models:  # no weight is 0, so that each has a gradient
        model.set_weights([w + rng.normal(0, 0.1, w.shape) for w in model.get_weights()])
    generator, discriminator = ((model, adam(model, RECIPE.adam)) for model in models)
    return {"generator": generator, "discriminator": discriminator}


def images(seed: int = 1) -> tuple[Any, Any]:
    x, y = np.random.default_rng(seed).normal(size=(2, 2, 16, 16, 1)).astype(np.float32)
    return x, y


def changed(model: Any, before: list[Any]) -> float:
    """Largest change of a weight."""
    after = model.get_weights()
    return max(float(np.abs(a - b).max()) for a, b in zip(after, before, strict=True))


def test_the_discriminator_descends_first_and_then_the_generator() -> None:
    both = networks()
    (generator, _), (judge, _) = both["generator"], both["discriminator"]
    x, y = images()
    noise = draw_noise(RECIPE, x.shape, np.random.default_rng(8))
    # Noise is drawn with a chance of one half for each image.
    assert noise.shape == (2, 2, 16, 16, 1)
    assert np.abs(noise).max() > 0
    stage = Stage(epochs=1, learning_rate=2e-3, discriminator_rate=1e-3, loss=THIRD_STAGE)
    spread = y.std(axis=(1, 2, 3), keepdims=True)

    def scores(restored: Any) -> tuple[Any, Any]:
        seen = y + noise[:, 0] * spread, np.asarray(restored) + noise[:, 1] * spread
        return judge([x, seen[0]]), judge([x, seen[1]])

    first = generator(x)
    before = generator.get_weights(), judge.get_weights()
    wanted = float(discriminator_loss(*scores(first)))
    found = stage_step(stage, RECIPE, **both)(0.5, x, y, noise)
    assert found["discriminator"] == pytest.approx(wanted, rel=1e-5)
    # The generator's loss is by the discriminator that has learned already.
    fooled = float(adversarial_loss(*scores(first)))
    assert found["adversarial"] == pytest.approx(fooled, rel=1e-5)
    plain = float(THIRD_STAGE.pixel_wise(y, first))
    assert found["loss"] == pytest.approx(plain + 2e-5 * fooled, rel=1e-6)
    # A first step of Adam is as long as its rate.
    assert changed(generator, before[0]) == pytest.approx(0.5 * 2e-3, rel=1e-3)
    assert changed(judge, before[1]) == pytest.approx(0.5 * 1e-3, rel=1e-3)
    judge.set_weights(before[1])
    assert abs(float(adversarial_loss(*scores(first))) - fooled) > 1e-4


def test_the_generator_learns_from_the_discriminator_alone() -> None:
    both = networks()
    x, y = images()
    stage = Stage(epochs=1, learning_rate=1e-3, discriminator_rate=1e-9, loss=ADVERSARIAL)
    step = stage_step(stage, RECIPE, **both)
    noise = np.zeros((2, 2, 16, 16, 1), np.float32)
    losses = [step(1.0, x, y, noise)["adversarial"] for _ in range(10)]
    assert losses[-1] < 0.99 * losses[0]


def test_a_stage_without_a_discriminator_leaves_it_as_it_is() -> None:
    both = networks()
    judge, _ = both["discriminator"]
    before = judge.get_weights()
    x, y = images()
    stage = Stage(epochs=1, learning_rate=1e-3, loss=replace(THIRD_STAGE, adversarial=0.0))
    found = stage_step(stage, RECIPE, **both)(1.0, x, y)
    assert changed(judge, before) == 0.0
    assert found.keys() == {"loss", "absolute", "square", "whitening", "fourier", "mean", "std"}


def test_coarse_heads_add_the_absolute_loss_of_averaged_truths() -> None:
    x, y = images()
    heads = [x, *averaged_truths(x, 3)[1:]]
    loss = GeneratorLoss(absolute=2.0)
    value, terms = pixel_wise(loss, y, heads)
    weight = 1 / np.maximum(0.1, y.std(axis=(1, 2, 3), keepdims=True))
    coarse = [
        2.0 * np.mean(weight * np.abs(np.asarray(head) - np.asarray(truth)))
        for head, truth in zip(heads[1:], averaged_truths(y, 3)[1:], strict=True)
    ]
    assert min(coarse) > 0.1
    assert float(value) == pytest.approx(float(loss.pixel_wise(y, x)) + sum(coarse), rel=1e-5)
    assert float(terms["absolute"]) == pytest.approx(np.mean(weight * np.abs(x - y)), rel=1e-5)
