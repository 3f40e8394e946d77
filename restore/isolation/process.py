"""A model in a process of its own: started, watched, asked for one image at a time, and ended."""

import contextlib
import json
import os
import queue
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import warnings
import weakref
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, fields
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import numpy as np
import psutil
from numpy.typing import NDArray

from restore.isolation.allowance import model_limits
from restore.isolation.messages import (
    Frame,
    FrameError,
    array_of,
    described,
    read_frame,
    write_frame,
)
from restore.restorer import (
    ForeignError,
    Progress,
    RestorationError,
    RestorationWarning,
    RestorerMetadata,
    Tiling,
)
from stembench.arrays import Floats
from stembench.errors import InputError
from stembench.system import kill_group

# The first lines of the process: it is confined before anything but the standard library is there.
# Its two pipes are moved away from the numbers that print and input use.
_START: Final = """
import json, os, sys
told = json.loads(sys.argv[1])
sys.path[:] = [told["root"], *told["path"]]
from pathlib import Path
from stembench import system
system.die_with(told["parent"])
system.no_core_dump()
requests = os.fdopen(os.dup(0), "rb")
answer = os.fdopen(os.dup(1), "wb")
nothing = os.open(os.devnull, os.O_RDONLY)
os.dup2(nothing, 0)
os.dup2(2, 1)
system.confine_writes(Path(told["scratch"]))
from restore.isolation.child import serve
sys.path[:] = told["path"]
sys.argv[:] = [""]
serve(told, requests, answer, Path(told["scratch"]))
"""
_PRINTED: Final = 2**24  # bytes that a model may print
_TICK: Final = 0.05  # s between two looks at a model's memory
_DEATHS: Final = 3  # how often a model is started again

_LIVING: "weakref.WeakSet[_Child]" = weakref.WeakSet()


def model_processes() -> tuple[int, ...]:
    """Return the numbers of the processes in which models of this process are."""
    return tuple(child.process.pid for child in tuple(_LIVING) if child.process.poll() is None)


@lru_cache(maxsize=1)
def _starter() -> ThreadPoolExecutor:
    # Linux kills a child with the thread that started it, which may be one of short life.
    return ThreadPoolExecutor(1, thread_name_prefix="model-starter")


@dataclass(frozen=True)
class Source:
    """What a model's process loads."""

    kind: str
    """'keras', 'onnx', 'saved_model', 'callable' or 'plugin'."""
    spec: str
    """Path, ``module:callable``, or registered name."""
    settings: dict[str, Any] = field(default_factory=dict)
    """Of a plug-in."""
    built_in: tuple[str, ...] = ()
    """Names that no plug-in may take."""


def _end(process: "subprocess.Popen[bytes]", scratch: str, threads: list[threading.Thread]) -> None:
    kill_group(process.pid)
    process.kill()
    process.wait()
    pipe: Any = process.stdin
    with contextlib.suppress(OSError, ValueError):
        pipe.close()
    for thread in threads:
        thread.join(timeout=2)
    shutil.rmtree(scratch, ignore_errors=True)


class _Child:
    """The running process."""

    def __init__(self, source: Source) -> None:
        scratch = tempfile.mkdtemp(prefix="stembench-model-")
        told = {
            "kind": source.kind,
            "spec": source.spec,
            "settings": source.settings,
            "built_in": source.built_in,
            "folder": str(Path.cwd()),
            "root": str(Path(__file__).parents[2]),
            "path": [str(Path(entry).absolute()) for entry in sys.path],
            "parent": os.getpid(),
            "scratch": scratch,
        }
        caches = {"TMPDIR": scratch, "NUMBA_CACHE_DIR": scratch, "CUDA_CACHE_PATH": scratch}
        own_code = source.kind in ("callable", "plugin")
        self.process = (
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
            )
            .result()
        )
        threads: list[threading.Thread] = []
        self.close: Callable[[], Any] = weakref.finalize(self, _end, self.process, scratch, threads)
        self.answers: queue.Queue[Frame | None] = queue.Queue(maxsize=64)
        self.printed = [0]
        self.most = [2**20]
        for target in (_listen, _drain):
            args = (self.process, self.answers, self.most, self.printed)
            threads.append(threading.Thread(target=target, args=args, daemon=True))
            threads[-1].start()
        _LIVING.add(self)

    def send(self, header: dict[str, Any], payload: bytes = b"") -> None:
        """Send a request from another thread: a model that reads nothing would block this one."""
        pipe = self.process.stdin

        def write(pipe: Any = pipe) -> None:
            with contextlib.suppress(OSError, ValueError):  # it has ended, which the wait sees
                write_frame(pipe, header, payload)

        threading.Thread(target=write, daemon=True).start()

    def memory(self, *, descendants: bool) -> int:
        """Resident size of the process, with that of its children where asked for."""
        total = 0
        try:
            process = psutil.Process(self.process.pid)
            total = int(process.memory_info().rss)
            for other in process.children(recursive=True) if descendants else ():
                total += int(other.memory_info().rss)
        except psutil.Error:
            pass
        return total


def _listen(
    process: "subprocess.Popen[bytes]",
    answers: "queue.Queue[Frame | None]",
    most: list[int],
    _printed: list[int],
) -> None:
    pipe: Any = process.stdout
    try:
        while (frame := read_frame(pipe, most=most[0])) is not None:
            answers.put(frame)
    except (FrameError, OSError, ValueError):
        pass
    with contextlib.suppress(OSError):
        pipe.close()
    answers.put(None)


def _drain(
    process: "subprocess.Popen[bytes]",
    _answers: "queue.Queue[Frame | None]",
    _most: list[int],
    printed: list[int],
) -> None:
    pipe: Any = process.stderr
    while chunk := pipe.read1(65536):
        printed[0] += len(chunk)
    pipe.close()


class IsolatedRestorer:
    """An `ImageRestorer` whose model is in another process."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._limits = model_limits()
        self._deaths = 0
        self._child: _Child | None = None
        self._name = source.spec
        header = self._started()
        try:
            self.metadata: RestorerMetadata = _metadata(header.get("metadata"))
            tiling = header.get("tiling")
            self.tiling = Tiling(**tiling) if tiling else None
        except (TypeError, ValueError) as error:
            self._stop()
            if isinstance(error, InputError):
                raise
            raise InputError(
                f"restorer '{source.spec}' states metadata that cannot be read ({error})"
            ) from error
        self._name = self.metadata.name

    def _started(self) -> dict[str, Any]:
        self._child = child = _Child(self._source)
        try:
            return self._answer(child, "while it was loaded", None)[0]
        except ForeignError as error:
            self._stop()
            raise InputError(f"restorer '{self._name}' cannot be loaded ({error})") from error
        except InputError:
            self._stop()
            raise

    def _stop(self) -> None:
        if self._child is not None:
            self._child.close()
            self._child = None

    def _answer(self, child: _Child, when: str, progress: Progress | None) -> Frame:
        """Wait for the answer; any end of the process, and any limit, is an error."""
        limits = self._limits
        begun = time.monotonic()
        ticks = 0
        while True:
            problem = ""
            try:
                frame = child.answers.get(timeout=_TICK)
            except queue.Empty:
                frame = {}, b""
                ticks += 1
                if child.memory(descendants=ticks % 10 == 0) > limits.memory:
                    problem = (
                        f"took more than {limits.memory / 1e9:.3g} GB of memory; "
                        "--model-memory allows more"
                    )
            if frame is None:
                problem = _ending(child.process)
            elif time.monotonic() - begun > limits.seconds and "dtype" not in frame[0]:
                problem = f"took more than {limits.seconds:g} s; --model-timeout allows more"
            elif child.printed[0] > _PRINTED:
                problem = f"printed more than {_PRINTED >> 20} MiB"
            if problem:
                self._deaths += 1
                self._stop()
                raise RestorationError(f"restorer '{self._name}' {problem} ({when})")
            if not frame or not frame[0]:
                continue
            steps = frame[0].get("progress")
            if steps is None:
                return _without_error(frame)
            if progress is not None and isinstance(steps, list) and len(steps) == 2:
                progress(int(steps[0]), int(steps[1]))

    def _asked(
        self,
        image: Floats,
        *,
        sampling: float,
        how: Any = False,
        progress: Progress | None = None,
    ) -> NDArray[Any]:
        if self._child is None:
            if self._deaths >= _DEATHS:
                raise RestorationError(
                    f"restorer '{self._name}' is not started again: its process ended "
                    f"{self._deaths} times"
                )
            self._started()
        child: Any = self._child
        child.most[0] = 16 * image.size + 2**20
        header, payload = described(image, most=image.nbytes)
        header.update({"sampling": sampling, "with": how, "progress": progress is not None})
        child.send(header, payload)
        frame = self._answer(child, "while it restored an image", progress)
        notes = frame[0].get("notes", [])
        for note in notes if isinstance(notes, list) else ():
            warnings.warn(str(note), RestorationWarning, stacklevel=3)
        try:
            return array_of(frame)
        except FrameError as error:
            raise RestorationError(f"restorer '{self._name}' returned {error}") from error

    def restore_image(self, image: Floats, /, *, sampling: float) -> NDArray[np.floating]:
        """Have one image (h, w) restored."""
        return self._asked(image, sampling=sampling)

    def restore_in_steps(
        self, image: Floats, /, *, sampling: float, progress: Progress
    ) -> NDArray[np.floating]:
        """Have one image restored; a model that takes no steps reports none."""
        return self._asked(image, sampling=sampling, progress=progress)


class IsolatedTiledRestorer(IsolatedRestorer):
    """One that divides large images."""

    def restore_with(
        self, image: Floats, /, *, sampling: float, tiling: Tiling | None
    ) -> NDArray[np.floating]:
        """Have one image restored with another tiling, whole for None."""
        how = {part.name: getattr(tiling, part.name) for part in fields(tiling)} if tiling else None
        return self._asked(image, sampling=sampling, how=how)


def _ending(process: "subprocess.Popen[bytes]") -> str:
    try:
        code = process.wait(timeout=2)
    except subprocess.TimeoutExpired:
        return "closed its pipe or wrote something else into it"
    if code < 0:
        return f"was ended by signal {-code}, a crash or want of memory"
    return f"ended its own process with exit code {code}"


def _without_error(frame: Frame) -> Frame:
    kind, text = frame[0].get("error"), str(frame[0].get("text", ""))
    if kind is None:
        return frame
    if kind == "input":
        raise InputError(text)
    if kind == "restoration":
        raise RestorationError(text)
    raise ForeignError(text)


def isolated(source: Source, /) -> IsolatedRestorer:
    """Start a process for a model, which ends with the returned object or with this process.

    Raises
    ------
    stembench.errors.InputError
        When it cannot be loaded within the limits of `restore.isolation.allowance`.
    """
    restorer = IsolatedRestorer(source)
    if restorer.tiling is not None:
        restorer.__class__ = IsolatedTiledRestorer
    return restorer


def _metadata(told: Any) -> RestorerMetadata:
    """Return the metadata of an answer; a TypeError names what is of another type."""
    if not isinstance(told, dict):
        raise TypeError("metadata")
    for key, value in told.items():
        wanted: tuple[type, ...] = (str,)
        if key == "weights_sha256":
            wanted = (str, type(None))
        elif key == "scales_with_counts":
            wanted = (bool, type(None))
        elif key in ("parameters", "layers"):
            wanted = (int, type(None))
        if not isinstance(value, wanted):
            raise TypeError(f"{key}={value!r:.40}")
    return RestorerMetadata(**told)
