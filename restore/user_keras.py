"""A user's own Keras model as a restorer, from a ``.keras`` file that is not trusted.

Such a file can name Python code to run. It is opened in Keras's safe mode, and before that its
description is searched for anything that is not a plain Keras layer, since safe mode has been
got round before (CVE-2025-1550, CVE-2025-8747).
"""

import hashlib
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from noise.errors import InputError
from restore.runtimes import keras_engine, keras_forward, quiet_tensorflow
from restore.user_network import UserNetwork, user_metadata

# Layers that carry Python code or fetch other files.
_FOREIGN = frozenset(
    {
        "Lambda", "__lambda__", "TFSMLayer", "TorchModuleWrapper", "JaxLayer", "FlaxLayer",
        "StringLookup", "IntegerLookup", "IndexLookup", "TextVectorization",
    }
)  # fmt: skip
_DESCRIPTION = "config.json"


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
    """Return what in a model's description is not a plain Keras layer, None if nothing is."""
    for part in _nested(description):
        kind, module = part.get("class_name"), part.get("module")
        if kind is None:
            continue
        if kind in _FOREIGN:
            return f"a '{kind}', which runs code or reads files of its own"
        if module is None or module == "keras" or str(module).startswith("keras."):
            if kind == "function" and module is not None:
                return f"the function '{part.get('config')}' of '{module}'"
            continue
        if module == "builtins" and kind == "function":
            continue  # how Keras writes its own activations and initialisers
        return f"'{module}.{kind}', which is not part of Keras"
    return None


def check_keras_file(path: Path, /) -> None:
    """Refuse a ``.keras`` file that is damaged or names code, without opening it in Keras.

    Parameters
    ----------
    path : pathlib.Path

    Raises
    ------
    noise.errors.InputError
        When the file is no Keras 3 archive or holds more than plain Keras layers.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            description = dict(json.loads(archive.read(_DESCRIPTION)))
    except (OSError, KeyError, TypeError, ValueError, zipfile.BadZipFile, RecursionError) as error:
        raise InputError(
            f"{path} is not a Keras 3 model file; save the model with model.save('name.keras')"
        ) from error
    # Loss and metrics are not loaded (compile=False), so that a user's own ones do no harm there.
    description.pop("compile_config", None)
    refused = _refusal(description)
    if refused:
        raise InputError(
            f"{path} is refused because it holds {refused}; a model file must not bring its own "
            "code, so wrap the model in a function and name that as module:callable"
        )


def load_keras_file(path: Path, /) -> UserNetwork:
    """Load a ``.keras`` model of one input and one output, (n, h, w, 1) each.

    Parameters
    ----------
    path : pathlib.Path

    Raises
    ------
    noise.errors.InputError
        When the file is damaged, unsafe, or its model takes something else than one-channel
        images.
    """
    check_keras_file(path)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    quiet_tensorflow()
    import keras

    try:
        model = keras.saving.load_model(path, compile=False, safe_mode=True)
    except Exception as error:
        # Keras raises many kinds here; the first line says which layer it could not make.
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise InputError(f"{path} cannot be loaded by Keras: {reason}") from error
    shape = _image_shape(model, path)
    network = keras_forward(model, *shape)

    def forward(image: Any) -> Any:
        return np.asarray(network(image[None, :, :, None]))

    metadata = user_metadata(path.name, engine=keras_engine(), weights_sha256=digest)
    return UserNetwork(metadata, forward, "nhwc", *shape)


def _image_shape(model: Any, path: Path) -> tuple[int | None, int | None]:
    """Return the height and width that a model is fixed to, None for any."""
    if len(model.inputs) != 1 or len(model.outputs) != 1:
        raise InputError(
            f"{path} has {len(model.inputs)} inputs and {len(model.outputs)} outputs; a restorer "
            "has one of each"
        )
    shape = tuple(model.inputs[0].shape)
    if len(shape) != 4 or shape[3] not in (1, None):
        raise InputError(
            f"{path} takes an input of shape {shape}; a restorer takes (n, h, w, 1), float32"
        )
    return shape[1], shape[2]
