"""Losses on one backend of Keras beside numpy twins and their finite differences, as JSON.

Run as a script with KERAS_BACKEND set; for JAX also JAX_ENABLE_X64=1. The values and gradients of
the tables are of float64, but for the column of float32, the precision of training.
"""

import json
from collections.abc import Callable
from functools import cache, partial
from typing import Any, NamedTuple

import numpy as np
import numpy_losses as twins
from numpy.typing import NDArray

from restore import quiet_tensorflow
from training import (
    AUTHORS,
    SECOND_STAGE,
    THIRD_STAGE,
    GeneratorLoss,
    LossForm,
    adversarial_loss,
    discriminator_loss,
    fourier_loss,
    whitening_loss,
)

Values = NDArray[np.float64]
STEP = 1e-6
#: Numbers whose derivative is compared; all of them would take long.
COMPARED = 48


class Parity(NamedTuple):
    """A loss beside its twin, relative to the twin's value or its largest derivative."""

    loss: str
    value: float
    gradient: float
    value_in_float32: float


def images(rng: np.random.Generator) -> tuple[Values, Values]:
    """A truth of ordinary contrast with a flat corner and one below the floor; both restored."""
    truth = np.stack([rng.normal(2.0, 1.0, (16, 18, 1)), rng.normal(-1.0, 0.04, (16, 18, 1))])
    truth[0, :9, :9] = 0.5
    return truth, truth + rng.normal(0.02, [[[[0.3]]], [[[0.03]]]], truth.shape)


def scores(rng: np.random.Generator) -> tuple[Values, Values]:
    return rng.normal(0.4, 1.5, (2, 4, 5, 1)), rng.normal(-0.6, 1.0, (2, 4, 5, 1))


def term(name: str, form: LossForm | None = None) -> Callable[[Any, Any], Any]:
    """One term of the generator's loss alone."""
    only = dict.fromkeys(("absolute", "square", "whitening", "fourier", "mean", "std"), 0.0)
    loss = GeneratorLoss(**{**only, name: 1.0}, form=form or LossForm())
    return loss.pixel_wise


class Held(NamedTuple):
    """A loss and its numpy twin, of the images, of the scores, or of both."""

    loss: Callable[..., Any]
    twin: Callable[..., float]
    of: slice


IMAGES, SCORES, BOTH = slice(0, 2), slice(2, 4), slice(0, 4)


def generator_loss(y: Any, g: Any, of_y: Any, of_g: Any) -> Any:
    return THIRD_STAGE.total(y, g, of_truth=of_y, of_restored=of_g)


HELD: dict[str, Held] = {
    "absolute (4), (5)": Held(term("absolute"), twins.absolute, IMAGES),
    "square (6)": Held(term("square"), twins.square, IMAGES),
    "whitening (7), (8)": Held(term("whitening"), twins.whitening, IMAGES),
    "Fourier space (9)": Held(term("fourier"), twins.fourier, IMAGES),
    "mean (10)": Held(term("mean"), twins.mean, IMAGES),
    "standard deviation (11)": Held(term("std"), twins.std, IMAGES),
    "adversarial (12)": Held(adversarial_loss, twins.adversarial, SCORES),
    "generator (13)": Held(generator_loss, twins.third_stage, BOTH),
    "pixel-wise (14)": Held(SECOND_STAGE.pixel_wise, twins.paper, IMAGES),
    "discriminator (15)": Held(discriminator_loss, twins.discriminator, SCORES),
    "whitening, authors'": Held(
        partial(
            whitening_loss,
            windows=twins.WINDOWS,
            weights=twins.GROWING,
            floor=twins.FLOOR,
            whitened_by="truth",
        ),
        twins.whitening_by_truth,
        IMAGES,
    ),
    "Fourier space, authors'": Held(
        partial(fourier_loss, gamma=twins.GAMMA, floor=1e-9, half=True),
        twins.fourier_of_half,
        IMAGES,
    ),
    "pixel-wise, authors'": Held(GeneratorLoss(form=AUTHORS).pixel_wise, twins.authors, IMAGES),
    "discriminator, authors'": Held(
        partial(discriminator_loss, smoothing=0.05), twins.smoothed_discriminator, SCORES
    ),
}


def losses(arguments: Any) -> list[Any]:
    return [held.loss(*arguments[held.of]) for held in HELD.values()]


@cache
def compiled_by_jax(*, differentiated: bool) -> Callable[[Any], Any]:
    """One compilation for all losses, which share most of their work."""
    import jax

    if not differentiated:
        return jax.jit(losses)
    return jax.jit(
        lambda given: [
            jax.value_and_grad(lambda each, held=held: held.loss(*each[held.of]))(given)
            for held in HELD.values()
        ]
    )


def tensors_of(arguments: list[NDArray[Any]]) -> list[Any]:
    from keras import ops

    tensors = [ops.convert_to_tensor(each, dtype=str(each.dtype)) for each in arguments]
    assert [ops.dtype(each) for each in tensors] == [str(each.dtype) for each in arguments]
    return tensors


def values(arguments: list[NDArray[Any]]) -> list[float]:
    import keras

    tensors = tensors_of(arguments)
    if keras.backend.backend() == "jax":
        found = compiled_by_jax(differentiated=False)(tensors)
    else:
        found = losses(tensors)
    return [float(value) for value in found]


def values_and_gradients(arguments: list[NDArray[Any]]) -> list[tuple[float, list[Values]]]:
    """Losses and their derivatives in all arguments, by the backend's own differentiation."""
    import keras
    from keras import ops

    tensors = tensors_of(arguments)
    backend = keras.backend.backend()
    found = []
    if backend == "jax":
        found = compiled_by_jax(differentiated=True)(tensors)
    for held in HELD.values() if backend != "jax" else []:
        if backend == "tensorflow":
            import tensorflow as tf

            with tf.GradientTape() as tape:
                tape.watch(tensors)
                value = held.loss(*tensors[held.of])
            gradient = tape.gradient(value, tensors, unconnected_gradients="zero")
        else:
            tensors = [tensor.detach().requires_grad_(True) for tensor in tensors]
            value = held.loss(*tensors[held.of])
            value.backward()
            gradient = [ops.zeros_like(t) if t.grad is None else t.grad for t in tensors]
        found.append((value, gradient))
    return [
        (float(value), [np.asarray(ops.convert_to_numpy(each)) for each in gradient])
        for value, gradient in found
    ]


def finite_differences(
    loss: Callable[..., float], arguments: list[Values], places: list[tuple[int, int]]
) -> Values:
    """Central differences in the numbers at (argument, flat index)."""
    found = []
    for which, index in places:
        ends = []
        for sign in (1, -1):
            moved = [each.copy() for each in arguments]
            moved[which].flat[index] += sign * STEP
            ends.append(loss(*moved))
        found.append((ends[0] - ends[1]) / (2 * STEP))
    return np.array(found)


def compare(arguments: list[Values]) -> list[Parity]:
    exact = values_and_gradients(arguments)
    low = values([each.astype(np.float32) for each in arguments])
    rows = []
    for (name, held), (value, gradient), in_float32 in zip(HELD.items(), exact, low, strict=True):
        given, derived = arguments[held.of], gradient[held.of]
        everywhere = [(k, i) for k, each in enumerate(given) for i in range(each.size)]
        chosen = np.random.default_rng(11).permutation(len(everywhere))[:COMPARED]
        places = [everywhere[int(k)] for k in chosen]
        expected = held.twin(*given)
        ours = np.array([derived[which].flat[index] for which, index in places])
        theirs = finite_differences(held.twin, given, places)
        rows.append(
            Parity(
                loss=name,
                value=abs(value / expected - 1),
                gradient=float(np.abs(ours - theirs).max() / np.abs(theirs).max()),
                value_in_float32=abs(in_float32 / expected - 1),
            )
        )
    return rows


def without_its_weight(arguments: list[Values]) -> float:
    """Deviation of (4) from a twin that leaves its weight out: what a wrong loss looks like."""
    (value, _), *_ = values_and_gradients(arguments)
    return abs(value / twins.absolute_without_weight(*arguments[IMAGES]) - 1)


def where_roots_vanish(arguments: list[Values]) -> dict[str, tuple[float, bool]]:
    """Losses of two equal constant images, and whether all derivatives are finite there."""
    constant = np.full_like(arguments[0], 3.0)
    found = values_and_gradients([constant, constant.copy(), *arguments[SCORES]])
    return {
        name: (value, all(bool(np.isfinite(each).all()) for each in gradient))
        for (name, held), (value, gradient) in zip(HELD.items(), found, strict=True)
        if held.of == IMAGES
    }


def main() -> None:
    quiet_tensorflow()
    rng = np.random.default_rng(7)
    arguments = [*images(rng), *scores(rng)]
    print(  # noqa: T201 (what the script is for)
        json.dumps(
            {
                "rows": [row._asdict() for row in compare(arguments)],
                "without_its_weight": without_its_weight(arguments),
                "where_roots_vanish": where_roots_vanish(arguments),
            }
        )
    )


if __name__ == "__main__":
    main()
