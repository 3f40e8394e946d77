"""A trial: what was done, and whether what came of it is allowed; children forked for it."""

import ctypes
import os
import resource
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import psutil

#: Longest time of one command.
PATIENCE: Final = 400.0
_CHILD_SUBREAPER: Final = 36


@dataclass(frozen=True)
class Trial:
    """What came of one attempt.

    Attributes
    ----------
    group : str
        'kills', 'bit flips', 'malformed inputs', 'full disks' or 'hostile models'.
    kind : str
    number : int
    outcome : str
        What happened, in few words.
    fault : str
        What should not have happened; empty if nothing.
    what : str
        What was done, so that it can be done again.
    said : str
        What the program wrote, if that is a fault.
    """

    group: str
    kind: str
    number: int
    outcome: str
    fault: str = ""
    what: str = ""
    said: str = ""


@dataclass
class Child:
    """A forked process in a group of its own whose output goes to a file."""

    pid: int
    output: Path
    begun: float

    def wait(self, seconds: float = PATIENCE) -> int | None:
        """Return its exit code, minus the signal that ended it; None if it was ended here."""
        end = self.begun + seconds
        while time.monotonic() < end:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                return os.waitstatus_to_exitcode(status)
            time.sleep(0.02)
        os.killpg(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        return None

    def said(self) -> str:
        """Return what it and its own children wrote."""
        return self.output.read_text(errors="replace")


def adopt() -> None:
    """Become the parent of processes whose own parent has ended: so that orphans are seen."""
    ctypes.CDLL(None).prctl(_CHILD_SUBREAPER, 1, 0, 0, 0)


def fork(work: Callable[[], int], folder: Path, *, memory: int = 0) -> Child:
    """Fork after imports, so that a trial costs little, and do the work in the child.

    Parameters
    ----------
    work : callable
        Returns the exit code.
    folder : Path
        Working directory of the child.
    memory : int
        Most bytes of address space; 0 for no limit.
    """
    descriptor, name = tempfile.mkstemp(suffix=".log")
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid:
        os.close(descriptor)
        return Child(pid, Path(name), time.monotonic())
    code = 99
    try:
        os.setsid()
        nothing = os.open(os.devnull, os.O_RDONLY)
        for number, target in ((nothing, 0), (descriptor, 1), (descriptor, 2)):
            os.dup2(number, target)
        sys.stdout, sys.stderr = (os.fdopen(out, "w", closefd=False) for out in (1, 2))
        os.chdir(folder)
        if memory:
            resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
        signal.signal(signal.SIGINT, signal.default_int_handler)
        code = work()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def command(words: list[str]) -> Callable[[], int]:
    """Return the work of a command line."""

    def work() -> int:
        from bench.cli.app import main

        sys.argv = ["stembench", *words]
        main()
        return 0

    return work


def orphans(known: set[int], *, seconds: float = 10.0) -> list[int]:
    """Processes below this one, other than known ones, that do not end of themselves.

    Those that have ended are waited for.
    """
    me = psutil.Process()
    end = time.monotonic() + seconds
    while True:
        living, ended = [], False
        for child in me.children(recursive=True):
            try:
                if child.pid in known:
                    continue
                if child.status() != psutil.STATUS_ZOMBIE:
                    living.append(child)
                elif child.ppid() == me.pid:
                    os.waitpid(child.pid, os.WNOHANG)
                    ended = True
            except (psutil.NoSuchProcess, ChildProcessError):
                continue
        # Children of what has ended become ours.
        if not (living or ended) or time.monotonic() > end:
            break
        time.sleep(0.02)
    for process in living:
        process.kill()
    return [process.pid for process in living]


def fault_of_ending(code: int | None, said: str, *, failed: bool = False) -> str:
    """Say what is wrong with how a command ended; empty if nothing.

    Parameters
    ----------
    code : int or None
    said : str
        Its output.
    failed : bool
        Whether exit code 1, for a restorer that failed, is an end like others.
    """
    if code is None:
        return "did not end"
    if code < 0:
        return f"ended by signal {-code}"
    if "Traceback (most recent call last)" in said:
        return "traceback: " + said.strip().splitlines()[-1][:200]
    if code not in ((0, 1, 2, 3) if failed else (0, 2, 3)):
        return f"exit code {code}: {said.strip()[-200:]}"
    if code == 2 and "Usage:" not in said:
        lines = [line for line in said.splitlines() if line.startswith("stembench: ")]
        lines = [line for line in lines if not line.startswith("stembench: note: ")]
        if len(lines) != 1:
            return f"{len(lines)} sentences: {said.strip()[-200:]}"
        after = said[said.index(lines[0]) + len(lines[0]) :].strip()
        if after:
            return f"more than one line: {lines[0][-80:]} | {after[:120]}"
    return ""


class _Here:
    """Does work in this process, where everything is loaded: workers take seconds to start."""

    workers = 1

    def completed(self, function: Callable[..., Any], tasks: Any) -> Iterator[tuple[Any, Any]]:
        for key, arguments in tasks:
            yield key, function(*arguments)


@contextmanager
def _here(*_: Any, **__: Any) -> Iterator[_Here]:
    yield _Here()


def without_workers() -> None:
    """Let runs of this process do their blocks themselves."""
    from bench.executor import local_pool

    local_pool.local_pool = _here  # type: ignore[assignment]


def with_forked_workers() -> None:
    """Let this process fork its workers, which has all loaded, in place of starting them anew."""
    import multiprocessing
    from types import SimpleNamespace

    from bench.executor import workers

    workers.multiprocessing = SimpleNamespace(  # type: ignore[assignment]
        get_context=lambda _: multiprocessing.get_context("fork"),
        active_children=multiprocessing.active_children,
    )
