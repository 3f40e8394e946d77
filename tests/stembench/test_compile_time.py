"""Time of compiling, which what is measured of this machine leaves out."""

import os

import pytest

from bench.run.estimate import rates
from stembench.compiled import Compiler, compile_time

pytestmark = pytest.mark.skipif(
    os.environ.get("NUMBA_DISABLE_JIT") == "1", reason="nothing is compiled"
)


def _kernels(folder: str):
    """Two kernels that no other test has compiled, one within the other."""
    compiler = Compiler(folder)

    @compiler.inlined
    def inner(x):
        return x * 2.0

    @compiler.kernel
    def outer(x):
        return inner(x) + 1.0

    return outer


def test_compiling_is_told_once_and_not_again(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    kernel = _kernels("compile-time")
    with compile_time() as first:
        assert kernel(1.0) == 3.0
    with compile_time() as again:
        assert kernel(2.0) == 5.0
    assert first.seconds > 0.01
    assert again.seconds == 0


def test_a_rate_has_no_compiling_in_it(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    kernel = _kernels("compile-time-of-rates")
    with compile_time() as compiling:
        result, seconds = rates._seconds(lambda: kernel(1.0))
    assert result == 3.0
    assert compiling.seconds > 0.01
    assert seconds < compiling.seconds / 2
