"""Networks as trainers export them: sizes of a multiple, fixed sizes and numbers, named outputs."""

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from onnx import TensorProto, helper, numpy_helper

from restore import (
    RestorationError,
    RestorationWarning,
    load_restorer,
    metadata_of,
    split_model_spec,
)
from stembench.errors import InputError

KERNEL = np.random.default_rng(1).normal(size=(3, 3)).astype(np.float32)


def image(height: int, width: int, seed: int = 0) -> Any:
    return np.random.default_rng(seed).poisson(300.0, (height, width)).astype(np.float64)


def convolved(counts: Any) -> Any:
    """Correlation with KERNEL, zero-padded."""
    padded = np.pad(counts, 1)
    h, w = counts.shape
    moved = [KERNEL[i, j] * padded[i : i + h, j : j + w] for i in range(3) for j in range(3)]
    return np.sum(moved, axis=0)


def write(path: Path, nodes: list[Any], shape: list[Any], constants: Any = (), out: int = 1) -> str:
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("y", out, [None] * 4)],
        list(constants),
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.save_model(model, path)
    return str(path)


def unet(path: Path, depth: int, shape: list[Any] | None = None) -> str:
    """Maximum of blocks of 2**depth px, put back to full size, plus the image: as a U-Net skips."""
    factor = 2**depth
    nodes = [
        helper.make_node(
            "MaxPool", ["x"], ["low"], kernel_shape=[factor] * 2, strides=[factor] * 2
        ),
        helper.make_node("Resize", ["low", "", "scales"], ["high"], mode="nearest"),
        helper.make_node("Add", ["high", "x"], ["y"]),
    ]
    scales = numpy_helper.from_array(np.array([1, 1, factor, factor], np.float32), "scales")
    return write(path, nodes, shape or ["n", 1, "h", "w"], [scales])


def convolution(path: Path, shape: list[Any]) -> str:
    kernel = numpy_helper.from_array(KERNEL[None, None], "kernel")
    return write(
        path, [helper.make_node("Conv", ["x", "kernel"], ["y"], pads=[1] * 4)], shape, [kernel]
    )


def restored(spec: str, counts: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RestorationWarning)
        return load_restorer(spec).restore(counts[None], sampling=0.1)[0]


def by_blocks(counts: Any, factor: int) -> Any:
    """What `unet` does to an image whose sides are mirrored up to a multiple."""
    h, w = counts.shape
    padded = np.pad(counts, [(0, -h % factor), (0, -w % factor)], mode="reflect")
    blocks = padded.reshape(padded.shape[0] // factor, factor, -1, factor).max(axis=(1, 3))
    return (padded + np.kron(blocks, np.ones((factor, factor))))[:h, :w]


@settings(
    deadline=None, max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(height=st.integers(5, 50), width=st.integers(5, 50), depth=st.integers(1, 4))
@pytest.mark.parametrize("declared", [False, True])
def test_sizes_that_need_a_multiple(
    tmp_path: Path, declared: bool, height: int, width: int, depth: int
) -> None:
    spec = unet(tmp_path / f"u{depth}.onnx", depth)
    counts = image(height, width)
    spec += f":multiple={2**depth}" if declared else ""
    # float32 sums of numbers of the order of 1e3
    np.testing.assert_allclose(restored(spec, counts), by_blocks(counts, 2**depth), atol=1e-3)


def test_mirrored_edges_are_said(tmp_path: Path) -> None:
    restorer = load_restorer(unet(tmp_path / "u.onnx", 3))
    with pytest.warns(RestorationWarning, match="10 x 12 px were mirrored .* to 16 x 16 px"):
        restorer.restore(image(12, 10)[None], sampling=0.1)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        restorer.restore(image(16, 24)[None], sampling=0.1)


def test_a_multiple_that_is_never_right_is_one_sentence(tmp_path: Path) -> None:
    """Blocks of 128 px are beyond what is tried."""
    spec = unet(tmp_path / "u.onnx", 7)
    with pytest.raises(RestorationError, match="failed on image 0"):
        load_restorer(spec).restore(image(40, 40)[None], sampling=0.1)
    counts = image(70, 40)
    np.testing.assert_allclose(
        restored(f"{spec}:multiple=128", counts), by_blocks(counts, 128), atol=1e-3
    )


@pytest.mark.parametrize("batch", [1, 4])
def test_a_fixed_number_of_images(tmp_path: Path, batch: int) -> None:
    spec = convolution(tmp_path / "b.onnx", [batch, 1, "h", "w"])
    counts = image(9, 11)
    np.testing.assert_allclose(restored(spec, counts), convolved(counts), atol=1e-2)


def test_a_fixed_size_restores_larger_images_by_windows(tmp_path: Path) -> None:
    spec = convolution(tmp_path / "f.onnx", [1, 1, 16, 16])
    counts = image(45, 30)
    with pytest.raises(RestorationError, match="margin=32"):
        load_restorer(spec).restore(counts[None], sampling=0.1)
    # The network sees 1 px to each side, so that a margin of 2 px leaves nothing of the cuts.
    np.testing.assert_allclose(restored(f"{spec}:margin=2", counts), convolved(counts), atol=1e-2)
    small = restored(spec, image(9, 11))
    np.testing.assert_allclose(small[:-1, :-1], convolved(image(9, 11))[:-1, :-1], atol=1e-2)


@pytest.mark.parametrize("settings_text", ["margin=2,tile=20", "margin=3,tile=24,multiple=4"])
def test_windows_of_a_network_of_any_size(tmp_path: Path, settings_text: str) -> None:
    spec = convolution(tmp_path / "w.onnx", ["n", 1, "h", "w"])
    counts = image(61, 83)
    whole = restored(spec, counts)
    windows = restored(f"{spec}:{settings_text}", counts)
    # The right and lower rim sees mirrored pixels where the whole image ends.
    np.testing.assert_allclose(windows[:-1, :-1], whole[:-1, :-1], atol=1e-2)
    seen = restored(f"{spec}:margin=1,tile=20", counts)
    assert not np.allclose(seen, 0)


def test_windows_with_too_small_a_margin_show(tmp_path: Path) -> None:
    """The control: a filter of 9 px with a margin of 1 px is not that of the whole image."""
    box = numpy_helper.from_array(np.ones((1, 1, 9, 9), np.float32), "kernel")
    node = helper.make_node("Conv", ["x", "kernel"], ["y"], pads=[4] * 4)
    spec = write(tmp_path / "box.onnx", [node], ["n", 1, "h", "w"], [box])
    counts = image(60, 60)
    whole = restored(spec, counts)
    assert np.abs(restored(f"{spec}:margin=1,tile=20", counts) - whole).max() > 100
    np.testing.assert_allclose(restored(f"{spec}:margin=5,tile=24", counts), whole, rtol=1e-5)


def test_a_layout_that_the_file_does_not_say(tmp_path: Path) -> None:
    spec = convolution(tmp_path / "any.onnx", ["n", "c", "h", "w"])
    counts = image(9, 11)
    with pytest.raises(InputError, match="layout=nchw"):
        load_restorer(spec)
    np.testing.assert_allclose(
        restored(f"{spec}:layout=nchw", counts), convolved(counts), atol=1e-2
    )


def test_half_precision_out(tmp_path: Path) -> None:
    node = helper.make_node("Cast", ["x"], ["y"], to=TensorProto.FLOAT16)
    spec = write(tmp_path / "h.onnx", [node], ["n", 1, "h", "w"], out=TensorProto.FLOAT16)
    np.testing.assert_allclose(restored(spec, image(9, 11)), image(9, 11), rtol=1e-3)


def test_one_named_output_and_a_fixed_number_of_keras(tmp_path: Path) -> None:
    import keras

    source = keras.Input((None, None, 1), batch_size=3)
    layer = keras.layers.Conv2D(1, 3, padding="same", use_bias=False)
    model = keras.Model(source, {"restored": layer(source)})
    model.set_weights([KERNEL[:, :, None, None]])
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "__array__ implementation", DeprecationWarning)
        model.save(tmp_path / "named.keras")
    counts = image(9, 11)
    np.testing.assert_allclose(
        restored(str(tmp_path / "named.keras"), counts), convolved(counts), atol=1e-2
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("multiple=-1", "multiple of a model file is"),
        ("multiple=x", "whole number"),
        ("tile=64", "margin"),
        ("margin=300,tile=64", "windows"),
        ("layout=hwc", "layout"),
        ("stride=2", "no setting"),
        ("multiple=2,multiple=4", "twice"),
    ],
)
def test_impossible_settings(tmp_path: Path, text: str, said: str) -> None:
    spec = convolution(tmp_path / "n.onnx", ["n", 1, "h", "w"])
    with pytest.raises(InputError, match=said):
        load_restorer(f"{spec}:{text}")


def test_settings_are_part_of_the_name(tmp_path: Path) -> None:
    spec = convolution(tmp_path / "n.onnx", ["n", 1, "h", "w"])
    assert load_restorer(f"{spec}:multiple=16").metadata.name == "n.onnx:multiple=16"
    assert load_restorer(f"{spec}:multiple=0").metadata.name == "n.onnx"
    assert metadata_of(f"{spec}:margin=8").name == "n.onnx:margin=8"


@pytest.mark.parametrize("spec", ["gaussian:sigma=1", "module:callable", "net.onnx", "a:b=c", ""])
def test_other_specs_are_left_alone(spec: str) -> None:
    assert split_model_spec(spec) == (spec, {})
    assert split_model_spec(r"C:\nets\n.onnx:margin=4") == (r"C:\nets\n.onnx", {"margin": 4})
