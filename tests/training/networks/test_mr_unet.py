"""MR-UNET: parameters, sizes of its heads, and what they are held against."""

import numpy as np
import pytest

from restore import quiet_tensorflow
from stembench.errors import InputError
from training import MrUnet, averaged_truths

quiet_tensorflow()

SMALL = MrUnet(channels=(4, 6, 8))
PUBLISHED = MrUnet().channels


def numbers(channels: tuple[int, ...]) -> int:
    """Parameters by the sizes of its tensors, four numbers a channel in the batch norms."""
    into = (1, *channels[:-1])
    total = sum(16 * a * b + b for a, b in zip(into, channels, strict=True))
    deep = channels[-1]
    for number in reversed(channels[:-1]):
        total += 16 * deep * number + number + 4 * number + 16 * 2 * number + 1
        deep = 2 * number
    return total + 16 * deep + 1


def test_parameters() -> None:
    """5.95 times CGRDN's, and 7.75 times with one level more; the paper says seven times."""
    assert numbers(PUBLISHED) == 41_890_951
    assert numbers((*PUBLISHED, 512)) == 54_493_320
    assert SMALL.build(np.random.default_rng(1)).count_params() == numbers(SMALL.channels)


@pytest.mark.slow
def test_parameters_of_the_built_network() -> None:
    assert MrUnet().build(np.random.default_rng(1)).count_params() == 41_890_951


def test_each_head_starts_from_the_image_averaged_to_its_size() -> None:
    model = SMALL.build(np.random.default_rng(1))
    image = np.random.default_rng(2).normal(size=(2, 16, 24, 1)).astype(np.float32)
    for layer in model.layers:
        layer.set_weights([np.zeros_like(values) for values in layer.get_weights()])
    outputs = [np.asarray(output) for output in model(image)]
    assert [output.shape[1:3] for output in outputs] == [(16, 24), (8, 12), (4, 6)]
    truths = [np.asarray(truth) for truth in averaged_truths(image, SMALL.heads)]
    for output, truth in zip(outputs, truths, strict=True):
        np.testing.assert_allclose(output, truth, atol=1e-6)
    blocks = image.reshape(2, 4, 4, 6, 4, 1).mean(axis=(2, 4))
    np.testing.assert_allclose(truths[2], blocks, atol=1e-6)


def test_all_levels_reach_the_finest_head() -> None:
    """A weight of the deepest level changes it: nothing is left unconnected."""
    model = SMALL.build(np.random.default_rng(1))
    image = np.random.default_rng(3).normal(size=(1, 16, 16, 1)).astype(np.float32)
    before = np.asarray(model(image)[0])
    deepest = next(layer for layer in model.layers if tuple(layer.output.shape[1:]) and
                   type(layer).__name__ == "Conv2D" and layer.filters == 8)  # fmt: skip
    deepest.set_weights([2 * values for values in deepest.get_weights()])
    assert np.abs(np.asarray(model(image)[0]) - before).max() > 1e-4


@pytest.mark.parametrize("channels", [(), (8,), (8, 0)])
def test_impossible_channels_are_refused(channels: tuple[int, ...]) -> None:
    with pytest.raises(InputError, match="channels"):
        MrUnet(channels=channels)
