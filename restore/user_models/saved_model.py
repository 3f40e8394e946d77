"""A user's TensorFlow SavedModel as a restorer.

A SavedModel is a TensorFlow program; some of its operations can read or write any file, so that a
model with one that is not known to be harmless is refused before it is loaded.
"""

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from restore.networks.runtimes import quiet_tensorflow, tensorflow_engine
from restore.restorer import ImageRestorer, RestorerMetadata
from restore.user_models.network_settings import DEFAULT, NetworkSettings
from restore.user_models.saved_operations import (
    ALLOWED,
    SAVER,
    names_a_file,
    text_constants,
)
from restore.user_models.user_network import user_metadata, user_network
from stembench.errors import InputError

SIGNATURE = "serving_default"


def _functions_called(nodes: Iterable[Any]) -> Iterator[str]:
    """Yield the names of the functions that nodes call."""
    for node in nodes:
        for attribute in node.attr.values():
            if attribute.HasField("func"):
                yield attribute.func.name
            yield from (function.name for function in attribute.list.func)


def _reachable(graph: Any, tensors: Iterable[str]) -> tuple[set[str], set[str]]:
    """Return the nodes of a saved graph and the functions that some of its tensors need."""
    nodes = {node.name: node for node in graph.graph_def.node}
    functions = {f.signature.name: f.node_def for f in graph.graph_def.library.function}
    needed: set[str] = set()
    waiting = [_node_name(tensor) for tensor in tensors]
    while waiting:
        name = waiting.pop()
        if name in needed or name not in nodes:
            continue
        needed.add(name)
        waiting.extend(_node_name(source) for source in nodes[name].input)
    called: set[str] = set()
    waiting = list(_functions_called(nodes[name] for name in needed))
    while waiting:
        name = waiting.pop()
        if name in called or name not in functions:
            continue
        called.add(name)
        waiting.extend(_functions_called(functions[name]))
    return needed, called


def _node_name(tensor: str) -> str:
    return tensor.lstrip("^").partition(":")[0]


def unsafe_operations(encoded: bytes, /) -> list[str]:
    """Return the operations of a ``saved_model.pb`` that reach outside the model, sorted.

    Parameters
    ----------
    encoded : bytes
        The file's content.

    Notes
    -----
    What is not in `restore.user_models.saved_operations` is refused. Each SavedModel holds
    operations on files that save and restore its variables. They are let pass where TensorFlow's
    own saver leads to them and nothing that a signature runs does. A text constant is refused
    where a signature may reach it, and in a saver where it leads to another folder.
    """
    from tensorflow.core.protobuf import saved_model_pb2

    saved = saved_model_pb2.SavedModel()
    saved.ParseFromString(encoded)
    unsafe: set[str] = set()
    for graph in saved.meta_graphs:
        saver = graph.saver_def
        saving = _reachable(
            graph, [saver.save_tensor_name, saver.restore_op_name, saver.filename_tensor_name]
        )
        # Whatever is in no saver may be run: by a signature, an initialiser, or a function.
        outputs = [
            tensor.name
            for signature in graph.signature_def.values()
            for tensor in signature.outputs.values()
        ]
        running = _reachable(graph, outputs)
        for node in graph.graph_def.node:
            unsafe.update(_refused(node, in_saver=node.name in saving[0] - running[0]))
        for function in graph.graph_def.library.function:
            in_saver = function.signature.name in saving[1] - running[1]
            for node in function.node_def:
                unsafe.update(_refused(node, in_saver=in_saver))
    return sorted(unsafe)


def _refused(node: Any, *, in_saver: bool) -> Iterator[str]:
    """Yield what is wrong with a node of a graph or function."""
    if node.op not in ALLOWED and not (in_saver and node.op in SAVER):
        yield node.op
    if node.op == "StringJoin" and node.attr["separator"].s:
        yield "StringJoin with a separator"  # which might put a path together
    for text in text_constants([node]):
        if names_a_file(text) if in_saver else text:
            yield f"the text {text[:40].decode(errors='replace')!r}"


def _digest(folder: Path) -> str:
    """Return a hash over the names and contents of the model's files."""
    digest = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        digest.update(path.relative_to(folder).as_posix().encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def read_saved_model_metadata(
    folder: Path, settings: NetworkSettings = DEFAULT, /
) -> RestorerMetadata:
    """Return the metadata of a SavedModel, whose graph is not checked: that needs TensorFlow.

    Raises
    ------
    stembench.errors.InputError
        When the folder holds no SavedModel, or TensorFlow is not installed.
    """
    if not (folder / "saved_model.pb").is_file():
        raise InputError(
            f"the folder {folder} holds no saved_model.pb; name a TensorFlow SavedModel folder, "
            "a .keras file or an .onnx file"
        )
    return user_metadata(
        folder.resolve().name,
        engine=tensorflow_engine(str(folder)),
        weights_sha256=_digest(folder),
        settings=settings,
    )


def load_saved_model(folder: Path, settings: NetworkSettings = DEFAULT, /) -> ImageRestorer:
    """Load a SavedModel by its signature `serving_default`, (n, h, w, 1) in and out, float32.

    Parameters
    ----------
    folder : pathlib.Path
        The folder that holds ``saved_model.pb``. A fixed n is filled with copies of the image.
    settings : NetworkSettings
        What the user declares.

    Raises
    ------
    stembench.errors.InputError
        When the folder holds no SavedModel, one with operations on files, no such signature, or
        one that takes something else than one-channel images.
    """
    metadata = read_saved_model_metadata(folder, settings)
    quiet_tensorflow()
    import tensorflow as tf

    try:
        refused = unsafe_operations((folder / "saved_model.pb").read_bytes())
        if not refused:
            model = tf.saved_model.load(str(folder))
    except Exception as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise InputError(f"{folder} cannot be loaded by TensorFlow: {reason}") from error
    if refused:
        raise InputError(
            f"{folder} is refused because its graph holds {', '.join(refused)}, which is no "
            "arithmetic on images and might read or write files or run code"
        )
    if SIGNATURE not in model.signatures:
        raise InputError(
            f"{folder} has no signature '{SIGNATURE}'; save it with tf.saved_model.save(..., "
            "signatures=...) or keras model.export(...)"
        )
    function = model.signatures[SIGNATURE]
    name, spec = _only_input(function, folder)
    batch = spec[0] or 1
    if settings.layout == "nchw":
        raise InputError(f"{folder} takes images (n, h, w, 1); layout=nchw is not for SavedModels")

    def forward(image: Any, /, _keep: Any = model) -> Any:
        # The variables live as long as the loaded model, which is therefore kept.
        several = np.repeat(image[None, :, :, None], batch, axis=0)
        (output,) = function(**{name: tf.constant(several)}).values()
        return np.asarray(output)[:1]

    size = (spec[1], spec[2])
    return user_network(metadata, forward, "nhwc", size=size, settings=settings)


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
