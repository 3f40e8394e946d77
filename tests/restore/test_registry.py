"""The listing of restorers and the thread limit: neither loads anything heavy."""

import subprocess
import sys
from pathlib import Path

import pytest

from restore import RESTORERS, limit_threads
from restore.networks.threads import thread_limit
from stembench.errors import InputError


def in_new_process(code: str) -> str:
    """Standard output of a fresh interpreter in the repository."""
    return subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        check=True,
        cwd=Path(__file__).parents[2],
        text=True,
    ).stdout


def test_names_are_unique() -> None:
    names = [name for entry in RESTORERS for name in (entry.name, *entry.aliases)]
    assert len(names) == len(set(names))
    assert {"raw", "identity", "gaussian", "nlm", "cgrdn", "cgrdn-hrstem"} < set(names)
    assert sum("cgrdn" in entry.name for entry in RESTORERS) == 6


def test_listing_and_limiting_import_nothing_heavy() -> None:
    code = """
import sys
from restore import RESTORERS, limit_threads
limit_threads(1)
print([entry.name for entry in RESTORERS][:2])
print([m for m in ("tensorflow", "keras", "onnx", "onnxruntime", "scipy") if m in sys.modules])
"""
    assert in_new_process(code) == "['raw', 'gaussian']\n[]\n"


def test_limit_reaches_tensorflow_and_comes_too_late_after_its_start() -> None:
    code = """
import os
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "2"
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


@pytest.mark.parametrize("n", [0, -1])
def test_bad_limit(n: int) -> None:
    with pytest.raises(InputError, match="number of threads must be at least 1"):
        limit_threads(n)


@pytest.mark.parametrize(("text", "limit"), [("3", 3), ("", None), ("0", None), ("2,1", None)])
def test_limit_by_environment(
    text: str, limit: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", text)
    assert thread_limit() == limit
