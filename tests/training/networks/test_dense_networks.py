"""CGRDN and GRDN: their sizes, the published weights in ours, and precision."""

from typing import Any

import numpy as np
import pytest

from restore import count_parameters, load_restorer, quiet_tensorflow, read_published_weights
from restore.cgrdn.onnx_graph import encode_cgrdn
from restore.networks.normalisation import standardise
from restore.networks.runtimes import keras_forward, onnx_session
from stembench.errors import InputError
from training import Cgrdn, Grdn, cgrdn_weights

quiet_tensorflow()

SMALL = {"features": 16, "growth": 8, "groups": 2, "blocks": 2, "dense_layers": 2}
#: Growth and dense layers of the paper's size series, with the parameters of each.
SERIES = {
    (16, 4): 1_158_785, (24, 4): 1_763_457, (32, 4): 2_478_721, (32, 5): 3_396_737,
    (32, 6): 4_462_209, (32, 7): 5_675_137, (32, 8): 7_035_521, (32, 9): 8_543_361,
}  # fmt: skip


def rng(seed: int = 5) -> np.random.Generator:
    return np.random.default_rng(seed)


def kinds(model: Any) -> list[str]:
    return [type(layer).__name__ for layer in model.layers]


@pytest.mark.parametrize(("size", "parameters"), SERIES.items())
def test_parameters_of_the_size_series(size: tuple[int, int], parameters: int) -> None:
    assert count_parameters(Cgrdn(growth=size[0], dense_layers=size[1])) == parameters


def test_a_built_network_has_the_counted_parameters() -> None:
    size = Cgrdn(growth=16, dense_layers=4)
    model = size.build(rng())
    assert model.count_params() == count_parameters(size) == 1_158_785
    assert kinds(model).count("Conv2D") + 1 == size.convolutions == len(cgrdn_weights(model))


@pytest.mark.parametrize(("attention", "parameters"), [(False, 7_019_073), (True, 7_019_752)])
def test_parameters_of_grdn(attention: bool, parameters: int) -> None:
    """CGRDN's 7 035 521 less the fusion of 256 to 64 channels, 16 448; attention has 679."""
    model = Grdn(attention=attention).build(rng())
    assert model.count_params() == parameters
    assert ("Dense" in kinds(model)) == attention


def test_the_published_weights_give_the_restorers_image_bit_for_bit() -> None:
    """The same graph on the same backend, compiled by the same call."""
    counts = rng(1).poisson(5.0, (32, 48)).astype(np.float64)
    standard = standardise(counts)
    assert standard is not None
    weights = read_published_weights("hrstem").convolutions
    model = Cgrdn().build_with(weights)
    output = np.asarray(keras_forward(model)(standard.image[None, :, :, None]))[0, :, :, 0]
    theirs = load_restorer("cgrdn").restore(counts[None], sampling=0.1)[0]
    np.testing.assert_array_equal(standard.undo(output), theirs)
    read = cgrdn_weights(model)
    assert read.keys() == weights.keys()
    for number, (kernel, bias) in weights.items():
        np.testing.assert_array_equal(read[number][0], kernel)
        np.testing.assert_array_equal(read[number][1], bias)


def test_weights_of_another_size_are_refused() -> None:
    weights = read_published_weights("hrstem").convolutions
    with pytest.raises(ValueError, match="shape"):
        Cgrdn(growth=16, groups=1, blocks=1, dense_layers=1).build_with(weights)


def test_a_network_of_any_size_is_the_same_in_onnx() -> None:
    """What a trained network is exported by. One of other weights is far away."""
    size = Cgrdn(**SMALL)
    model = size.build(rng())
    image = rng(2).normal(size=(1, 24, 36, 1)).astype(np.float32)
    ours = np.asarray(model(image))
    session = onnx_session(encode_cgrdn(cgrdn_weights(model), size))
    theirs = session.run(None, {"image": image.transpose(0, 3, 1, 2)})[0].transpose(0, 2, 3, 1)
    np.testing.assert_allclose(ours, theirs, atol=2e-6)
    assert np.abs(np.asarray(size.build(rng(6))(image)) - theirs).max() > 0.01


def test_first_weights_are_those_of_the_generator_handed_in() -> None:
    """Uniform within the limit of Glorot and Bengio, to the share that 36 864 draws leave free."""
    one, again, other = (Grdn(**SMALL, attention=True).build(rng(seed)) for seed in (5, 5, 6))
    for first, second in zip(one.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(first, second)
    assert not np.array_equal(one.get_weights()[0], other.get_weights()[0])
    kernel, bias = (
        Cgrdn(features=64, groups=1, blocks=1, dense_layers=1)
        .build(rng())
        .get_layer("conv_002")
        .get_weights()
    )
    limit = np.sqrt(6 / (9 * (64 + 32)))
    assert kernel.shape == (3, 3, 64, 32)
    assert 0.999 * limit < np.abs(kernel).max() < limit
    # Four standard errors of the variance of n = 18 432 uniform numbers.
    assert kernel.var() == pytest.approx(limit**2 / 3, rel=4 * np.sqrt(0.8 / kernel.size))
    np.testing.assert_array_equal(bias, 0)


def test_attention_multiplies_features_by_numbers_between_0_and_1() -> None:
    """With all weights of the attention at zero each of its two factors is a half."""
    plain, attended = Grdn(**SMALL), Grdn(**SMALL, attention=True)
    model, reference = attended.build(rng()), plain.build(rng())
    image = rng(3).normal(size=(1, 16, 16, 1)).astype(np.float32)
    weights = {layer.name: layer for layer in reference.layers}
    for layer in model.layers:
        if layer.name in weights:
            layer.set_weights(weights[layer.name].get_weights())
        elif layer.get_weights():
            layer.set_weights([np.zeros_like(values) for values in layer.get_weights()])
    # The last convolution has no bias here, so that a quarter of its input gives a quarter.
    added = np.asarray(model(image)) - image
    np.testing.assert_allclose(added, (np.asarray(reference(image)) - image) / 4, rtol=1e-4,
                               atol=1e-7)  # fmt: skip


def test_mixed_precision_keeps_its_weights_in_float32() -> None:
    size = Cgrdn(**SMALL)
    exact, mixed = size.build(rng()), size.build(rng(), precision="mixed_bfloat16")
    assert {str(weight.dtype) for weight in mixed.trainable_variables} == {"float32"}
    image = rng(4).normal(size=(1, 16, 16, 1)).astype(np.float32)
    difference = np.abs(np.asarray(mixed(image)) - np.asarray(exact(image))).max()
    assert 1e-5 < difference < 0.05


def test_impossible_sizes_are_refused() -> None:
    for impossible in (Cgrdn, Grdn):
        with pytest.raises(InputError, match="growth of a CGRDN must be >= 1"):
            impossible(growth=0)
