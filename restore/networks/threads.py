"""Limits on the threads of one process: environment variables, BLAS and OpenMP, TensorFlow, numba.

A sum that is split over more threads is added in another order, so that the last digits of a result
depend on their number. A benchmark whose records must be equal bit for bit for any number of worker
processes gives each of them one thread.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from stembench.errors import InputError

_OPENMP: Final = "OMP_NUM_THREADS"
_NUMBA: Final = "NUMBA_NUM_THREADS"
_TENSORFLOW: Final = "TF_NUM_INTRAOP_THREADS"
#: What each library reads when it starts its own threads. TensorFlow's INTEROP variable counts the
#: operations that run at once and is always 1.
_WITHIN_OPERATIONS: Final = (
    _OPENMP,
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    _NUMBA,
    _TENSORFLOW,
)
_BETWEEN_OPERATIONS: Final = "TF_NUM_INTEROP_THREADS"


def limit_threads(n: int, /) -> None:
    """Let this process and its children compute with at most `n` threads.

    Libraries that are not loaded yet read the limit when they are; BLAS and OpenMP libraries that
    are loaded are resized. TensorFlow and numba are not imported by the call.

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
    from threadpoolctl import threadpool_limits

    limits = _variables(n)
    # A process that was started within the limit has nothing left to tell TensorFlow.
    limited_already = os.environ.get(_TENSORFLOW) == limits[_TENSORFLOW]
    numba: Any = sys.modules.get("numba")
    if numba is not None and _has_threads(numba):
        # numba refuses to compile once this variable differs from the pool that it has started.
        del limits[_NUMBA]
        numba.set_num_threads(min(n, numba.config.NUMBA_NUM_THREADS))
    os.environ.update(limits)
    threadpool_limits(n)
    if "tensorflow" in sys.modules and not limited_already:
        import tensorflow as tf

        tf.config.threading.set_intra_op_parallelism_threads(n)
        tf.config.threading.set_inter_op_parallelism_threads(1)


@contextmanager
def child_thread_limit(n: int, /) -> Iterator[None]:
    """Have processes that are started within the context compute with at most `n` threads each.

    A library may start its threads while the child's main module is imported, before
    `limit_threads` can be called there. This process itself keeps its threads.

    Parameters
    ----------
    n : int
        As of `limit_threads`.
    """
    limits = _variables(n)
    before = {name: os.environ.get(name) for name in limits}
    os.environ.update(limits)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def thread_limit() -> int | None:
    """Return the limit of this process, None for none.

    It was set by `limit_threads` here or in a parent process, or by the user in OMP_NUM_THREADS.
    ONNX Runtime does not read that variable itself.
    """
    text = os.environ.get(_OPENMP, "")
    return int(text) if text.isdecimal() and int(text) > 0 else None


def _variables(n: int) -> dict[str, str]:
    if n < 1:
        raise InputError(f"the number of threads must be at least 1, not {n}")
    return {**dict.fromkeys(_WITHIN_OPERATIONS, str(n)), _BETWEEN_OPERATIONS: "1"}


def _has_threads(numba: Any) -> bool:
    """Return whether numba has started its own threads, which only parallel kernels make it do."""
    try:
        numba.threading_layer()
    except ValueError:
        return False
    return True
