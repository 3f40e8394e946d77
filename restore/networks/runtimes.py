"""Forward pass of a Keras model or an ONNX model on one image, and the engines' versions.

Both take and return float32 arrays of one image. TensorFlow, Keras and ONNX Runtime are imported
only when a network is loaded; their versions are read from the installed packages.
"""

import importlib.metadata
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from restore.networks.threads import thread_limit
from stembench.errors import InputError
from stembench.surroundings.extras import is_installed, require_extra

Forward = Callable[[NDArray[np.float32]], NDArray[np.floating]]
"""A network applied to one image, in the network's own axis order with one sample."""

_ONNX_REMEDY = "stembench needs it: install it with 'pip install onnx onnxruntime'"


def quiet_tensorflow() -> None:
    """Silence TensorFlow's start-up messages, unless the user asked for a level.

    Must precede the first import of TensorFlow or Keras in the process. Without an NVIDIA driver
    TensorFlow reports the missing GPU as an error, which it is not. With one, processes share it.
    """
    driver = Path("/dev/nvidiactl").exists()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2" if driver else "3")
    os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")


def has_keras() -> bool:
    """Return whether Keras is installed, and TensorFlow too unless it is set to another backend."""
    return is_installed("keras") and (keras_backend() != "tensorflow" or is_installed("tensorflow"))


def require_keras(who: str = "") -> str:
    """Check that Keras and its backend are installed, and return that backend; none is imported.

    Parameters
    ----------
    who : str
        What needs it, for the message.

    Raises
    ------
    stembench.errors.InputError
        When Keras or TensorFlow is not installed, or Keras is set to a backend that is not.
    """
    require_extra("keras", who=who)
    backend = keras_backend()
    if backend == "tensorflow":
        require_extra(backend, who=who)
    if not is_installed(backend):
        raise InputError(
            f"Keras is set to the backend '{backend}' by KERAS_BACKEND or its file keras.json, "
            "which is not installed; install it or set KERAS_BACKEND=tensorflow"
        )
    return backend


def keras_engine(who: str = "") -> str:
    """Return the names and versions of Keras and its backend; TensorFlow is not imported for it.

    Parameters
    ----------
    who : str
        What needs it, for messages.

    Raises
    ------
    stembench.errors.InputError
        As `require_keras`.
    """
    backend = require_keras(who)
    return f"keras {_version('keras')} on {backend} {_version(backend)}"


def tensorflow_engine(who: str = "") -> str:
    """Return TensorFlow's name and version; it is not imported.

    Parameters
    ----------
    who : str
        What needs it, for the message.

    Raises
    ------
    stembench.errors.InputError
        When it is not installed.
    """
    require_extra("tensorflow", who=who)
    return f"tensorflow {_version('tensorflow')}"


def keras_backend() -> str:
    """Return the backend that Keras uses or will use once it is imported.

    Keras decides when it is imported, by KERAS_BACKEND or else by its file ``keras.json``.
    """
    if "keras" in sys.modules:
        import keras

        return str(keras.backend.backend())
    chosen = os.environ.get("KERAS_BACKEND", "")
    if chosen:
        return chosen
    home = Path.home()
    base = home if os.access(home, os.W_OK) else Path("/tmp")  # noqa: S108 (where Keras looks)
    folder = Path(os.environ.get("KERAS_HOME", base / ".keras")).expanduser()
    try:
        settings = json.loads((folder / "keras.json").read_text())
    except (OSError, ValueError):
        settings = {}
    return str(settings.get("backend", "tensorflow"))


def _version(package: str) -> str:
    """Return a package's version without importing it where it is installed under its own name."""
    # Other backends state their version differently in the package and in its metadata.
    if package in ("keras", "tensorflow", "onnxruntime"):
        try:
            return importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            pass  # a nightly build or another distribution of the same module
    return str(importlib.import_module(package).__version__)


def keras_forward(
    model: Any, shape: tuple[int | None, ...] = (None, None, None, 1), /, *, batch: int = 1
) -> Callable[[NDArray[np.float32]], Any]:
    """Compile the forward pass of a Keras model.

    Parameters
    ----------
    model : keras.Model
        One input and one output.
    shape : tuple
        Of its input, None for any size.
    batch : int
        Images that it is given at a time.

    Returns
    -------
    callable
        Takes images of that shape, float32; returns what the model does, which may be a dict.
    """
    import keras

    if keras.backend.backend() != "tensorflow":
        predict: Callable[[NDArray[np.float32]], Any] = model.predict_on_batch
        return predict

    import tensorflow as tf

    # A GPU would multiply float32 convolutions in TF32, and the metadata say float32.
    tf.config.experimental.enable_tensor_float_32_execution(False)
    # One graph for every image size. By default TensorFlow traces one graph for the first size and
    # a second one for all others, and the two differ in their last digits: a result would depend
    # on what was restored before it.
    signature = [tf.TensorSpec((batch, *shape[1:]), tf.float32)]
    graph = tf.function(
        lambda images: model(images, training=False), input_signature=signature, autograph=False
    ).get_concrete_function()

    def forward(images: NDArray[np.float32]) -> Any:
        return graph(tf.constant(images))

    return forward


def onnx_runtime() -> Any:
    """Return the module onnxruntime.

    Raises
    ------
    stembench.errors.InputError
        When it is not installed.
    """
    try:
        import onnxruntime
    except ImportError as error:
        raise InputError(f"ONNX Runtime is not installed; {_ONNX_REMEDY}") from error
    return onnxruntime


def onnx_engine() -> str:
    """Return ONNX Runtime's name and version; it is not imported.

    Raises
    ------
    stembench.errors.InputError
        When ONNX Runtime or the package onnx, which describes its models, is not installed.
    """
    for module, name in (("onnxruntime", "ONNX Runtime"), ("onnx", "the package onnx")):
        if not is_installed(module):
            raise InputError(f"{name} is not installed; {_ONNX_REMEDY}")
    return f"onnxruntime {_version('onnxruntime')}"


def onnx_session(model: bytes, /) -> Any:
    """Open an ONNX model in ONNX Runtime on the CPU, within the process's thread limit.

    Parameters
    ----------
    model : bytes
        A serialised ONNX model with its weights inside.

    Raises
    ------
    stembench.errors.InputError
        When ONNX Runtime is not installed.
    """
    runtime = onnx_runtime()
    options = runtime.SessionOptions()
    options.intra_op_num_threads = thread_limit() or 0  # 0: all cores
    options.inter_op_num_threads = 1
    options.log_severity_level = 4  # its errors reach the caller as exceptions
    return runtime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
