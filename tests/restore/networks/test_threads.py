"""Thread limits: what libraries read, what those loaded already do, and what children inherit."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from restore.networks.threads import child_thread_limit, limit_threads, thread_limit
from stembench.errors import InputError

VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMBA_NUM_THREADS",
    "TF_NUM_INTRAOP_THREADS",
)


def in_new_process(code: str, **variables: str) -> str:
    """Standard output of a fresh interpreter in the repository, without limits of this one."""
    environment = {name: value for name, value in os.environ.items() if name not in VARIABLES}
    return subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        check=True,
        cwd=Path(__file__).parents[3],
        env={**environment, "TF_CPP_MIN_LOG_LEVEL": "2", **variables},
        text=True,
    ).stdout


def test_limiting_imports_nothing_heavy() -> None:
    code = """
import sys
from restore import limit_threads
limit_threads(1)
print([m for m in ("tensorflow", "keras", "onnxruntime", "numba", "scipy") if m in sys.modules])
"""
    assert in_new_process(code) == "[]\n"


@pytest.mark.skipif(os.cpu_count() == 1, reason="OpenBLAS starts no more threads than cores")
def test_limit_reaches_libraries_that_are_loaded_already() -> None:
    """Two threads of OpenBLAS and two of numba, which the question for them starts, become one."""
    code = """
import numba, numpy
from threadpoolctl import threadpool_info
from restore import limit_threads

def blas():
    return {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"}

print(blas(), numba.get_num_threads())
limit_threads(1)
print(blas(), numba.get_num_threads())
numba.njit(lambda x: x + 1)(1)  # numba can still compile
"""
    printed = in_new_process(code, OPENBLAS_NUM_THREADS="2", NUMBA_NUM_THREADS="2")
    assert printed == "{2} 2\n{1} 1\n"


def test_limit_reaches_tensorflow_and_comes_too_late_after_its_start() -> None:
    code = """
from restore import limit_threads
import tensorflow as tf
limit_threads(1)
tf.constant(1.0) + 1
print(tf.config.threading.get_intra_op_parallelism_threads())
limit_threads(1)
try:
    limit_threads(2)
except RuntimeError as error:
    print("too late")
"""
    assert in_new_process(code) == "1\ntoo late\n"


def test_a_child_whose_main_module_started_tensorflow_is_within_its_limit() -> None:
    """A worker of a script that builds a network outside its main guard goes on."""
    code = """
from restore import limit_threads
import tensorflow as tf
tf.constant(1.0) + 1
limit_threads(1)
print("no error")
"""
    with child_thread_limit(1):
        variables = {name: os.environ[name] for name in VARIABLES}
    assert in_new_process(code, **variables) == "no error\n"


def test_children_are_limited_and_this_process_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    monkeypatch.delenv("NUMBA_NUM_THREADS", raising=False)
    with child_thread_limit(2):
        assert {os.environ[name] for name in VARIABLES} == {"2"}
        assert os.environ["TF_NUM_INTEROP_THREADS"] == "1"
    assert os.environ["OMP_NUM_THREADS"] == "3"
    assert "NUMBA_NUM_THREADS" not in os.environ


@pytest.mark.parametrize("n", [0, -1])
def test_impossible_limit(n: int) -> None:
    with pytest.raises(InputError, match="number of threads must be at least 1"):
        limit_threads(n)
    with pytest.raises(InputError, match="at least 1"), child_thread_limit(n):
        pass


@pytest.mark.parametrize(("text", "limit"), [("3", 3), ("", None), ("0", None), ("2,1", None)])
def test_limit_by_environment(
    text: str, limit: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", text)
    assert thread_limit() == limit
