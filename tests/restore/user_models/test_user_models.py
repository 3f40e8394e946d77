"""A user's own network in each of the ways to name one: what it is given, and what is refused."""

import hashlib
import json
import subprocess
import sys
import warnings
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from restore import RestorationError, load_restorer, metadata_of
from stembench.errors import InputError

COUNTS = np.random.default_rng(0).poisson(300.0, (2, 7, 10)).astype(np.float64)
KERNEL = np.random.default_rng(1).normal(size=(3, 3)).astype(np.float32)


def correlated(images: Any) -> Any:
    """Correlation with KERNEL, zero-padded, plus 2: what each model here should do to counts."""
    padded = np.pad(images, [(0, 0), (1, 1), (1, 1)])
    h, w = images.shape[1:]
    moved = [KERNEL[i, j] * padded[:, i : i + h, j : j + w] for i in range(3) for j in range(3)]
    return np.sum(moved, axis=0) + 2


@contextmanager
def saving() -> Iterator[None]:
    """Keras's own writer warns under NumPy 2 (TensorFlow's tensors lack ``copy=``)."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "__array__ implementation", DeprecationWarning)
        yield


def keras_model(size: tuple[int | None, int | None] = (None, None), channels: int = 1) -> Any:
    """The correlation as a Keras model."""
    import keras

    image = keras.Input((*size, 1))
    model = keras.Model(image, keras.layers.Conv2D(channels, 3, padding="same")(image))
    kernel = np.repeat(KERNEL[:, :, None, None], channels, axis=3)
    model.set_weights([kernel, np.full(channels, 2, np.float32)])
    return model


def saved_keras(path: Path, model: Any) -> Path:
    with saving():
        model.save(path)
    return path


def onnx_model(path: Path, shape: list[Any], *, nchw: bool = True, kind: int = 1) -> Path:
    """The correlation as an ONNX model with the given declared input shape."""
    constants = [
        numpy_helper.from_array(KERNEL[None, None], "kernel"),
        numpy_helper.from_array(np.full(1, 2, np.float32), "bias"),
    ]
    image, out = ("x", "y") if nchw else ("first", "last")
    nodes = [helper.make_node("Conv", [image, "kernel", "bias"], [out], pads=[1, 1, 1, 1])]
    if not nchw:
        nodes.insert(0, helper.make_node("Transpose", ["x"], ["first"], perm=[0, 3, 1, 2]))
        nodes.append(helper.make_node("Transpose", ["last"], ["y"], perm=[0, 2, 3, 1]))
    return write_onnx(path, nodes, shape, constants, kind)


def write_onnx(
    path: Path, nodes: list[Any], shape: list[Any], constants: list[Any], kind: int = 1
) -> Path:
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", kind, shape)],
        [helper.make_tensor_value_info("y", kind, [None] * len(shape))],
        constants,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.save_model(model, path)
    return path


def restored_by(spec: str) -> Any:
    """COUNTS as the model restores them; its metadata is that which is read without loading."""
    restorer = load_restorer(spec)
    assert restorer.metadata == metadata_of(spec)
    assert restorer.metadata.name == restorer.metadata.label == Path(spec).name
    assert restorer.metadata.family == "network"
    return restorer.restore(COUNTS, sampling=0.1)


def is_correlated(restored: Any) -> bool:
    """Whether the model was given the counts themselves and its answer came back unchanged."""
    # float32 sums of nine products of the order of 1e3.
    expected = correlated(COUNTS)
    return bool(np.allclose(restored, expected, rtol=0, atol=1e-2))


def test_the_models_change_the_counts() -> None:
    """Negative control: an image that no model has seen would not pass for a restored one."""
    assert not is_correlated(COUNTS)


def test_keras_file(tmp_path: Path) -> None:
    path = saved_keras(tmp_path / "mine.keras", keras_model())
    assert is_correlated(restored_by(str(path)))
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert metadata_of(str(path)).weights_sha256 == digest


def test_keras_file_of_one_size(tmp_path: Path) -> None:
    fitting = saved_keras(tmp_path / "fits.keras", keras_model((7, 10)))
    assert is_correlated(restored_by(str(fitting)))
    wrong = load_restorer(str(saved_keras(tmp_path / "small.keras", keras_model((7, 8)))))
    with pytest.raises(RestorationError, match=r"'small.keras' takes only images 8 px wide, not"):
        wrong.restore(COUNTS, sampling=0.1)


def test_keras_file_with_its_own_loss(tmp_path: Path) -> None:
    """A loss that is not Keras's is not loaded, and so does no harm."""
    model = keras_model()
    model.compile(loss=own_loss)
    assert is_correlated(restored_by(str(saved_keras(tmp_path / "trained.keras", model))))


def own_loss(truth: Any, restored: Any) -> Any:
    """A loss function of the user's own."""
    return (truth - restored) ** 2


def test_keras_file_with_several_channels(tmp_path: Path) -> None:
    path = saved_keras(tmp_path / "wide.keras", keras_model(channels=3))
    with pytest.raises(RestorationError, match=r"returned shape \(1, 7, 10, 3\) for an input of"):
        load_restorer(str(path)).restore(COUNTS, sampling=0.1)


def test_saved_model(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with saving():
        keras_model().export(tmp_path / "served")
    assert is_correlated(restored_by(str(tmp_path / "served")))
    assert len(metadata_of(str(tmp_path / "served")).weights_sha256 or "") == 64
    assert "Saved artifact" in capsys.readouterr().out


def test_saved_model_that_writes_files(tmp_path: Path) -> None:
    """Refused before it is loaded, and its file is not written."""
    import tensorflow as tf

    written = tmp_path / "written"

    class Writer(tf.Module):  # type: ignore[misc]
        @tf.function(input_signature=[tf.TensorSpec((None, None, None, 1))])
        def serve(self, image: Any) -> Any:
            tf.io.write_file(str(written), "x")
            return image

    tf.saved_model.save(Writer(), str(tmp_path / "bad"), signatures=Writer().serve)
    with pytest.raises(InputError, match="is refused because its graph holds WriteFile"):
        load_restorer(str(tmp_path / "bad"))
    assert not written.exists()
    # Negative control: run as it is, it writes.
    model = tf.saved_model.load(str(tmp_path / "bad"))
    model.signatures["serving_default"](tf.zeros((1, 2, 2, 1)))
    assert written.exists()


def test_saved_model_that_prints_or_saves_to_files(tmp_path: Path) -> None:
    """Printing can go to a file, and so can saving, which each SavedModel's own saver may do."""
    import tensorflow as tf

    written = tmp_path / "written"

    class Printer(tf.Module):  # type: ignore[misc]
        @tf.function(input_signature=[tf.TensorSpec((None, None, None, 1))])
        def serve(self, image: Any) -> Any:
            tf.print("x", output_stream=f"file://{written}")
            return image

    class Saver(tf.Module):  # type: ignore[misc]
        @tf.function(input_signature=[tf.TensorSpec((None, None, None, 1))])
        def serve(self, image: Any) -> Any:
            tf.raw_ops.SaveV2(
                prefix=str(written), tensor_names=["x"], shape_and_slices=[""], tensors=[image]
            )
            return image

    for kind, operation in ((Printer, "PrintV2"), (Saver, "SaveV2")):
        folder = tmp_path / kind.__name__
        tf.saved_model.save(kind(), str(folder), signatures=kind().serve)
        with pytest.raises(InputError, match=f"is refused because its graph holds .*{operation}"):
            load_restorer(str(folder))
    assert not list(tmp_path.glob("written*"))


def test_saved_model_without_signature(tmp_path: Path) -> None:
    import tensorflow as tf

    tf.saved_model.save(tf.Module(), str(tmp_path / "bare"))
    with pytest.raises(InputError, match="has no signature 'serving_default'"):
        load_restorer(str(tmp_path / "bare"))


def test_folders_that_are_no_model(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"holds no saved_model\.pb"):
        load_restorer(str(tmp_path))
    (tmp_path / "saved_model.pb").write_bytes(b"nonsense")
    with pytest.raises(InputError, match="cannot be loaded by TensorFlow"):
        load_restorer(str(tmp_path))


@pytest.mark.parametrize(
    ("shape", "nchw"),
    [
        (["n", 1, "h", "w"], True),
        ([1, 1, None, None], True),
        ([1, 1, 7, 10], True),
        (["n", "h", "w", 1], False),
        ([None, 7, 10, 1], False),
    ],
)
def test_onnx_layouts(shape: list[Any], nchw: bool, tmp_path: Path) -> None:
    path = onnx_model(tmp_path / "mine.onnx", shape, nchw=nchw)
    assert is_correlated(restored_by(str(path)))
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert metadata_of(str(path)).weights_sha256 == digest


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        (["n", "c", "h", "w"], "neither axis 1 nor axis 3 is of size 1; export it as"),
        (["n", 1, "h", 1], "both axes 1 and 3 are of size 1; export it as"),
        ([1, 3, 7, 10], "neither axis 1 nor axis 3 is of size 1"),
    ],
)
def test_onnx_layout_is_never_guessed(shape: list[Any], message: str, tmp_path: Path) -> None:
    path = write_onnx(tmp_path / "m.onnx", [helper.make_node("Relu", ["x"], ["y"])], shape, [])
    with pytest.raises(InputError, match=message):
        load_restorer(str(path))


def test_onnx_of_another_type_or_rank(tmp_path: Path) -> None:
    relu = [helper.make_node("Relu", ["x"], ["y"])]
    flat = write_onnx(tmp_path / "flat.onnx", relu, ["n", "h", "w"], [])
    double = write_onnx(tmp_path / "d.onnx", relu, ["n", 1, "h", "w"], [], TensorProto.DOUBLE)
    for path, found in ((flat, r"tensor\(float\) of shape"), (double, r"tensor\(double\)")):
        with pytest.raises(InputError, match=f"takes {found}.*; a restorer takes float32"):
            load_restorer(str(path))


def test_onnx_that_returns_nan(tmp_path: Path) -> None:
    """Log of a negative number; counts are positive, minus 1000 they are not."""
    nodes = [
        helper.make_node("Sub", ["x", "thousand"], ["z"]),
        helper.make_node("Log", ["z"], ["y"]),
    ]
    constant = [numpy_helper.from_array(np.full((1, 1, 1, 1), 1000, np.float32), "thousand")]
    path = write_onnx(tmp_path / "nan.onnx", nodes, ["n", 1, "h", "w"], constant)
    with pytest.raises(RestorationError, match=r"'nan.onnx' returned NaN or infinity in 70 of 70"):
        load_restorer(str(path)).restore(COUNTS, sampling=0.1)


def test_onnx_that_halves_the_image(tmp_path: Path) -> None:
    pool = helper.make_node("MaxPool", ["x"], ["y"], kernel_shape=[2, 2], strides=[2, 2])
    path = write_onnx(tmp_path / "half.onnx", [pool], ["n", 1, "h", "w"], [])
    with pytest.raises(RestorationError, match=r"returned shape \(1, 1, 3, 5\) for an input of"):
        load_restorer(str(path)).restore(COUNTS, sampling=0.1)


def test_onnx_with_weights_elsewhere(tmp_path: Path) -> None:
    """A second file could change unseen by the recorded hash, or lie anywhere on the disk."""
    model = onnx.load(onnx_model(tmp_path / "whole.onnx", ["n", 1, "h", "w"]))
    path = tmp_path / "split.onnx"
    onnx.save_model(
        model, path, save_as_external_data=True, location="weights.bin", size_threshold=0
    )
    with pytest.raises(InputError, match="save it with its weights inside"):
        load_restorer(str(path))


def test_missing_onnx_runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = onnx_model(tmp_path / "mine.onnx", ["n", 1, "h", "w"])
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(InputError, match="is not installed; stembench needs it: "):
        load_restorer(str(path))


@pytest.mark.parametrize("read", [load_restorer, metadata_of])
@pytest.mark.parametrize("name", ["broken.onnx", "broken.keras"])
def test_damaged_files(name: str, read: Callable[[str], Any], tmp_path: Path) -> None:
    """Found without loading too."""
    (tmp_path / name).write_bytes(b"nonsense")
    with pytest.raises(InputError, match=r"cannot be loaded by ONNX|is not a Keras 3 model file"):
        read(str(tmp_path / name))
    with pytest.raises(InputError, match="does not exist"):
        read(str(tmp_path / f"no_{name}"))


def test_metadata_of_files_imports_neither_keras_nor_tensorflow(tmp_path: Path) -> None:
    """Nor ONNX Runtime: the files are checked and hashed."""
    (tmp_path / "served").mkdir()
    (tmp_path / "served" / "saved_model.pb").write_bytes(b"hashed alone")
    paths = (
        saved_keras(tmp_path / "mine.keras", keras_model()),
        onnx_model(tmp_path / "mine.onnx", ["n", 1, "h", "w"]),
        tmp_path / "served",
    )
    code = (
        "import sys\n"
        "from restore import metadata_of\n"
        "print([metadata_of(path).name for path in sys.argv[1:]])\n"
        "print([m for m in ('tensorflow', 'keras', 'onnxruntime') if m in sys.modules])\n"
    )
    printed = subprocess.run(
        [sys.executable, "-c", code, *map(str, paths)],
        capture_output=True,
        check=True,
        cwd=Path(__file__).parents[3],
        text=True,
    ).stdout
    assert printed == "['mine.keras', 'mine.onnx', 'served']\n[]\n"


def test_malicious_lambda_does_not_run(tmp_path: Path) -> None:
    """A lambda layer in a .keras file is Python code; it is refused and does not run."""
    import keras

    ran = tmp_path / "ran"
    image = keras.Input((None, None, 1))
    harmful = keras.layers.Lambda(eval(f"lambda x: (open({str(ran)!r}, 'w').close(), x)[1]"))  # noqa: S307
    path = saved_keras(tmp_path / "bad.keras", keras.Model(image, harmful(image)))
    ran.unlink()  # building the model ran it
    with pytest.raises(InputError, match="is refused because it holds a 'Lambda'"):
        load_restorer(str(path))
    assert not ran.exists()
    # Negative control: opened without care, it runs.
    keras.saving.load_model(path, safe_mode=False)(np.zeros((1, 2, 2, 1)))
    assert ran.exists()


@pytest.mark.parametrize("kind", ["function", "Payload"])
def test_malicious_module_is_not_imported(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A class or function of another module would be imported to be made; nothing is."""
    path = saved_keras(tmp_path / "plain.keras", keras_model())
    bad = tmp_path / "bad.keras"
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(bad, "w") as target:
        for item in source.namelist():
            content = source.read(item)
            if item == "config.json":
                description = json.loads(content)
                layer = description["config"]["layers"][1]
                layer.update({"module": "payload_of_a_stranger", "class_name": kind})
                content = json.dumps(description).encode()
            target.writestr(item, content)
    ran = tmp_path / "ran"
    (tmp_path / "payload_of_a_stranger.py").write_text(f"open({str(ran)!r}, 'w').close()\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(InputError, match=f"it holds 'payload_of_a_stranger.{kind}', which is not"):
        load_restorer(str(bad))
    assert not ran.exists()


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("cgrnd", r"unknown restorer 'cgrnd'; known are raw, gaussian, wiener, bragg, nlm"),
        ("", "unknown restorer ''"),
        ("a b:c", "unknown restorer 'a b:c'"),
        ("net.h5", "save it as .keras with Keras 3"),
        ("net.pth", "export it to ONNX, since a pickle can run code"),
        ("pyproject.toml", "is not a model that can be read"),
    ],
)
def test_unknown_names(spec: str, message: str, request: pytest.FixtureRequest) -> None:
    request.getfixturevalue("monkeypatch").chdir(request.config.rootpath)
    with pytest.raises(InputError, match=message):
        load_restorer(spec)
