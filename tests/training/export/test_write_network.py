"""Files of trained networks: what a restorer makes of them is what the network makes itself."""

import errno
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from restore import check_restorer, load_restorer, quiet_tensorflow
from stembench.errors import InputError
from training import Cgrdn, Grdn, MrUnet, Recipe, TrainedPairs, write_network
from training.export.onnx_network import encode_network
from training.schedule.gradients import forward_pass
from training.schedule.held_out import restorer_of

quiet_tensorflow()

SMALL = {"growth": 4, "groups": 1, "blocks": 2, "dense_layers": 2}
NETWORKS = {
    "cgrdn": Cgrdn(features=8, **SMALL),
    "grdn": Grdn(features=16, attention=True, **SMALL),
    "mr-unet": MrUnet(channels=(8, 16, 16)),
}
PAIRS = TrainedPairs(modality="lrsem", side=64)


def trained(recipe: Recipe) -> Any:
    """The network with weights of which none is zero."""
    rng = np.random.default_rng(5)
    model = recipe.network.build(rng, precision=recipe.precision)
    model.set_weights([w + np.abs(rng.normal(0, 0.05, w.shape)) for w in model.get_weights()])
    return model


@pytest.mark.parametrize("kind", NETWORKS)
def test_both_files_restore_as_the_network_itself(kind: str, tmp_path: Path) -> None:
    """To 1e-5 of the restored contrast: convolutions sum in another order in ONNX Runtime.

    At 3e4 electrons a pixel the mean is 170 times the contrast, so that a mean rounded once would
    be seen. They fulfil the contract, and leave an even image as it is.
    """
    even = np.full((1, 24, 24), 7.25)
    recipe = Recipe(name="one", network=NETWORKS[kind], pairs=PAIRS)
    model = trained(recipe)
    counts = np.array([30.0, 3e4])[:, None, None]
    images = np.random.default_rng(2).poisson(counts, (2, 40, 48)).astype(float)
    wanted = restorer_of(forward_pass(model), recipe).restore(images, sampling=0.2)
    files = write_network(model, recipe, tmp_path)
    assert [path.name for path in files] == ["one.keras", "one.onnx"]
    for path in files:
        restorer = load_restorer(str(path))
        found = restorer.restore(images, sampling=0.2)
        for one, other in zip(found, wanted, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-7, atol=1e-5 * other.std())
        assert not [each for each in check_restorer(restorer) if each.outcome == "failed"]
        np.testing.assert_array_equal(restorer.restore(even, sampling=0.2), even)
    for image, restored in zip(images, wanted, strict=True):
        assert np.abs(restored - image).max() > 0.1 * image.std()


def test_a_network_of_mixed_precision_is_written_in_float32(tmp_path: Path) -> None:
    import keras

    exact = Recipe(name="exact", network=NETWORKS["cgrdn"], pairs=PAIRS)
    mixed = replace(exact, name="mixed", precision="mixed_bfloat16")
    model = trained(mixed)
    assert "mixed_bfloat16" in {layer.dtype_policy.name for layer in model.layers}
    of_mixed = write_network(model, mixed, tmp_path)
    of_exact = write_network(trained(exact), exact, tmp_path)
    assert of_mixed[1].read_bytes() == of_exact[1].read_bytes()
    read, wanted = (keras.models.load_model(path) for path in (of_mixed[0], of_exact[0]))
    for model in (read, wanted):
        layers = [
            *model.layers,
            *next(n for n in model.layers if isinstance(n, keras.Model)).layers,
        ]
        assert {layer.dtype_policy.name for layer in layers} == {"float32"}
    for one, other in zip(read.get_weights(), wanted.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_an_interrupted_export_leaves_the_files_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import keras

    recipe = Recipe(name="one", network=NETWORKS["cgrdn"], pairs=PAIRS)
    model = trained(recipe)
    write_network(model, recipe, tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}

    def full(_model: Any, path: Path) -> None:
        Path(path).write_bytes(b"half of it")
        raise OSError(errno.ENOSPC, "No space left on device", str(path))

    def interrupted(_model: Any, path: Path) -> None:
        Path(path).write_bytes(b"half of it")
        raise KeyboardInterrupt

    monkeypatch.setattr(keras.Model, "save", full)
    with pytest.raises(InputError, match=r"the disk is full: .*one.keras was not written"):
        write_network(model, recipe, tmp_path)
    monkeypatch.setattr(keras.Model, "save", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_network(model, recipe, tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_layer_without_a_form_in_onnx_is_named() -> None:
    import keras

    image = keras.Input((None, None, 1))
    model = keras.Model(image, keras.layers.SeparableConv2D(1, 3, padding="same")(image))
    with pytest.raises(ValueError, match="SeparableConv2D has no form"):
        encode_network(model)
