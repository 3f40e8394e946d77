"""Steps of gradient descent: Adam by hand, and the same losses on all backends."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from restore import load_restorer, quiet_tensorflow
from training import AdamSettings
from training.schedule.gradients import forward_pass, gradient_step
from training.schedule.stage_steps import adam

quiet_tensorflow()

ROOT = Path(__file__).parents[3]
SCRIPT = Path(__file__).with_name("tiny_training.py")
OTHERS = ("jax", "torch")


def scaled_image(factor: float) -> Any:
    """Network of one number: the image times that."""
    import keras

    image = keras.Input((None, None, 1))
    layer = keras.layers.Conv2D(1, 1, use_bias=False)
    model = keras.Model(image, layer(image))
    layer.kernel.assign(np.full((1, 1, 1, 1), factor, np.float32))
    return model


def adam_by_hand(
    weight: float, gradients: list[float], rates: list[float], *, clip: float
) -> float:
    first = second = 0.0
    for number, (gradient, rate) in enumerate(zip(gradients, rates, strict=True), start=1):
        clipped = min(clip, max(-clip, gradient))
        first = 0.5 * first + 0.5 * clipped
        second = 0.999 * second + 0.001 * clipped**2
        root = np.sqrt(second / (1 - 0.999**number))
        weight -= rate * first / (1 - 0.5**number) / (root + 1e-7)
    return weight


@pytest.mark.parametrize("clip", [1.0, 1e9])
def test_steps_are_those_of_adam_with_clipped_gradients(clip: float) -> None:
    """Gradients of w times a mean of 3, then of 0.5: without clipping the moments are others."""
    from keras import ops

    model = scaled_image(2.0)
    step = gradient_step(
        model,
        adam(model, AdamSettings(clip=clip)),
        lambda trained, _held, image: (ops.mean(trained(image)), {"twice": 2.0}),
    )
    images = [np.full((2, 4, 4, 1), value, np.float32) for value in (3.0, 0.5, 0.5)]
    rates = [0.1, 0.2, 0.05]
    for image, rate in zip(images, rates, strict=True):
        found = step(rate, image)
    wanted = adam_by_hand(2.0, [3.0, 0.5, 0.5], rates, clip=clip)
    # Keras corrects both moments at once, which moves epsilon: by 1e-7 / 0.5 of a step at most.
    assert float(model.get_weights()[0].item()) == pytest.approx(wanted, rel=2e-6)
    assert found["twice"] == 2.0
    other = adam_by_hand(2.0, [3.0, 0.5, 0.5], rates, clip=1e9 if clip == 1 else 1.0)
    assert abs(other - wanted) > 0.01


def test_a_held_network_is_not_changed_and_is_seen_as_it_is_now() -> None:
    from keras import ops

    model, held = scaled_image(1.0), scaled_image(1.0)
    step = gradient_step(
        model,
        adam(model, AdamSettings()),
        lambda trained, calls, image: (ops.mean(trained(image) * calls[0](image)), {}),
        held=(held,),
    )
    image = np.ones((1, 4, 4, 1), np.float32)
    before = step(0.0, image)["loss"]
    held.set_weights([np.full((1, 1, 1, 1), 5.0, np.float32)])
    assert (before, step(0.0, image)["loss"]) == (1.0, 5.0)
    assert held.get_weights()[0].item() == 5.0


def test_the_forward_pass_has_the_weights_of_now() -> None:
    model = scaled_image(1.0)
    forward = forward_pass(model)
    image = np.ones((1, 4, 4, 1), np.float32)
    before = float(np.asarray(forward(image)).mean())
    model.set_weights([np.full((1, 1, 1, 1), 3.0, np.float32)])
    assert (before, float(np.asarray(forward(image)).mean())) == (1.0, 3.0)


def losses_on(
    backend: str, folder: Path, *, devices: int = 1, epochs: str = "1,0,1", steps: int | None = None
) -> list[list[float]]:
    """Losses of the tiny training on a backend, in a process of its own."""
    environment = os.environ | {
        "KERAS_BACKEND": backend,
        "JAX_PLATFORMS": "cpu",
        "XLA_FLAGS": f"--xla_force_host_platform_device_count={devices}"
        if backend == "jax"
        else "",
        "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]),
    }
    done = subprocess.run(
        [sys.executable, str(SCRIPT), str(folder), epochs, *([str(steps)] if steps else [])],
        capture_output=True, text=True, env=environment, check=False, timeout=600,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    from training.schedule.records.history import read_rows

    rows = read_rows(folder / "training.csv")
    assert len(rows) == (steps or 10 * sum(int(each) for each in epochs.split(",")))
    return [[row["loss"], row.get("discriminator", 0.0)] for row in rows]


@pytest.fixture(scope="module")
def on_tensorflow(tmp_path_factory: pytest.TempPathFactory) -> list[list[float]]:
    return losses_on("tensorflow", tmp_path_factory.mktemp("losses") / "tensorflow")


@pytest.mark.slow
@pytest.mark.parametrize("backend", OTHERS)
def test_all_backends_learn_the_same(
    backend: str, on_tensorflow: list[list[float]], tmp_path: Path
) -> None:
    """Ten steps of the first stage and ten with a discriminator, from the same first weights.

    Differences of the last digit grow: losses of up to 20 are equal to 1e-3 of themselves.
    """
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed")
    found = losses_on(backend, tmp_path / backend)
    np.testing.assert_allclose(found, on_tensorflow, rtol=1e-3)
    assert not np.allclose(found[:-1], found[1:], rtol=1e-3)


@pytest.mark.slow
def test_a_training_on_torch_in_two_calls_is_one_and_is_exported(tmp_path: Path) -> None:
    """All three stages, stopped within the one that has a discriminator."""
    if importlib.util.find_spec("torch") is None:
        pytest.skip("torch is not installed")
    one, two = tmp_path / "one", tmp_path / "two"
    losses_on("torch", one, epochs="1,1,1")
    losses_on("torch", two, epochs="1,1,1", steps=23)
    losses_on("torch", two, epochs="1,1,1")
    assert (one / "training.csv").read_bytes() == (two / "training.csv").read_bytes()
    image = np.random.default_rng(2).poisson(30.0, (1, 24, 32)).astype(float)
    of_keras, of_onnx = (
        load_restorer(str(one / name)).restore(image, sampling=0.2)
        for name in ("tiny.keras", "tiny.onnx")
    )
    np.testing.assert_allclose(of_keras, of_onnx, rtol=1e-7, atol=1e-5 * of_keras.std())


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("jax") is None, reason="jax is not installed")
def test_two_devices_learn_what_one_learns(tmp_path: Path) -> None:
    one = losses_on("jax", tmp_path / "one")
    two = losses_on("jax", tmp_path / "two", devices=2)
    np.testing.assert_allclose(one, two, rtol=1e-3)
