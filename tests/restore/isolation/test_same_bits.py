"""A model in a process of its own restores to the same bits as in this one."""

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

from restore import ContractRestorer, load_restorer
from restore.user_models.keras_file import load_keras_file
from restore.user_models.onnx_file import load_onnx_file
from restore.user_models.saved_model import load_saved_model

RNG = np.random.default_rng(5)
COUNTS = RNG.poisson(20.0, (2, 37, 50)).astype(float)
KERNEL = RNG.normal(size=(5, 5)).astype(np.float32)


def assert_same_bits(path: Path, load: Callable[[Path], Any]) -> None:
    apart = load_restorer(str(path))
    here = ContractRestorer(load(path))
    assert apart.metadata == here.metadata
    restored = apart.restore(COUNTS, sampling=0.1)
    assert np.ptp(restored) > 1
    np.testing.assert_array_equal(restored, here.restore(COUNTS, sampling=0.1))


def test_onnx(tmp_path: Path) -> None:
    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        [helper.make_node("Conv", ["x", "kernel"], ["y"], pads=[2, 2, 2, 2])],
        "g",
        [value("x", 1, [None, 1, None, None])],
        [value("y", 1, [None, 1, None, None])],
        [numpy_helper.from_array(KERNEL[None, None], "kernel")],
    )
    opset = [helper.make_opsetid("", 17)]
    path = tmp_path / "net.onnx"
    onnx.save_model(helper.make_model(graph, opset_imports=opset, ir_version=9), path)
    assert_same_bits(path, load_onnx_file)


@pytest.mark.slow
def test_keras_file_and_saved_model(tmp_path: Path) -> None:
    import keras

    keras.utils.set_random_seed(1)
    image = keras.Input((None, None, 1))
    hidden = keras.layers.Conv2D(8, 3, padding="same", activation="gelu")(image)
    hidden = keras.layers.Conv2DTranspose(4, 3, padding="same")(keras.layers.Dropout(0.1)(hidden))
    output = keras.layers.Conv2D(1, 3, padding="same")(keras.layers.BatchNormalization()(hidden))
    model = keras.Model(image, output)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "__array__ implementation", DeprecationWarning)
        model.save(tmp_path / "net.keras")
        model.export(tmp_path / "served")
    assert_same_bits(tmp_path / "net.keras", load_keras_file)
    assert_same_bits(tmp_path / "served", load_saved_model)
