"""Compiled kernels: their cache folder follows their source, and settings do not leak."""

import threading
import time
from types import SimpleNamespace

import numba
import pytest

from stembench import compiled
from stembench.compiled import Compiler, cache_folder


@pytest.fixture
def sources(tmp_path):
    files = [tmp_path / name for name in ("sums.py", "solver.py")]
    for file in files:
        file.write_text(f"# {file.name}\n")
    return files


def test_a_changed_source_gives_another_folder(sources):
    before = cache_folder("group", sources)
    for file in sources:
        text = file.read_text()
        file.write_text(text + "x = 1\n")
        assert cache_folder("group", sources) != before
        file.write_text(text)
    assert cache_folder("group", sources) == before


def test_the_folder_does_not_depend_on_the_order_of_the_sources(sources):
    assert cache_folder("group", sources) == cache_folder("group", sources[::-1])
    assert cache_folder("group", sources) != cache_folder("group", sources[:1])
    assert cache_folder("group", sources) != cache_folder("other", sources)


def test_another_numba_gives_another_folder(sources, monkeypatch):
    before = cache_folder("group", sources)
    monkeypatch.setattr(numba, "__version__", "0.0")
    assert cache_folder("group", sources) != before


def test_machine_code_is_kept_in_the_folder(tmp_path):
    compiler = Compiler(folder=str(tmp_path / "code"))
    double = compiler.kernel(_doubled)
    assert double(4) == 8
    assert list((tmp_path / "code").rglob("*.nbi"))


def _doubled(value):
    return 2 * value


def test_threads_do_not_see_the_folder_of_each_other(monkeypatch):
    """Numba's setting belongs to the process: kernels are decorated one at a time."""
    config = SimpleNamespace(CACHE_DIR="as before")
    seen = {}

    def njit(**_):
        def decorate(name):
            time.sleep(0.05)
            seen[name] = config.CACHE_DIR
            return name

        return decorate

    monkeypatch.setattr(compiled, "_CONFIG", config)
    monkeypatch.setattr(numba, "njit", njit)
    names = ["first", "second", "third"]
    threads = [threading.Thread(target=Compiler(folder=n).kernel, args=(n,)) for n in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == {name: name for name in names}
    assert config.CACHE_DIR == "as before"


def test_a_failed_decoration_restores_the_setting(monkeypatch):
    def njit(**_):
        def decorate(_):
            raise RuntimeError("no place for the cache")

        return decorate

    config = SimpleNamespace(CACHE_DIR="as before")
    monkeypatch.setattr(compiled, "_CONFIG", config)
    monkeypatch.setattr(numba, "njit", njit)
    with pytest.raises(RuntimeError, match="no place"):
        Compiler(folder="elsewhere").kernel(_doubled)
    assert config.CACHE_DIR == "as before"
