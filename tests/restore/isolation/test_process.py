"""Models that harm their process: one sentence each, and this process goes on."""

import gc
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

from restore import (
    RestorationError,
    limit_models,
    load_restorer,
    model_processes,
)
from restore.isolation.process import ModelProcess
from stembench.errors import InputError

MODULE = r"""
import ctypes, importlib.util, os, signal, sys, threading, time
import numpy as np
import fitting, noise, training.net
assert noise.OWN and fitting.OWN and training.net.OWN
OURS = "bench", "cases", "reports", "restore", "stembench"
assert not any(importlib.util.find_spec(name) for name in OURS)

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
def forks(images, *, sampling):
    os.fork()
    return images
def leaves_a_process(images, *, sampling):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.closerange(0, 100)
            time.sleep(600)
        os._exit(0)
    os.wait()
    return images
def allocates_later(images, *, sampling):
    def allocate():
        kept = []
        while True:
            kept.append(b"x" * 20_000_000)
    threading.Thread(target=allocate).start()
    return images
def reaches_out(images, *, sampling):
    for number in (os.getppid(), 1):
        try:
            os.kill(number, 0)
            return 0 * images
        except PermissionError:
            pass
    return images
class Unspeakable(BaseException):
    def __str__(self):
        raise ValueError
def unspeakable():
    raise Unspeakable
def unreadable():
    raise RuntimeError("[/bold] \x1b[31m red\nsecond line")
ANSWERS = [
    lambda images: object(),
    lambda images: None,
    lambda images: [["text"]],
    lambda images: images.astype("M8[s]"),
    lambda images: np.zeros(images.shape, [("a", float)]),
    lambda images: images.astype(complex),
    lambda images: np.broadcast_to(0.0, (10**6, 10**6)),
    lambda images: images[:, 1:],
    lambda images: np.ones(10**12),
    lambda images: unspeakable(),
    lambda images: unreadable(),
    lambda images: sys.exit(["x" * 10**6]),
    lambda images: images.astype(">f4")[:, ::-1],
]
def one_of(images, *, sampling):
    return ANSWERS[int(sampling) - 1](images)
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
    ],
)
def test_a_hostile_model_is_one_sentence(module: str, name: str, message: str) -> None:
    with pytest.raises(RestorationError, match=message):
        load_restorer(f"{module}:{name}").restore(COUNTS, sampling=0.1)


def test_answers_that_are_no_image(module: str) -> None:
    """Each is one line that a terminal can show, from a process that goes on."""
    restorer = load_restorer(f"{module}:one_of")
    process = model_processes()
    messages = (
        *(["which are no numbers"] * 5),
        "returned complex128 for image 0",
        r"returned shape \(1000000, 1000000\)",
        r"returned shape \(3, 5\)",
        "MemoryError",
        "Unspeakable: an exception that cannot be shown",
        r"RuntimeError: \[/bold\]  ?\[31m red$",
        r"sys\.exit\(\['x{20,80}\)\)$",
    )
    for number, message in enumerate(messages, 1):
        with pytest.raises(RestorationError, match=message) as raised:
            restorer.restore(COUNTS, sampling=float(number))
        assert str(raised.value).isprintable()
    image = np.arange(20.0).reshape(1, 4, 5)
    restored = restorer.restore(image, sampling=len(messages) + 1.0)
    np.testing.assert_array_equal(restored, image[:, ::-1])
    assert model_processes() == process


def test_images_larger_than_any_buffer(module: str) -> None:
    image = np.random.default_rng(0).normal(size=(1, 700, 900))
    restored = load_restorer(f"{module}:double").restore(image, sampling=0.1)
    np.testing.assert_array_equal(restored, 2 * image)


def test_an_answer_is_never_taken_for_that_to_another_image(module: str) -> None:
    """A fork answers a second time; an interrupted call leaves an answer behind."""
    restorer = load_restorer(f"{module}:forks")
    problem = ""
    for number in range(1, 50):
        image = number * COUNTS
        try:
            np.testing.assert_array_equal(restorer.restore(image, sampling=0.1), image)
        except RestorationError as error:
            problem = str(error)
            break
    assert "answered what it was not asked" in problem


def test_an_interrupted_call_leaves_no_answer_behind(
    module: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    restorer = load_restorer(f"{module}:double")
    with monkeypatch.context() as patch:
        patch.setattr(ModelProcess, "answer", interrupt)
        with pytest.raises(KeyboardInterrupt):
            restorer.restore(COUNTS, sampling=0.1)
    np.testing.assert_array_equal(restorer.restore(3 * COUNTS, sampling=0.1), 6 * COUNTS)


def interrupt(_process: ModelProcess) -> None:
    raise KeyboardInterrupt


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the guardian is Linux's")
def test_what_a_model_starts_ends_with_it(module: str) -> None:
    restorer = load_restorer(f"{module}:leaves_a_process")
    before = model_processes()
    restorer.restore(COUNTS, sampling=0.1)
    numbers = model_processes()
    assert len(numbers) == len(before) + 1
    del restorer
    gc.collect()
    assert gone(numbers)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Landlock is Linux's")
def test_other_processes_cannot_be_signalled(module: str) -> None:
    restored = load_restorer(f"{module}:reaches_out").restore(COUNTS, sampling=0.1)
    np.testing.assert_array_equal(restored, COUNTS)


def test_a_process_that_keeps_dying_is_not_started_for_ever(module: str) -> None:
    restorer = load_restorer(f"{module}:ends")
    for _ in range(3):
        with pytest.raises(RestorationError, match="ended its own process"):
            restorer.restore(COUNTS, sampling=0.1)
    with pytest.raises(RestorationError, match="is not started again: its process ended 3 times"):
        restorer.restore(COUNTS, sampling=0.1)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("import sys; sys.exit(0)", "cannot be imported \\(SystemExit"),
        ("import os; os._exit(0)", "ended its own process with exit code 0"),
        ("import ctypes; ctypes.string_at(0)", "ended by signal 11"),
        ("raise ImportError('no torch\\nhere')", r"ImportError: no torch\)"),
        ("import restore", "stembench's own packages are not there for a model"),
        ("def f(images): 0\nf.metadata = {'parameters': 'many'}", "parameters='many'"),
        ("def f(images): 0\nf.metadata = {'name': 'a/b'}", "calls itself 'a/b'"),
        ("def f(images): 0\nf.metadata = {'name': 'a\\nb'}", "name is more than one line"),
        ("def f(images): 0\nf.metadata = {'licence': 'x' * 10**6}", "a text of 1\\d* bytes"),
    ],
)
def test_a_module_that_fails_while_it_is_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str, message: str
) -> None:
    (tmp_path / "fails_of_the_test.py").write_text(line)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=message) as raised:
        load_restorer("fails_of_the_test:f")
    assert str(raised.value).isprintable()


def test_a_module_that_never_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "endless_of_the_test.py").write_text("while True: pass")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STEMBENCH_MODEL_TIMEOUT", "2")
    with pytest.raises(InputError, match="took more than 2 s"):
        load_restorer("endless_of_the_test:f")


def test_limits(module: str) -> None:
    limit_models(memory=0.6)
    with pytest.raises(RestorationError, match=r"took more than 0\.6 GB"):
        load_restorer(f"{module}:takes").restore(COUNTS, sampling=0.1)
    restorer = load_restorer(f"{module}:allocates_later")
    restorer.restore(COUNTS, sampling=0.1)
    assert gone(model_processes())
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
