"""Compiled kernels: their folder follows their source; files that are not to be trusted go."""

import os
import subprocess
import sys
from pathlib import Path

import numba
import pytest

from stembench.compiled import Compiler, cache_folder
from stembench.surroundings import private_folder


@pytest.fixture
def sources(tmp_path):
    files = [tmp_path / name for name in ("sums.py", "solver.py")]
    for file in files:
        file.write_text(f"# {file.name}\n")
    return files


@pytest.fixture
def root(tmp_path, monkeypatch):
    """A cache folder of this test's own."""
    private_folder.cache_root.cache_clear()
    folder = tmp_path / "cache"
    monkeypatch.setenv(private_folder.VARIABLE, str(folder))
    yield folder
    private_folder.cache_root.cache_clear()


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


def _doubled(value):
    return 2 * value


def _compiled():
    """A fresh dispatcher of the kernel, with how often it was loaded and compiled."""
    kernel = Compiler(folder="code").kernel(_doubled)
    assert kernel(4) == 8
    return kernel.stats


def _kept(root: Path) -> Path:
    (file,) = root.glob("code/*.kernel")
    return file


def test_machine_code_is_kept_and_loaded(root):
    first = _compiled()
    assert sum(first.cache_misses.values()) == 1
    assert Path(first.cache_path) == root / "code"
    before = _kept(root).read_bytes()
    second = _compiled()
    assert (sum(second.cache_hits.values()), len(second.cache_misses)) == (1, 0)
    assert _kept(root).read_bytes() == before


def _flipped(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 4
    path.write_bytes(content)


def _linked(path: Path) -> None:
    other = path.with_name("other")
    path.rename(other)
    path.symlink_to(other)


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (_flipped, "is damaged"),
        (lambda path: path.write_bytes(path.read_bytes()[:-1]), "is damaged"),
        (lambda path: path.write_bytes(b""), "is damaged"),
        (lambda path: path.chmod(0o666), "not yours alone"),
        (_linked, "not yours alone"),
        (lambda path: os.link(path, path.with_name("second")), "not yours alone"),
    ],
)
def test_code_that_cannot_be_trusted_is_compiled_again(root, caplog, damage, said):
    _compiled()
    whole = _kept(root).read_bytes()
    damage(_kept(root))
    again = _compiled()
    assert (len(again.cache_hits), sum(again.cache_misses.values())) == (0, 1)
    assert said in caplog.text
    path = _kept(root)
    assert not path.is_symlink()
    assert len(path.read_bytes()) == pytest.approx(len(whole), rel=0.01)


@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() != 0, reason="gives files away")
@pytest.mark.parametrize("what", ["file", "folder"])
def test_code_of_another_user_is_not_executed(root, what):
    _compiled()
    os.chown(_kept(root) if what == "file" else root / "code", 65534, 65534)
    again = _compiled()
    assert (len(again.cache_hits), sum(again.cache_misses.values())) == (0, 1)


_SCRIPT = """
import logging, sys
from stembench.surroundings.private_folder import cache_root
from stembench.compiled import Compiler
def double(value):
    return 2 * value
print(Compiler(folder="code").kernel(double)(4))
root = cache_root()
print(root)
print(len(list(root.glob("code/*.kernel"))) if root else 0)
"""


def _file(folder: Path) -> dict[str, str]:
    (folder / "file").write_text("")
    return {"XDG_CACHE_HOME": str(folder / "file")}


def _open(folder: Path) -> dict[str, str]:
    (folder / "open").mkdir()
    (folder / "open").chmod(0o777)
    return {"XDG_CACHE_HOME": str(folder / "open")}


def _closed(folder: Path) -> dict[str, str]:
    return {"XDG_CACHE_HOME": "/proc/none"}


def _homeless(folder: Path) -> dict[str, str]:
    return {"XDG_CACHE_HOME": "", "HOME": "/proc/none"}


@pytest.mark.skipif(sys.platform != "linux", reason="places of Linux")
@pytest.mark.parametrize(
    "place",
    [
        _file,
        *(pytest.param(place, marks=pytest.mark.slow) for place in (_open, _closed, _homeless)),
    ],
)
def test_without_a_private_place_a_temporary_one_is_used_and_removed(tmp_path, place):
    (tmp_path / "temporary").mkdir()
    environment = {**os.environ, "TMPDIR": str(tmp_path / "temporary"), **place(tmp_path)}
    environment.pop(private_folder.VARIABLE, None)
    done = subprocess.run(
        [sys.executable, "-c", _SCRIPT],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    value, used, kept = done.stdout.split()
    assert (value, kept) == ("8", "1")
    assert Path(used).parent == tmp_path / "temporary"
    assert not list((tmp_path / "temporary").iterdir())
    assert done.stderr.startswith("stembench: the cache folder ")
    assert done.stderr.count("\n") == 1


def test_without_any_place_kernels_are_compiled_all_the_same(monkeypatch, caplog):
    def refuse():
        raise OSError(28, "no space")

    private_folder.cache_root.cache_clear()
    monkeypatch.delenv(private_folder.VARIABLE, raising=False)
    monkeypatch.setattr(private_folder.platformdirs, "user_cache_dir", lambda _: "~/relative")
    monkeypatch.setattr(private_folder, "scratch_folder", refuse)
    stats = _compiled()
    private_folder.cache_root.cache_clear()
    assert sum(stats.cache_misses.values()) == 1
    assert "no absolute path and no temporary place" in caplog.text
