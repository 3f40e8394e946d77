"""Models that harm their process: one sentence each, and this process goes on."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import psutil
import pytest

from restore import RestorationError, limit_models, load_restorer

MODULE = """
import ctypes, os, sys
import fitting, noise, training.net
assert noise.OWN and fitting.OWN and training.net.OWN

def double(images, *, sampling):
    return 2 * images
def asks_to_end(images, *, sampling):
    sys.exit(0)
def ends(images, *, sampling):
    os._exit(0)
def crashes(images, *, sampling):
    ctypes.string_at(0)
def loops(images, *, sampling):
    while True:
        pass
def takes(images, *, sampling):
    kept = []
    while True:
        kept.append(b"x" * 20_000_000)
def prints(images, *, sampling):
    while True:
        print("x" * 1000)
def closes(images, *, sampling):
    os.closerange(0, 200)
    return images
def answers(images, *, sampling):
    for number in range(3, 30):
        try:
            os.write(number, b"x" * 300)
        except OSError:
            pass
    return images
def object_(images, *, sampling):
    return object()
def writes(images, *, sampling):
    open("written", "w")
    return images
"""
COUNTS = np.ones((1, 4, 5))


def gone(numbers: Iterable[int]) -> bool:
    """Whether processes end within 10 s."""
    for _ in range(100):
        if not any(
            psutil.pid_exists(n) and psutil.Process(n).status() != "zombie" for n in numbers
        ):
            return True
        time.sleep(0.1)
    return False


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A user's folder with modules of the names of our packages."""
    (tmp_path / "hostile_of_the_test.py").write_text(MODULE)
    (tmp_path / "training").mkdir()
    for name in ("noise.py", "fitting.py", "training/net.py"):
        (tmp_path / name).write_text("OWN = True\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STEMBENCH_MODEL_TIMEOUT", "600")
    monkeypatch.setenv("STEMBENCH_MODEL_MEMORY", "100")
    return "hostile_of_the_test"


def test_modules_of_our_names_are_the_users(module: str) -> None:
    restorer = load_restorer(f"{module}:double")
    np.testing.assert_array_equal(restorer.restore(COUNTS, sampling=0.1), 2 * COUNTS)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("asks_to_end", "SystemExit: it asked to end the process"),
        ("ends", "ended its own process with exit code 0"),
        ("crashes", "was ended by signal 11"),
        ("prints", "printed more than 16 MiB"),
        ("closes", "ended its own process|closed its pipe"),
        ("answers", "ended its own process|closed its pipe or wrote"),
        ("object_", "which are no numbers"),
    ],
)
def test_a_hostile_model_is_one_sentence(module: str, name: str, message: str) -> None:
    with pytest.raises(RestorationError, match=message):
        load_restorer(f"{module}:{name}").restore(COUNTS, sampling=0.1)


def test_limits(module: str) -> None:
    limit_models(memory=0.6)
    with pytest.raises(RestorationError, match=r"took more than 0\.6 GB"):
        load_restorer(f"{module}:takes").restore(COUNTS, sampling=0.1)
    limit_models(timeout=5)
    with pytest.raises(RestorationError, match="took more than 5 s; --model-timeout"):
        load_restorer(f"{module}:loops").restore(COUNTS, sampling=0.1)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Landlock is Linux's")
def test_nothing_is_written(module: str, tmp_path: Path) -> None:
    with pytest.raises(RestorationError, match="PermissionError"):
        load_restorer(f"{module}:writes").restore(COUNTS, sampling=0.1)
    assert not (tmp_path / "written").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is POSIX's")
def test_the_process_ends_with_a_killed_parent(module: str) -> None:
    code = (
        "import sys, time, numpy as np\n"
        "from restore import load_restorer, model_processes\n"
        f"r = load_restorer('{module}:loops')\n"
        "print(*model_processes(), flush=True)\n"
        "r.restore(np.ones((1, 4, 5)), sampling=0.1)\n"
    )
    root = str(Path(__file__).parents[3])
    with subprocess.Popen(
        [sys.executable, "-P", "-c", code],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": root},
    ) as parent:
        assert parent.stdout is not None
        numbers = [int(number) for number in parent.stdout.readline().split()]
        assert numbers
        assert all(psutil.pid_exists(number) for number in numbers)
        time.sleep(0.3)
        parent.send_signal(signal.SIGKILL)
        parent.wait()
    assert gone(numbers)
