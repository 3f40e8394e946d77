"""A user's ONNX model as a restorer, run by ONNX Runtime on the CPU."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from restore.networks.runtimes import onnx_engine, onnx_session
from restore.restorer import ImageRestorer, RestorerMetadata
from restore.user_models.network_settings import DEFAULT, Layout, NetworkSettings
from restore.user_models.user_network import user_metadata, user_network
from stembench.errors import InputError


def _only(nodes: list[Any], what: str, path: Path) -> Any:
    if len(nodes) != 1:
        raise InputError(f"{path} has {len(nodes)} {what}s; a restorer has one")
    return nodes[0]


def _size(dimension: Any) -> int | None:
    """Return a declared size; None for a name or nothing, which both mean any."""
    return dimension if isinstance(dimension, int) and dimension > 0 else None


def _layout(shape: list[Any], path: Path, wanted: str) -> Layout:
    """Find the channel axis of the declared input shape; an ambiguous shape is an error."""
    first, last = _size(shape[1]), _size(shape[3])
    if wanted == "nchw" and first in (1, None):
        return "nchw"
    if wanted == "nhwc" and last in (1, None):
        return "nhwc"
    if first == 1 and last != 1:
        return "nchw"
    if last == 1 and first != 1:
        return "nhwc"
    axes = "both axes 1 and 3 are" if first == 1 else "neither axis 1 nor axis 3 is"
    raise InputError(
        f"{path} declares its input as {shape}, where {axes} of size 1; export it as "
        "(n, 1, h, w) or (n, h, w, 1) with the channel axis fixed to 1 and height and width free, "
        f"or say which it is, as {path}:layout=nchw"
    )


def _tensors(graph: Any) -> Iterator[Any]:
    """Yield every tensor of a graph and of the graphs within its nodes."""
    yield from graph.initializer
    for sparse in graph.sparse_initializer:
        yield from (sparse.values, sparse.indices)
    for node in graph.node:
        yield from _attribute_tensors(node)


def _attribute_tensors(node: Any) -> Iterator[Any]:
    for attribute in node.attribute:
        yield from (attribute.t, *attribute.tensors)
        for sparse in (attribute.sparse_tensor, *attribute.sparse_tensors):
            yield from (sparse.values, sparse.indices)
        for inner in (attribute.g, *attribute.graphs):
            yield from _tensors(inner)


def check_onnx_file(encoded: bytes, path: Path, /) -> None:
    """Refuse an ONNX model that is damaged or keeps tensors in other files.

    Such a tensor names a path, and ONNX Runtime would read it, from wherever the process was
    started: any file's bytes, unseen by the recorded hash.

    Parameters
    ----------
    encoded : bytes
        The file's content.
    path : pathlib.Path
        The file, for messages.

    Raises
    ------
    stembench.errors.InputError
        When the content is no ONNX model, or names another file.
    """
    try:
        import onnx
    except ImportError as error:
        raise InputError(
            "the package onnx is not installed; stembench needs it: 'pip install onnx'"
        ) from error
    try:
        model = onnx.load_model_from_string(encoded)
    except Exception as error:
        # Protobuf's and ONNX's exceptions share no public base class.
        raise InputError(
            f"{path} cannot be loaded by ONNX Runtime, which needs a valid model with its weights "
            "inside the file: it is no ONNX model"
        ) from error
    tensors = list(_tensors(model.graph))
    for function in model.functions:
        for node in function.node:
            tensors.extend(_attribute_tensors(node))
    outside = [
        tensor
        for tensor in tensors
        if tensor.data_location == tensor.EXTERNAL or tensor.external_data
    ]
    if outside:
        locations = [entry.value for entry in outside[0].external_data if entry.key == "location"]
        raise InputError(
            f"{path} is refused because it keeps weights in another file "
            f"({', '.join(locations) or 'unnamed'}); save it with its weights inside: "
            "torch.onnx.export(..., external_data=False), or "
            f"onnx.save_model(onnx.load({path.name!r}), 'whole-{path.name}')"
        )


def _metadata(path: Path, encoded: bytes, settings: NetworkSettings) -> RestorerMetadata:
    return user_metadata(
        path.name,
        engine=onnx_engine(),
        weights_sha256=hashlib.sha256(encoded).hexdigest(),
        settings=settings,
    )


def read_onnx_metadata(path: Path, settings: NetworkSettings = DEFAULT, /) -> RestorerMetadata:
    """Return the metadata of an ONNX model after `check_onnx_file`, without a session for it."""
    encoded = path.read_bytes()
    metadata = _metadata(path, encoded, settings)
    check_onnx_file(encoded, path)
    return metadata


def load_onnx_file(path: Path, settings: NetworkSettings = DEFAULT, /) -> ImageRestorer:
    """Load an ONNX model of one input and one output, (n, 1, h, w) or (n, h, w, 1), float32.

    Parameters
    ----------
    path : pathlib.Path
        The model with its weights inside. A fixed n is filled with copies of the image.
    settings : NetworkSettings
        What the user declares.

    Raises
    ------
    stembench.errors.InputError
        When ONNX Runtime is missing, the file cannot be read, or its input is not one-channel
        float32 images of a recognisable layout.
    """
    encoded = path.read_bytes()
    metadata = _metadata(path, encoded, settings)
    check_onnx_file(encoded, path)
    try:
        session = onnx_session(encoded)
    except Exception as error:
        # ONNX Runtime's exceptions share no public base class.
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise InputError(
            f"{path} cannot be loaded by ONNX Runtime, which needs a valid model with its weights "
            f"inside the file: {reason}"
        ) from error
    source = _only(session.get_inputs(), "input", path)
    _only(session.get_outputs(), "output", path)
    shape = list(source.shape)
    if source.type != "tensor(float)" or len(shape) != 4:
        raise InputError(
            f"{path} takes {source.type} of shape {shape}; a restorer takes float32 images of "
            "shape (n, 1, h, w) or (n, h, w, 1)"
        )
    layout = _layout(shape, path, settings.layout)
    batch = _size(shape[0]) or 1
    height, width = (shape[2], shape[3]) if layout == "nchw" else (shape[1], shape[2])

    def forward(image: Any) -> Any:
        one = image[None, None] if layout == "nchw" else image[None, :, :, None]
        several = np.repeat(one, batch, axis=0)
        return np.asarray(session.run(None, {source.name: several})[0])[:1]

    return user_network(
        metadata, forward, layout, size=(_size(height), _size(width)), settings=settings
    )
