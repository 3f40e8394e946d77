"""How many threads one process may use for a network's arithmetic.

A matrix product split over more threads is summed in another order, so that under TensorFlow the
last digits of a result depend on the count. A benchmark whose records must be equal bit for bit
for any number of worker processes gives each of them one thread.
"""

import os
import sys

from stembench.errors import InputError

_COMMON = "OMP_NUM_THREADS"
# What TensorFlow, OpenMP, OpenBLAS and MKL read, each when it starts its own thread pool.
_INTRA_OP = ("TF_NUM_INTRAOP_THREADS", _COMMON, "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
_INTER_OP = "TF_NUM_INTEROP_THREADS"


def limit_threads(n: int, /) -> None:
    """Let this process and its children use at most `n` threads for a network's arithmetic.

    Call it before the first restorer is loaded: thread pools are made once and never resized.
    TensorFlow is not imported by the call.

    Parameters
    ----------
    n : int
        Threads within one operation, >= 1; operations run one after another.

    Raises
    ------
    stembench.errors.InputError
        When `n` is not a positive number.
    RuntimeError
        When TensorFlow has started with another number of threads already.
    """
    if n < 1:
        raise InputError(f"the number of threads must be at least 1, not {n}")
    os.environ[_INTER_OP] = "1"
    for name in _INTRA_OP:
        os.environ[name] = str(n)
    if "tensorflow" in sys.modules:
        import tensorflow as tf

        tf.config.threading.set_intra_op_parallelism_threads(n)
        tf.config.threading.set_inter_op_parallelism_threads(1)


def thread_limit() -> int | None:
    """Return the limit of this process, None for none.

    It is what `limit_threads` set here or in a parent process, or the user in OMP_NUM_THREADS.
    ONNX Runtime does not read that variable itself.
    """
    text = os.environ.get(_COMMON, "")
    return int(text) if text.isdecimal() and int(text) > 0 else None
