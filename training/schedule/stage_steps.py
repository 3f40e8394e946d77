"""Steps of the stages: pixel by pixel, or with a discriminator in turn with the generator."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.losses.adversarial_loss import adversarial_loss, discriminator_loss
from training.losses.discriminator_noise import draw_discriminator_noise, with_discriminator_noise
from training.losses.generator_loss import GeneratorLoss
from training.losses.pixel_losses import absolute_loss, contrast_weight
from training.networks.mr_unet import averaged_truths
from training.recipes.recipe import AdamSettings, Recipe
from training.recipes.training_stage import Stage
from training.schedule.gradients import Call, Loss, Step, gradient_step

Batch = NDArray[np.float32]


def adam(model: Any, settings: AdamSettings, /) -> Any:
    """Make an optimiser for the trainable weights of a network; each step sets its rate."""
    import keras

    optimizer = keras.optimizers.Adam(
        0.0,
        beta_1=settings.beta_1,
        beta_2=settings.beta_2,
        epsilon=settings.epsilon,
        clipvalue=settings.clip,
        use_ema=settings.averaging > 0,
        ema_momentum=settings.averaging,
    )
    optimizer.build(model.trainable_variables)
    return optimizer


def heads_of(outputs: Any, /) -> list[Any]:
    """Outputs of a generator as a list: one, or those of an MR-UNET, the finest first."""
    return list(outputs) if isinstance(outputs, list | tuple) else [outputs]


def pixel_wise(loss: GeneratorLoss, truth: Any, outputs: Any, /) -> tuple[Any, dict[str, Any]]:
    """Loss (14) of a generator's outputs, and its terms without their weights.

    The coarse heads of an MR-UNET add the absolute loss (4) alone, at its weight, against averaged
    truths; ours, as the paper does not say how it trained them.

    Parameters
    ----------
    loss : GeneratorLoss
    truth : tensor
        (n, h, w, 1), in units of the distorted image's standard deviation.
    outputs : tensor or list of tensor
    """
    restored, *coarse = heads_of(outputs)
    terms = loss.terms(truth, restored)
    value = sum((getattr(loss, name) * term for name, term in terms.items()), start=0.0)
    weight = contrast_weight(truth, floor=loss.form.floor)
    truths = averaged_truths(truth, len(coarse) + 1)[1:]
    for averaged, head in zip(truths, coarse, strict=True):
        value = value + loss.absolute * absolute_loss(averaged, head, weight=weight)
    return value, terms


def stage_step(
    stage: Stage,
    recipe: Recipe,
    *,
    generator: tuple[Any, Any],
    discriminator: tuple[Any, Any] | None,
    devices: int = 1,
) -> Step:
    """Compile one step of a stage.

    Parameters
    ----------
    stage : Stage
    recipe : Recipe
    generator, discriminator : tuple of (keras.Model, optimizer)
        The discriminator is needed by adversarial stages alone.
    devices : int
        See `gradient_step`.

    Returns
    -------
    callable
        Takes the factor of the rates, then distorted images and truths (n, h, w, 1), standardised;
        in adversarial stages a third array, the discriminator's noise (`draw_noise`).
    """
    if not stage.adversarial or discriminator is None:
        step = gradient_step(*generator, _pixel_wise_loss(stage.loss), devices=devices)
        return lambda factor, *arrays: step(factor * stage.learning_rate, *arrays[:2])
    of_discriminator = gradient_step(
        *discriminator, _scores_loss(recipe), held=(generator[0],), devices=devices
    )
    of_generator = gradient_step(
        *generator, _adversarial_loss(stage.loss), held=(discriminator[0],), devices=devices
    )

    def alternate(factor: float, /, *arrays: Any) -> dict[str, float]:
        """One step of the discriminator, then one of the generator, as P. Isola et al. do it."""
        judged = of_discriminator(factor * stage.discriminator_rate, *arrays)
        found = of_generator(factor * stage.learning_rate, *arrays)
        return {**found, "discriminator": judged["loss"]}

    return alternate


def draw_noise(recipe: Recipe, shape: tuple[int, ...], rng: np.random.Generator, /) -> Batch:
    """Noise (n, 2, h, w, 1) on what the discriminator sees of a batch; zero if it has none.

    The batch is the first axis, as of the images beside it.
    """
    if not recipe.adversary.noise:
        return np.zeros((shape[0], 2, *shape[1:]), dtype=np.float32)
    return np.ascontiguousarray(draw_discriminator_noise(shape, rng).swapaxes(0, 1))


def _pixel_wise_loss(loss: GeneratorLoss) -> Loss:
    def of_batch(
        trained: Call, held: Sequence[Call], /, *arrays: Any
    ) -> tuple[Any, Mapping[str, Any]]:
        del held
        distorted, truth = arrays
        return pixel_wise(loss, truth, trained(distorted))

    return of_batch


def _scores_loss(recipe: Recipe) -> Loss:
    def of_batch(
        trained: Call, held: Sequence[Call], /, *arrays: Any
    ) -> tuple[Any, Mapping[str, Any]]:
        from keras import ops

        distorted, truth, noise = arrays
        (generator,) = held
        restored = ops.stop_gradient(heads_of(generator(distorted))[0])
        seen_truth, seen_restored = with_discriminator_noise(
            truth, restored, (noise[:, 0], noise[:, 1])
        )
        return discriminator_loss(
            trained([distorted, seen_truth]),
            trained([distorted, seen_restored]),
            smoothing=recipe.adversary.smoothing,
        ), {}

    return of_batch


def _adversarial_loss(loss: GeneratorLoss) -> Loss:
    def of_batch(
        trained: Call, held: Sequence[Call], /, *arrays: Any
    ) -> tuple[Any, Mapping[str, Any]]:
        distorted, truth, noise = arrays
        (discriminator,) = held
        outputs = trained(distorted)
        value, terms = pixel_wise(loss, truth, outputs)
        seen_truth, seen_restored = with_discriminator_noise(
            truth, heads_of(outputs)[0], (noise[:, 0], noise[:, 1])
        )
        fooled = adversarial_loss(
            discriminator([distorted, seen_truth]), discriminator([distorted, seen_restored])
        )
        return value + loss.adversarial * fooled, {**terms, "adversarial": fooled}

    return of_batch
