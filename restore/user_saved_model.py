"""A user's own TensorFlow SavedModel as a restorer.

A SavedModel is a TensorFlow program; a few of its operations can read or write any file, so that a
model which holds one of those is refused before it is loaded.
"""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from noise.errors import InputError
from restore.runtimes import quiet_tensorflow
from restore.user_network import UserNetwork, user_metadata

SIGNATURE = "serving_default"
_UNSAFE = frozenset(
    {
        "ReadFile", "WriteFile", "MatchingFiles", "WholeFileReaderV2", "TextLineReaderV2",
        "FixedLengthRecordReaderV2", "TFRecordReaderV2", "TextLineDataset", "TFRecordDataset",
        "PyFunc", "PyFuncStateless", "EagerPyFunc", "DebugIdentityV2", "Save", "SaveSlices",
    }
)  # fmt: skip


def _operations(folder: Path) -> Iterator[str]:
    """Yield the name of every operation in the saved graphs."""
    from tensorflow.core.protobuf import saved_model_pb2

    saved = saved_model_pb2.SavedModel()
    saved.ParseFromString((folder / "saved_model.pb").read_bytes())
    for graph in saved.meta_graphs:
        yield from (node.op for node in graph.graph_def.node)
        for function in graph.graph_def.library.function:
            yield from (node.op for node in function.node_def)


def _digest(folder: Path) -> str:
    """Return a hash over the names and contents of the model's files."""
    digest = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        digest.update(path.relative_to(folder).as_posix().encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def load_saved_model(folder: Path, /) -> UserNetwork:
    """Load a SavedModel by its signature `serving_default`, (n, h, w, 1) in and out, float32.

    Parameters
    ----------
    folder : pathlib.Path
        The folder that holds ``saved_model.pb``.

    Raises
    ------
    noise.errors.InputError
        When the folder holds no SavedModel, one with operations on files, no such signature, or
        one that takes something else than one-channel images.
    """
    if not (folder / "saved_model.pb").is_file():
        raise InputError(
            f"the folder {folder} holds no saved_model.pb; name a TensorFlow SavedModel folder, "
            "a .keras file or an .onnx file"
        )
    quiet_tensorflow()
    import tensorflow as tf

    try:
        refused = sorted(_UNSAFE.intersection(_operations(folder)))
        if not refused:
            model = tf.saved_model.load(str(folder))
    except Exception as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise InputError(f"{folder} cannot be loaded by TensorFlow: {reason}") from error
    if refused:
        raise InputError(
            f"{folder} is refused because its graph holds {', '.join(refused)}, which can read "
            "or write files or run code"
        )
    if SIGNATURE not in model.signatures:
        raise InputError(
            f"{folder} has no signature '{SIGNATURE}'; save it with tf.saved_model.save(..., "
            "signatures=...) or keras model.export(...)"
        )
    function = model.signatures[SIGNATURE]
    name, spec = _only_input(function, folder)

    def forward(image: Any, /, _keep: Any = model) -> Any:
        # The variables live as long as the loaded model, which is therefore kept.
        (output,) = function(**{name: tf.constant(image[None, :, :, None])}).values()
        return np.asarray(output)

    metadata = user_metadata(
        folder.resolve().name,
        engine=f"tensorflow {tf.__version__}",
        weights_sha256=_digest(folder),
    )
    return UserNetwork(metadata, forward, "nhwc", spec[1], spec[2])


def _only_input(function: Any, folder: Path) -> tuple[str, list[int | None]]:
    """Return the name and declared shape of the signature's only input."""
    inputs = function.structured_input_signature[1]
    outputs = function.structured_outputs
    if len(inputs) != 1 or len(outputs) != 1:
        raise InputError(
            f"the signature of {folder} has {len(inputs)} inputs and {len(outputs)} outputs; a "
            "restorer has one of each"
        )
    ((name, spec),) = inputs.items()
    shape = spec.shape.as_list() if spec.shape.rank is not None else [None] * 4
    if len(shape) != 4 or shape[3] not in (1, None) or spec.dtype.name != "float32":
        raise InputError(
            f"{folder} takes {spec.dtype.name} of shape {tuple(shape)}; a restorer takes float32 "
            "images of shape (n, h, w, 1)"
        )
    return name, shape
