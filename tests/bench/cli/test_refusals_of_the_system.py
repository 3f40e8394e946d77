"""Commands that the system refuses something: one sentence, exit code 2, nothing half-written."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from bench.run.run_lock import check_held, one_at_a_time
from stembench.errors import InputError
from stembench.surroundings.refusals import not_written, what_failed

# Runs commands one after another in one process, each under a kind of want.
_DRIVER = """
import contextlib, errno, io, json, os, resource, sys, traceback
from bench.cli import app
from bench.own_images import fit_file, restore_file
from bench.output import progress
from bench.images import measure
import reports as preloaded
results = []

@contextlib.contextmanager
def limited(kind, number):
    soft, hard = resource.getrlimit(kind)
    resource.setrlimit(kind, (number, hard))
    try:
        yield
    finally:
        resource.setrlimit(kind, (soft, hard))

@contextlib.contextmanager
def gone():
    before = os.getcwd()
    os.mkdir("gone")
    os.chdir("gone")
    os.rmdir(os.path.join(before, "gone"))
    try:
        yield
    finally:
        os.chdir(before)

KINDS = {
    "none": contextlib.nullcontext,
    "file size": lambda: limited(resource.RLIMIT_FSIZE, 200),
    "descriptors": lambda: limited(resource.RLIMIT_NOFILE, len(os.listdir("/proc/self/fd")) - 1),
    "no folder": gone,
}
for kind, words in json.loads(sys.argv[1]):
    said = io.StringIO()
    code = "traceback"
    with contextlib.redirect_stderr(said), contextlib.redirect_stdout(io.StringIO()), KINDS[kind]():
        try:
            app.app(words)
        except SystemExit as end:
            code = end.code
        except BaseException:
            traceback.print_exc()
    results.append((code, said.getvalue()))
print(json.dumps(results))
"""
_DISTORT = ("distort", "img.npz", "--dose", "500", "-o")
_RUN = ("run", "--case", "pt_bulk", "--restorer", "raw", "--doses", "500", "--realizations", "1",
        "--jobs", "1", "--out")  # fmt: skip
_IMAGES = ("images", "--source", "empty", "--realizations", "1", "-r", "raw", "-o")
_SIMULATE = ("simulate", "pt_bulk", "--quiet", "--folder")
#: Kind of want, words of the command, what its sentence says.
_CASES = [
    ("file size", (*_DISTORT, "a.npy"), "larger than files may be"),
    ("file size", (*_DISTORT, "a.npz"), "larger than files may be"),
    ("file size", (*_DISTORT, "a.tif"), "larger than files may be"),
    ("file size", ("fit", "img.npz", "-o", "a.csv"), "larger than files may be"),
    ("file size", ("restore", "img.npz", "-r", "gaussian", "-o", "a.npy"), "larger than files"),
    ("file size", ("compare", "--write-margins", "m.toml"), "larger than files may be"),
    ("file size", ("noise-figures", "jitter", "-o", "figures"), "larger than files may be"),
    ("file size", (*_RUN, "run"), "larger than files may be"),
    ("descriptors", (*_DISTORT, "a.npy"), "too many files"),
    ("descriptors", (*_RUN, "run"), "oo many"),
    ("no folder", (*_DISTORT, "a.npy"), "cannot be made, or vanished"),
    ("no folder", (*_RUN, "run"), "is gone"),
    ("none", (*_DISTORT, "/dev/full"), "cannot be written; name a"),
    ("none", (*_DISTORT, "file/a.npy"), "there is no folder file"),
    ("none", (*_DISTORT, "."), "cannot be written; name a"),
    ("none", (*_DISTORT, "/proc/a.npy"), "cannot be made"),
    ("none", (*_DISTORT, f"{'a' * 300}.npy"), "File name too long"),
    ("none", ("fit", "img.npz", "-o", "link.csv"), "a link, no regular file"),
    ("none", ("restore", "img.npz", "-r", "gaussian", "-o", "/proc/a.npy"), "cannot be made"),
    ("none", (*_RUN, "/proc/run"), "are free at /proc/run"),
    ("none", (*_IMAGES, "/proc/images"), "cannot be written"),
    ("none", ("noise-figures", "jitter", "-o", "/proc/figures"), "/proc/figures"),
    ("none", (*_SIMULATE, "/proc/cache", "--output", "a.h5"), "cannot be made"),
    ("none", (*_SIMULATE, "cache", "--output", "/proc/a.h5"), "cannot be made"),
]


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[tuple[object, str]]]:
    folder = tmp_path_factory.mktemp("refused")
    y, x = np.mgrid[:48, :48] % 12 - 6
    np.savez(folder / "img.npz", image=0.001 + 0.05 * np.exp(-(x**2 + y**2) / 6), sampling=0.2)
    (folder / "file").write_text("")
    (folder / "link.csv").symlink_to(folder / "elsewhere")
    asked = json.dumps([(kind, words) for kind, words, _ in _CASES])
    ended = subprocess.run(
        [sys.executable, "-c", _DRIVER, asked], cwd=folder, capture_output=True, text=True
    )
    assert ended.returncode == 0, ended.stderr
    return folder, json.loads(ended.stdout.splitlines()[-1])


@pytest.mark.skipif(sys.platform != "linux", reason="limits and places of Linux")
@pytest.mark.parametrize("number", range(len(_CASES)))
def test_a_refusal_is_one_sentence(done: tuple[Path, list[tuple[object, str]]], number: int):
    _, results = done
    code, said = results[number]
    *_, last = said.strip().splitlines()
    assert "Traceback" not in said, said
    errors = said.count("stembench: ") - said.count("stembench: note: ")
    assert (code, errors) == (2, 1), said
    assert last.startswith("stembench: ")
    assert _CASES[number][2] in last


@pytest.mark.skipif(sys.platform != "linux", reason="limits and places of Linux")
def test_nothing_is_left_half_written(done: tuple[Path, list[tuple[object, str]]]) -> None:
    folder, _ = done
    there = {path.name for path in folder.rglob("*") if not path.is_dir()}
    assert there <= {"img.npz", "file", "link.csv", ".run.lock"}


def test_a_folder_that_is_moved_meanwhile_is_not_written_to(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    with one_at_a_time(folder):
        check_held(folder)
        folder.rename(tmp_path / "moved")
        with pytest.raises(InputError, match="was moved, removed or exchanged"):
            check_held(folder)
        folder.mkdir()
        with pytest.raises(InputError, match="was moved, removed or exchanged"):
            check_held(folder)
    assert [path.name for path in folder.iterdir()] == []


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(24, "Too many open files", "a.dat"), "a.dat"),
        (OSError(28, "No space left on device"), "the disk is full"),
        (OSError(5, "Input/output error", "a.dat"), "a.dat: Input/output error"),
        (MemoryError("Unable to\nallocate 3 TiB"), "memory ran out (Unable to allocate 3 TiB)"),
        (ImportError("libx.so: too many", name="libx"), "libx cannot be loaded"),
        (BrokenPipeError(32, "Broken pipe"), ""),
    ],
)
def test_what_the_system_says_becomes_a_sentence(error: OSError, said: str) -> None:
    sentence = what_failed(error)
    assert said in sentence
    assert bool(sentence) == bool(said)
    assert "\n" not in sentence
    if isinstance(error, OSError):
        assert not_written(Path("b"), error).startswith(("b ", "the disk is full: b "))
