"""The process of a model: started, watched by a thread of its own, and ended."""

import contextlib
import json
import os
import queue
import shutil
import subprocess
import sys
import threading
import time
import weakref
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from restore.isolation.allowance import ModelLimits
from restore.isolation.messages import Frame, FrameError, read_frame, sentence, write_frame
from stembench.surroundings.leftovers import scratch_folder
from stembench.surroundings.own_source import HOME
from stembench.system import descendants, end_guarded, resident_memory

# The first lines of the process: it is confined before anything but the standard library is there.
# Its two pipes are moved away from the numbers that print and input use.
_START: Final = """
import json, os, sys
told = json.loads(sys.argv[1])
sys.path[:] = [told["root"], *(entry for entry in told["path"] if entry != told["folder"])]
from pathlib import Path
from stembench import system
system.stay_guarded(told["parent"], scratch=Path(told["scratch"]))
system.no_core_dump()
requests = os.fdopen(os.dup(0), "rb")
answer = os.fdopen(os.dup(1), "wb")
nothing = os.open(os.devnull, os.O_RDONLY)
os.dup2(nothing, 0)
os.close(nothing)
os.dup2(2, 1)
system.confine_writes(Path(told["scratch"]))
from restore.isolation.child import serve
sys.path[:] = told["path"]
sys.argv[:] = [""]
serve(told, requests, answer, Path(told["scratch"]))
"""
PRINTED: Final = 2**24
"""Bytes that a model may print while it is loaded, and for each image."""
_TICK: Final = 0.05  # s between two looks at a model
_PIPE: Final = 2**20  # bytes of a pipe's buffer, where the system lets it be chosen
_TAIL: Final = 4000  # bytes of what was printed last that are kept

_LIVING: "weakref.WeakSet[ModelProcess]" = weakref.WeakSet()


def model_processes() -> tuple[int, ...]:
    """Return the numbers of the processes in which models of this process are."""
    leaders = [one.state.process.pid for one in tuple(_LIVING) if one.alive]
    return tuple(number for leader in leaders for number in (leader, *descendants(leader)))


@lru_cache(maxsize=1)
def _starter() -> ThreadPoolExecutor:
    # Linux tells a child of the end of the thread that started it, which may be one of short life.
    return ThreadPoolExecutor(1, thread_name_prefix="model-starter")


@dataclass(frozen=True)
class Source:
    """What a model's process loads."""

    kind: str
    """'keras', 'onnx', 'saved_model', 'callable' or 'plugin'."""
    spec: str
    """Path, ``module:callable``, or registered name."""
    settings: dict[str, Any] = field(default_factory=dict)
    """Of a plug-in or a model file."""
    built_in: tuple[str, ...] = ()
    """Names that no plug-in may take."""


@dataclass
class _State:
    """What the threads of one process share; it must not keep the `ModelProcess` itself."""

    process: "subprocess.Popen[bytes]"
    limits: ModelLimits
    answers: "queue.Queue[Frame | None]" = field(default_factory=lambda: queue.Queue(maxsize=64))
    most: int = 2**20
    deadline: float | None = None
    printed: int = 0
    tail: bytes = b""
    problem: str = ""
    ended: bool = False


class ModelProcess:
    """A running process, which ends with this object or with the process that made it.

    Parameters
    ----------
    source : Source
    limits : ModelLimits
    metadata_only : bool
        Whether a file is read but not loaded.
    """

    def __init__(self, source: Source, limits: ModelLimits, *, metadata_only: bool = False) -> None:
        scratch = str(scratch_folder())
        told = {
            "kind": source.kind,
            "spec": source.spec,
            "settings": source.settings,
            "built_in": source.built_in,
            "metadata_only": metadata_only,
            "folder": str(Path.cwd()),
            "root": str(HOME),
            "path": [str(Path(entry).absolute()) for entry in sys.path],
            "parent": os.getpid(),
            "scratch": scratch,
        }
        caches = {"TMPDIR": scratch, "NUMBA_CACHE_DIR": scratch, "CUDA_CACHE_PATH": scratch}
        own_code = source.kind in ("callable", "plugin")
        try:
            process = (
                _starter()
                .submit(
                    subprocess.Popen,
                    [sys.executable, "-P", "-c", _START, json.dumps(told)],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    cwd=None if own_code else scratch,
                    env={**os.environ, **caches},
                    start_new_session=True,
                    pipesize=_PIPE,
                )
                .result()
            )
        except BaseException:
            shutil.rmtree(scratch, ignore_errors=True)
            raise
        self.state = _State(process, limits)
        self._asked = 0
        threads: list[threading.Thread] = []
        self.close = weakref.finalize(self, _end, self.state, scratch, threads, os.getpid())
        self._allow()
        for target in (_listen, _drain, _watch):
            threads.append(threading.Thread(target=target, args=(self.state,), daemon=True))
            threads[-1].start()
        _LIVING.add(self)

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self.state.process.poll() is None

    def _allow(self) -> None:
        self.state.printed = 0
        self.state.deadline = time.monotonic() + self.state.limits.seconds

    def ask(self, header: dict[str, Any], payload: bytes, /, *, most: int) -> None:
        """Send a request, whose answer may have `most` bytes."""
        self._asked += 1
        self.state.most = most
        self._allow()
        pipe: Any = self.state.process.stdin
        with contextlib.suppress(OSError, ValueError):  # it has ended, which `answer` tells
            write_frame(pipe, {**header, "id": self._asked}, payload)

    def answer(self) -> Frame | str:
        """Wait for the next message of the process; what happened instead if there will be none."""
        frame: Frame | None
        while True:
            try:
                frame = self.state.answers.get(timeout=1.0)
                break
            except queue.Empty:
                continue
        if frame is None:
            return self.state.problem or _ending(self.state)
        number = frame[0].get("id")
        if type(number) is not int or number != self._asked:
            return "answered what it was not asked"
        if "progress" not in frame[0]:
            self.state.deadline = None
        return frame


def _listen(state: _State) -> None:
    """Queue the messages of a process; None at their end, whatever that is."""
    pipe: Any = state.process.stdout
    try:
        while (frame := read_frame(pipe, most=lambda: state.most)) is not None:
            while not state.ended:
                with contextlib.suppress(queue.Full):
                    state.answers.put(frame, timeout=0.5)
                    break
    except (FrameError, OSError, ValueError, MemoryError):
        pass
    with contextlib.suppress(OSError):
        pipe.close()
    while not state.ended:
        with contextlib.suppress(queue.Full):
            state.answers.put(None, timeout=0.5)
            break


def _drain(state: _State) -> None:
    pipe: Any = state.process.stderr
    with contextlib.suppress(OSError, ValueError):
        while chunk := pipe.read1(65536):
            state.printed += len(chunk)
            state.tail = (state.tail + chunk)[-_TAIL:]
    with contextlib.suppress(OSError):
        pipe.close()


def _watch(state: _State) -> None:
    """End a process that takes more than it may, between requests too."""
    process, limits = state.process, state.limits
    others: tuple[int, ...] = ()
    ticks = 0
    while process.poll() is None and not state.ended:
        if ticks % 5 == 0:
            others = descendants(process.pid)
        ticks += 1
        deadline = state.deadline
        if sum(map(resident_memory, (process.pid, *others))) > limits.memory:
            state.problem = (
                f"took more than {limits.memory / 1e9:.3g} GB of memory; --model-memory allows more"
            )
        elif deadline is not None and time.monotonic() > deadline:
            state.problem = f"took more than {limits.seconds:g} s; --model-timeout allows more"
        elif state.printed > PRINTED:
            state.problem = f"printed more than {PRINTED >> 20} MiB"
        if state.problem:
            end_guarded(process)
            return
        time.sleep(_TICK)


def _end(state: _State, scratch: str, threads: list[threading.Thread], owner: int) -> None:
    if os.getpid() != owner:
        return  # a fork of the process that it belongs to
    state.ended = True
    end_guarded(state.process)
    pipe: Any = state.process.stdin
    with contextlib.suppress(OSError, ValueError):
        pipe.close()
    for thread in threads:
        thread.join(timeout=2)
    shutil.rmtree(scratch, ignore_errors=True)


def _ending(state: _State) -> str:
    """Say how a process ended, with the last line that it printed."""
    try:
        code = state.process.wait(timeout=2)
    except subprocess.TimeoutExpired:
        return "closed its pipe or wrote something else into it"
    if code == 0:
        return "ended its own process with exit code 0"
    time.sleep(_TICK)  # the last line may still be on its way
    lines = state.tail.decode(errors="replace").strip().splitlines()
    last = f", after it printed '{sentence(lines[-1])[:300]}'" if lines else ""
    if code < 0:
        return f"was ended by signal {-code}, a crash or want of memory{last}"
    return f"ended its own process with exit code {code}{last}"
