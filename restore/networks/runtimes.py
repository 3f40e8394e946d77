"""Running one network on one image: a Keras model's or an ONNX model's forward pass.

Both take and return float32 arrays of one image. TensorFlow, Keras and ONNX Runtime are imported
only when a network is loaded.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from restore.networks.threads import thread_limit
from stembench.errors import InputError

Forward = Callable[[NDArray[np.float32]], NDArray[np.floating]]
"""A network applied to one image, in the network's own axis order with one sample."""


def quiet_tensorflow() -> None:
    """Keep TensorFlow's start-up chatter off the terminal, unless the user asked for a level.

    Must precede the first import of TensorFlow or Keras in the process. Without an NVIDIA driver
    TensorFlow calls the missing GPU an error, which it is not. With one, processes share it.
    """
    driver = Path("/dev/nvidiactl").exists()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2" if driver else "3")
    os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")


def keras_engine() -> str:
    """Return Keras's and its backend's names and versions."""
    import keras

    backend = keras.backend.backend()
    module = __import__(backend)
    return f"keras {keras.__version__} on {backend} {module.__version__}"


def keras_forward(model: Any, /, height: int | None = None, width: int | None = None) -> Forward:
    """Return a compiled forward pass of a Keras model on (1, h, w, 1) float32.

    Parameters
    ----------
    model : keras.Model
        One input and one output.
    height, width : int or None
        The image size that the model is fixed to, None for a model of any size.
    """
    import keras

    if keras.backend.backend() != "tensorflow":

        def predict(images: NDArray[np.float32]) -> NDArray[np.floating]:
            return np.asarray(model.predict_on_batch(images))

        return predict

    import tensorflow as tf

    # One graph for every image size. Left to itself TensorFlow makes the first graph for one size
    # and a second one for all others, and the two differ in their last digits: a result would
    # depend on what was restored before it.
    signature = [tf.TensorSpec((1, height, width, 1), tf.float32)]
    graph = tf.function(
        lambda images: model(images, training=False), input_signature=signature, autograph=False
    ).get_concrete_function()

    def forward(images: NDArray[np.float32]) -> NDArray[np.floating]:
        return np.asarray(graph(tf.constant(images)))

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
        raise InputError(
            "ONNX Runtime is not installed; install the extra 'onnx' (pip install '.[onnx]')"
        ) from error
    return onnxruntime


def onnx_session(model: bytes, /) -> Any:
    """Return an ONNX Runtime session on the CPU that keeps to the process's thread limit.

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
