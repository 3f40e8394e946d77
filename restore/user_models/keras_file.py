"""A user's Keras model as a restorer, from an untrusted ``.keras`` file.

Such a file can name Python code to run. It is opened in Keras's safe mode, and before that its
description is searched for anything that is not a plain Keras layer, since safe mode has been
bypassed before (CVE-2025-1550, CVE-2025-8747).
"""

import builtins
import hashlib
import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from restore.networks.runtimes import keras_engine, keras_forward, quiet_tensorflow
from restore.restorer import ImageRestorer, RestorerMetadata
from restore.user_models.network_settings import DEFAULT, Layout, NetworkSettings
from restore.user_models.user_network import one_output, user_metadata, user_network
from stembench.errors import InputError

# Layers that carry Python code or fetch other files.
_FOREIGN = frozenset(
    {
        "Lambda",
        "__lambda__",
        "TFSMLayer",
        "TorchModuleWrapper",
        "JaxLayer",
        "FlaxLayer",
        "StringLookup",
        "IntegerLookup",
        "IndexLookup",
        "TextVectorization",
    }
)
_DESCRIPTION = "config.json"
_WEIGHTS = "model.weights.h5"
_MEMBERS = frozenset({_DESCRIPTION, "metadata.json", _WEIGHTS})
"""What a .keras archive of plain layers holds. Assets are files that layers read by themselves."""
_INFLATION = 20  # trained weights hardly compress at all; a deflated bomb reaches 1000
# Where layers, and what is given to them, live. Keras holds more than that: functions that fetch
# or unpack files among them, which a description must not be able to call.
_MODULES = (
    "keras.layers",
    "keras.models",
    "keras.initializers",
    "keras.regularizers",
    "keras.constraints",
    "keras.activations",
    "keras.dtype_policies",
    "keras.quantizers",
    "keras.src.layers",
    "keras.src.models",
    "keras.src.ops",
    "keras.src.initializers",
    "keras.src.regularizers",
    "keras.src.constraints",
    "keras.src.activations",
    "keras.src.dtype_policies",
    "keras.src.quantizers",
    "keras.src.backend.common.keras_tensor",
)


def _nested(value: Any) -> Iterator[dict[str, Any]]:
    """Yield every dictionary within a JSON value."""
    if isinstance(value, dict):
        yield value
        for part in value.values():
            yield from _nested(part)
    elif isinstance(value, list):
        for part in value:
            yield from _nested(part)


def _refusal(description: Any) -> str | None:
    """Name the first part of a model's description that is not a plain Keras layer, else None."""
    for part in _nested(description):
        kind, module = part.get("class_name"), part.get("module")
        if kind is None:
            continue
        # A registered name goes before the class's own, as 'package>class'.
        names = {str(part.get(key)).rpartition(">")[2] for key in ("class_name", "registered_name")}
        foreign = sorted(names & _FOREIGN)
        if foreign:
            return f"a '{foreign[0]}', which runs code or reads files of its own"
        plain = module is None or module in ("keras", "builtins")
        if not plain and not str(module).startswith("keras."):
            return f"'{module}.{kind}', which is not part of Keras"
        if kind == "function":
            # Keras writes its own activations and initialisers as functions of 'builtins'; a
            # function of any other module, or a true builtin such as eval, is another matter.
            name = str(part.get("config"))
            if module not in (None, "builtins") or hasattr(builtins, name):
                return f"the function '{name}' of '{module}'"
            continue
        if not plain and not any(
            module == known or str(module).startswith(f"{known}.") for known in _MODULES
        ):
            return f"'{module}.{kind}', which is no layer"
    return None


def _member_refusal(archive: zipfile.ZipFile) -> str | None:
    """Name the first part of an archive beyond a description and its weights, else None."""
    names = [name for name in archive.namelist() if not name.endswith("/")]
    inflated = sum(member.file_size for member in archive.infolist())
    stored = sum(member.compress_size for member in archive.infolist())
    if inflated > _INFLATION * stored + 2**26:
        return f"{stored} bytes that unpack to {inflated}"
    unknown = sorted(set(names) - _MEMBERS)
    if unknown:
        return f"'{unknown[0]}' beside the description and model.weights.h5"
    if len(names) != len(set(names)):
        return "two members of one name"
    if _WEIGHTS not in names:
        return None
    import h5py

    with h5py.File(io.BytesIO(archive.read(_WEIGHTS)), "r") as weights:
        return _weights_refusal(weights)


def _weights_refusal(group: Any) -> str | None:
    """Name the first part of a weights file that points elsewhere, else None."""
    import h5py

    for name in group:
        link = group.get(name, getlink=True)
        if not isinstance(link, h5py.HardLink):
            return f"weights that are a link, '{name}'"
        member = group[name]
        if isinstance(member, h5py.Group):
            refused = _weights_refusal(member)
            if refused:
                return refused
        elif not isinstance(member, h5py.Dataset) or member.external or member.is_virtual:
            return f"weights that are kept in another file, '{name}'"
        elif member.dtype.hasobject:
            return f"weights that are not numbers, '{name}'"
    return None


def check_keras_file(path: Path, /) -> None:
    """Refuse a ``.keras`` file that is damaged, names code or reads files, without using Keras.

    Parameters
    ----------
    path : pathlib.Path

    Raises
    ------
    stembench.errors.InputError
        When the file is no Keras 3 archive or holds more than plain Keras layers.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            refused = _member_refusal(archive)
            description = {} if refused else dict(json.loads(archive.read(_DESCRIPTION)))
    except (OSError, KeyError, TypeError, ValueError, zipfile.BadZipFile, RuntimeError) as error:
        raise InputError(
            f"{path} is not a Keras 3 model file; save the model with model.save('name.keras')"
        ) from error
    # Loss and metrics are not loaded (compile=False), so that custom ones do no harm there.
    description.pop("compile_config", None)
    refused = refused or _refusal(description)
    if refused:
        raise InputError(
            f"{path} is refused because it holds {refused}; a model file must not bring its own "
            "code or files, so wrap the model in a function and name that as module:callable"
        )


def read_keras_metadata(path: Path, settings: NetworkSettings = DEFAULT, /) -> RestorerMetadata:
    """Return the metadata of a ``.keras`` model after `check_keras_file`, without using Keras."""
    check_keras_file(path)
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return user_metadata(
        path.name, engine=keras_engine(str(path)), weights_sha256=digest, settings=settings
    )


def load_keras_file(path: Path, settings: NetworkSettings = DEFAULT, /) -> ImageRestorer:
    """Load a ``.keras`` model of one input and one output, (n, h, w, 1) or (n, 1, h, w) each.

    Parameters
    ----------
    path : pathlib.Path
        A fixed n is filled with copies of the image.
    settings : NetworkSettings
        What the user declares.

    Raises
    ------
    stembench.errors.InputError
        When Keras is not installed, the file is damaged, unsafe, or its model takes something else
        than one-channel images.
    """
    metadata = read_keras_metadata(path, settings)
    quiet_tensorflow()
    import keras

    try:
        model = keras.saving.load_model(path, compile=False, safe_mode=True)
    except Exception as error:
        # Keras raises many kinds here; the first line says which layer it could not make.
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise InputError(f"{path} cannot be loaded by Keras: {reason}") from error
    batch, layout, size = _input(model, path, settings.layout)
    network = keras_forward(model, tuple(model.inputs[0].shape), batch=batch)
    axes = (0, 3) if layout == "nhwc" else (0, 1)

    def forward(image: Any) -> Any:
        several = np.repeat(np.expand_dims(image, axes), batch, axis=0)
        return one_output(network(several))[:1]

    return user_network(metadata, forward, layout, size=size, settings=settings)


def _input(
    model: Any, path: Path, wanted: str
) -> tuple[int, Layout, tuple[int | None, int | None]]:
    """Return number of images, layout, and height and width that a model is fixed to."""
    if len(model.inputs) != 1 or len(model.outputs) != 1:
        raise InputError(
            f"{path} has {len(model.inputs)} inputs and {len(model.outputs)} outputs; a restorer "
            "has one of each"
        )
    shape = tuple(model.inputs[0].shape)
    last = len(shape) == 4 and shape[3] in (1, None)
    first = len(shape) == 4 and shape[1] in (1, None)
    if wanted == "nchw" or (wanted == "auto" and first and not last):
        layout: Layout = "nchw"
    else:
        layout = "nhwc"
    if not (first if layout == "nchw" else last):
        raise InputError(
            f"{path} takes an input of shape {shape}; a restorer takes (n, h, w, 1), or with "
            "layout=nchw (n, 1, h, w), float32"
        )
    size = (shape[1], shape[2]) if layout == "nhwc" else (shape[2], shape[3])
    return shape[0] or 1, layout, size
