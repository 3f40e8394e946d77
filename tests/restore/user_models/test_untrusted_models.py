"""Model files made to do harm: each is refused, nothing of theirs runs, no other file is read."""

import base64
import builtins
import io
import json
import marshal
import pickle
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from restore import load_restorer
from restore.user_models.keras_file import check_keras_file
from stembench.errors import InputError

# What Keras 3.15 writes for Input((None, None, 1)) and a convolution, as far as it matters here.
CONVOLUTION: dict[str, Any] = {
    "module": "keras.layers",
    "class_name": "Conv2D",
    "config": {
        "name": "conv",
        "filters": 1,
        "kernel_size": [3, 3],
        "padding": "same",
        "activation": "linear",
        "kernel_initializer": {"module": "keras.initializers", "class_name": "Zeros", "config": {}},
    },
    "registered_name": None,
}
INPUT: dict[str, Any] = {
    "module": "keras.layers",
    "class_name": "InputLayer",
    "config": {"batch_shape": [None, None, None, 1], "dtype": "float32", "name": "input"},
    "registered_name": None,
}


def described(*layers: dict[str, Any]) -> bytes:
    return json.dumps(
        {
            "module": "keras",
            "class_name": "Sequential",
            "config": {"name": "s", "trainable": True, "layers": [INPUT, *layers]},
            "registered_name": None,
        }
    ).encode()


def hdf5(write: Callable[[h5py.File], None]) -> bytes:
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        write(file)
    return buffer.getvalue()


def keras_file(path: Path, **members: bytes) -> Path:
    """An archive with the given members; underscores of a name stand for dots."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("metadata.json", json.dumps({"keras_version": "3.15.1"}))
        archive.writestr("config.json", members.pop("config", described(CONVOLUTION)))
        for name, content in members.items():
            archive.writestr(name.replace("_", "."), content)
    return path


class Payload:
    """Pickled, it writes a file when it is read back."""

    def __init__(self, target: Path) -> None:
        self._target = target

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self._target,)


def test_a_plain_file_passes(tmp_path: Path) -> None:
    """Negative control of all that follows: it is the harm that is refused."""

    def plain(file: h5py.File) -> None:
        file["layers/conv/vars/0"] = np.zeros((3, 3, 1, 1), np.float32)

    path = keras_file(tmp_path / "plain.keras", model_weights_h5=hdf5(plain))
    check_keras_file(path)
    # It is the harm alone that is refused: the same archive with one member more is.
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("assets.npz", b"")
    with pytest.raises(InputError, match=r"'assets\.npz' beside the description"):
        check_keras_file(path)


def function(name: str, module: str = "builtins") -> dict[str, Any]:
    return {
        "module": module,
        "class_name": "function",
        "config": name,
        "registered_name": name,
    }


@pytest.mark.parametrize(
    ("activation", "message"),
    [
        (function("eval"), "the function 'eval' of 'builtins'"),
        (function("system", "os"), "'os.function', which is not part of Keras"),
        (function("get_file", "keras.utils"), "the function 'get_file' of 'keras.utils'"),
        (function("func_load", "keras.src.utils.python_utils"), "the function 'func_load'"),
        ({"class_name": "__lambda__", "config": {"value": "4wE="}}, "a '__lambda__'"),
        (
            {"module": "keras.utils", "class_name": "get_file", "config": {"origin": "x"}},
            "'keras.utils.get_file', which is no layer",
        ),
        (
            {"module": "subprocess", "class_name": "Popen", "config": {"args": "x"}},
            "'subprocess.Popen', which is not part of Keras",
        ),
        (
            {"module": "keras.layers", "class_name": "TFSMLayer", "config": {"filepath": "x"}},
            "a 'TFSMLayer'",
        ),
        (
            {"module": None, "class_name": "own", "registered_name": "keras>Lambda", "config": {}},
            "a 'Lambda'",
        ),
    ],
)
def test_a_description_that_names_code(
    activation: dict[str, Any], message: str, tmp_path: Path
) -> None:
    """Hidden where an activation belongs; plain activations stand there in the control."""
    layer = json.loads(json.dumps(CONVOLUTION))
    layer["config"]["activation"] = activation
    path = keras_file(tmp_path / "bad.keras", config=described(layer))
    with pytest.raises(InputError, match=message):
        load_restorer(str(path))
    layer["config"]["activation"] = function("softplus")
    check_keras_file(keras_file(tmp_path / "good.keras", config=described(layer)))


def test_marshalled_code_does_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A Lambda layer as Keras stores it: base64 of marshalled code that would touch a file."""
    ran = tmp_path / "ran"
    code = compile(f"lambda x: open({str(ran)!r}, 'w')", "<layer>", "eval")
    layer = {
        "module": "keras.layers",
        "class_name": "Lambda",
        "config": {
            "name": "lambda",
            "function": {
                "class_name": "__lambda__",
                "config": {"code": base64.b64encode(marshal.dumps(code)).decode()},
            },
        },
        "registered_name": None,
    }
    monkeypatch.setattr(marshal, "loads", lambda *_: pytest.fail("the code was unmarshalled"))
    path = keras_file(tmp_path / "bad.keras", config=described(layer))
    with pytest.raises(InputError, match="it holds a 'Lambda'"):
        load_restorer(str(path))
    assert not ran.exists()


def test_pickled_weights_are_not_read(tmp_path: Path) -> None:
    """Keras also reads model.weights.npz, and numpy pickles objects in it."""
    ran = tmp_path / "ran"
    buffer = io.BytesIO()
    np.savez(buffer, weights=np.array([Payload(ran)], dtype=object), allow_pickle=True)
    path = keras_file(tmp_path / "bad.keras", model_weights_npz=buffer.getvalue())
    with pytest.raises(InputError, match=r"holds 'model\.weights\.npz' beside the description"):
        load_restorer(str(path))
    assert not ran.exists()
    # Negative control: read as it is, it runs.
    buffer.seek(0)
    assert np.load(buffer, allow_pickle=True)["weights"] is not None
    assert ran.exists()


@pytest.mark.parametrize("name", ["net.pkl", "net.pt", "net.ckpt", "net.h5"])
def test_pickles_are_not_opened(name: str, tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    (tmp_path / name).write_bytes(pickle.dumps(Payload(ran)))
    with pytest.raises(InputError, match="is not read"):
        load_restorer(str(tmp_path / name))
    assert not ran.exists()


def soft(file: h5py.File) -> None:
    file["layers"] = h5py.SoftLink("/elsewhere")


def external_link(file: h5py.File) -> None:
    file["layers/conv"] = h5py.ExternalLink("secret.h5", "/weights")


def external_data(file: h5py.File) -> None:
    file.create_dataset("layers/0", (3,), np.float32, external=[("secret.bin", 0, 12)])


def virtual(file: h5py.File) -> None:
    layout = h5py.VirtualLayout((3,), np.float32)
    layout[:] = h5py.VirtualSource("secret.h5", "weights", (3,))
    file.create_virtual_dataset("layers/0", layout)


def loop(file: h5py.File) -> None:
    file.create_group("layers")
    file["layers/again"] = file["layers"]


@pytest.mark.parametrize(
    ("write", "message"),
    [
        (soft, "weights that are a link, 'layers'"),
        (external_link, "weights that are a link, 'conv'"),
        (external_data, "weights that are kept in another file, '0'"),
        (virtual, "weights that are kept in another file, '0'"),
        (loop, "is not a Keras 3 model file"),
    ],
)
def test_weights_that_point_elsewhere(
    write: Callable[[h5py.File], None], message: str, tmp_path: Path
) -> None:
    """Another file of the user's could be read as weights, and be told by what comes out."""
    path = keras_file(tmp_path / "bad.keras", model_weights_h5=hdf5(write))
    with pytest.raises(InputError, match=message):
        load_restorer(str(path))


def test_archive_members(tmp_path: Path) -> None:
    """Assets, a path out of the archive, and a bomb of zeros."""
    asset = keras_file(tmp_path / "asset.keras", **{"assets/vocabulary_txt": b"x"})
    out = keras_file(tmp_path / "out.keras", **{"../out_txt": b"x"})
    for path, name in ((asset, r"assets/vocabulary\.txt"), (out, r"\.\./out\.txt")):
        with pytest.raises(InputError, match=f"it holds '{name}' beside"):
            load_restorer(str(path))
    bomb = keras_file(tmp_path / "bomb.keras", model_weights_h5=bytes(2**26 + 2**22))
    with pytest.raises(InputError, match="bytes that unpack to 71"):
        load_restorer(str(bomb))


def split_onnx(path: Path, location: str, *, where: str) -> Path:
    """A convolution whose kernel lies in another file, as an initializer or a constant node."""
    kernel = numpy_helper.from_array(np.ones((1, 1, 3, 3), np.float32), "kernel")
    kernel.ClearField("raw_data")
    kernel.data_location = TensorProto.EXTERNAL
    entry = kernel.external_data.add()
    entry.key, entry.value = "location", location
    nodes = [helper.make_node("Conv", ["x", "kernel"], ["y"], pads=[1, 1, 1, 1])]
    if where == "constant":
        nodes.insert(0, helper.make_node("Constant", [], ["kernel"], value=kernel))
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", 1, ["n", 1, "h", "w"])],
        [helper.make_tensor_value_info("y", 1, [None] * 4)],
        [kernel] if where == "initializer" else [],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    path.write_bytes(model.SerializeToString())
    return path


@pytest.mark.parametrize("where", ["initializer", "constant"])
@pytest.mark.parametrize("location", ["secret.bin", "../secret.bin", "/{tmp}/secret.bin"])
def test_onnx_weights_in_another_file(
    where: str, location: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the model's folder, above it, or anywhere; the process stands where it would be found."""
    (tmp_path / "models").mkdir()
    for folder in (tmp_path, tmp_path / "models"):
        np.arange(9, dtype=np.float32).tofile(folder / "secret.bin")
    monkeypatch.chdir(tmp_path / "models")
    location = location.format(tmp=str(tmp_path).strip("/"))
    path = split_onnx(tmp_path / "models" / "split.onnx", location, where=where)
    read: list[str] = []
    real = builtins.open
    monkeypatch.setattr(
        builtins, "open", lambda file, *a, **k: (read.append(str(file)), real(file, *a, **k))[1]
    )
    with pytest.raises(InputError, match=r"keeps weights in another file \(.*secret\.bin\)"):
        load_restorer(str(path))
    assert not any("secret" in name for name in read)


def test_onnx_runtime_itself_would_read_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Negative control: given the bytes alone, it takes the file from the current folder."""
    import onnxruntime

    if tuple(map(int, onnxruntime.__version__.split(".")[:2])) < (1, 23):
        pytest.skip("ONNX Runtime before 1.23 refuses such a file by itself")
    np.arange(9, dtype=np.float32).tofile(tmp_path / "secret.bin")
    monkeypatch.chdir(tmp_path)
    path = split_onnx(tmp_path / "split.onnx", "secret.bin", where="initializer")
    session = onnxruntime.InferenceSession(path.read_bytes(), providers=["CPUExecutionProvider"])
    ones = np.ones((1, 1, 3, 3), np.float32)
    assert session.run(None, {"x": ones})[0][0, 0, 1, 1] == 36


def test_a_module_is_imported_only_when_it_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file beside the current folder's modules names one; only the user's own word loads it."""
    (tmp_path / "mynet_to_be_named.py").write_text(
        "def f(images, *, sampling):\n    return images\n"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    layer = {**CONVOLUTION, "module": "mynet_to_be_named", "class_name": "f"}
    path = keras_file(tmp_path / "bad.keras", config=described(layer))
    with pytest.raises(InputError, match=r"'mynet_to_be_named\.f', which is not part of Keras"):
        load_restorer(str(path))
    with pytest.raises(InputError, match="unknown restorer 'mynet_to_be_named'"):
        load_restorer("mynet_to_be_named")
    assert "mynet_to_be_named" not in sys.modules
    load_restorer("mynet_to_be_named:f")
    assert "mynet_to_be_named" not in sys.modules  # in a process of its own alone


def test_onnx_that_is_nothing(tmp_path: Path) -> None:
    (tmp_path / "empty.onnx").write_bytes(b"")
    with pytest.raises(InputError, match=r"cannot be loaded by ONNX"):
        load_restorer(str(tmp_path / "empty.onnx"))
    assert onnx.__version__
