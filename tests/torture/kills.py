"""Kills at random moments of a tiny run, which then goes on to the same bits."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
import psutil

from bench.plan import profiles
from bench.plan.profiles import Profile, Selection
from bench.run.run import run_benchmark
from reports import load_run
from stembench.surroundings.leftovers import is_temporary
from tests.torture.trial import (
    Child,
    Trial,
    command,
    fault_of_ending,
    fork,
    orphans,
    with_forked_workers,
    without_workers,
)

#: Who is killed, in turn, and what workers are: forked ones cost a tenth of those started anew.
VICTIMS: Final = (
    "main", "worker", "group", "main by SIGTERM", "scheduler", "worker", "main", "worker", "group",
    "main by SIGTERM", "main", "worker",
)  # fmt: skip
_STARTED_ANEW: Final = 5
#: A user's model, which runs in a process of its own below each worker.
_MODEL: Final = """
import numpy as np
def same(images, *, sampling):
    return np.array(images)
"""
#: Files that a finished run may have beside those of an undisturbed one.
_ALLOWED: Final = {".run.lock"}


def profile(number: int) -> Profile:
    """A tiny run: every third has a user's model."""
    restorer = "model:same" if number % 3 == 2 else "gaussian"
    return Profile(
        name="quick",
        summary="for torture",
        selections=(Selection("pt_bulk", ("z02",), (5e3,), 1),),
        restorers=("raw", restorer, "flat"),
    )


def run(folder: Path, *more: str, number: int = 0, prepare: Callable[[], None]) -> Child:
    """Start a run of the tiny profile."""
    if number % 3 == 2:
        (folder.parent / "model.py").write_text(_MODEL)

    def work() -> int:
        prepare()
        profiles.get_profile = lambda _: profile(number)
        return command(["run", "--out", str(folder), *more])()

    return fork(work, folder.parent)


def content(folder: Path) -> dict[str, object]:
    """What must be the same of two runs: names of files, bytes of all that holds no times."""
    files = {}
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        if path.is_file() and name not in _ALLOWED:
            timed = name == "run.json" or name.startswith(("records/", "probes/"))
            files[name] = b"" if timed else path.read_bytes()
    return files


def difference(folder: Path, undisturbed: Path) -> str:
    """Say how a run differs from the undisturbed one; empty if it does not."""
    left = [path.name for path in folder.rglob("*") if is_temporary(path)]
    if left:
        return f"left behind: {', '.join(left)}"
    here, there = content(folder), content(undisturbed)
    if here.keys() != there.keys():
        return f"files differ: {sorted(here.keys() ^ there.keys())}"
    changed = [name for name in here if here[name] != there[name]]
    if changed:
        return f"bytes differ: {changed}"
    both = load_run(folder), load_run(undisturbed)
    try:
        pd.testing.assert_frame_equal(both[0].records, both[1].records, check_exact=True)
    except AssertionError as error:
        return f"records differ: {str(error).splitlines()[0]}"
    return ""


def scratch_left(*, seconds: float = 10.0) -> str:
    """Name of a scratch folder that is not removed by whoever guards it, and that is removed here.

    The guardians of the last models end a moment after their command.
    """
    end = time.monotonic() + seconds
    while left := [path for path in Path(tempfile.gettempdir()).glob("*") if is_temporary(path)]:
        if time.monotonic() > end:
            for path in left:
                shutil.rmtree(path, ignore_errors=True)
            return left[0].name
        time.sleep(0.1)
    return ""


def undisturbed(place: Path) -> tuple[tuple[Path, ...], float]:
    """Make the runs that others are held against; seconds of one with two workers."""
    without_workers()
    # Here and not in a child, so that children have all loaded.
    run_benchmark(profile(0), place / "loaded", seed=2024)
    # Of three profiles two are the same.
    plain, modelled = place / "undisturbed", place / "undisturbed-model"
    folders = (plain, plain, modelled)
    seconds = 0.0
    for number, folder in ((0, plain), (2, modelled)):
        begun = time.monotonic()
        child = run(folder, "--jobs", "2", number=number, prepare=with_forked_workers)
        if child.wait() != 0:
            raise RuntimeError(child.said())
        seconds = max(seconds, time.monotonic() - begun)
    return folders, seconds


@contextlib.contextmanager
def dask_scheduler(place: Path) -> Iterator[tuple[str, int]]:
    """A scheduler with one worker; its address and process."""
    told = place / "scheduler.json"
    common = ["--scheduler-file", str(told), "--no-dashboard"]
    start = [sys.executable, "-m", "distributed.cli.dask_scheduler", *common]
    work = [sys.executable, "-m", "distributed.cli.dask_worker", *common]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    first = subprocess.Popen([*start, "--port", "0", "--host", "127.0.0.1"], **quiet)
    second = subprocess.Popen([*work, "--nthreads", "1", "--no-nanny"], **quiet)
    try:
        end = time.monotonic() + 240
        while not told.exists() and time.monotonic() < end:
            time.sleep(0.1)
        yield json.loads(told.read_text())["address"], first.pid
    finally:
        for process in (second, first):
            process.kill()
            process.wait()


def _moment(folder: Path, *, rng: np.random.Generator, seconds: float, child: Child) -> str:
    """Wait for a random moment: of the time, or just after a random one of the files appears."""
    if rng.random() < 0.4:
        wait = float(rng.uniform(0, seconds))
        time.sleep(wait)
        return f"after {wait:.2f} s"
    files = int(rng.integers(0, 12))
    end = time.monotonic() + 2 * seconds
    while time.monotonic() < end and psutil.pid_exists(child.pid):
        if sum(path.is_file() for path in folder.rglob("*")) > files:
            break
        time.sleep(0.002)
    wait = float(rng.exponential(0.05))
    time.sleep(wait)
    return f"{wait:.3f} s after file {files + 1}"


def kill(number: int, references: tuple[Path, ...], *, seconds: float) -> Trial:
    """Kill something of a run, let the run go on, and hold it against the undisturbed one."""
    victim = VICTIMS[number % len(VICTIMS)]
    rng = np.random.default_rng([2026, number])
    place = Path(tempfile.mkdtemp(prefix="torture-"))
    folder = place / "run"
    before = {process.pid for process in psutil.Process().children(recursive=True)}
    # In turn of those that are struck by chance.
    anew = number % len(VICTIMS) == _STARTED_ANEW
    if anew:
        victim = ("main", "worker", "group", "main by SIGTERM")[number // len(VICTIMS) % 4]
    kind = f"{victim}, workers started anew" if anew else victim
    code: int | None
    try:
        if victim == "scheduler":
            with dask_scheduler(place) as (address, pid):
                child = run(folder, "--scheduler", address, number=0, prepare=_nothing)
                when = _moment(folder, rng=rng, seconds=4 * seconds, child=child)
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
                code = child.wait()
        else:
            prepare = _nothing if anew else with_forked_workers
            child = run(folder, "--jobs", "2", number=number, prepare=prepare)
            long = seconds + 10 if anew else seconds
            when = _moment(folder, rng=rng, seconds=long, child=child)
            _strike(victim, child, rng=rng)
            code = child.wait()
        said = child.said()
        fault = _fault_of_kill(victim, code, said)
        left = orphans(before)
        if left and not fault:
            fault = f"{len(left)} processes are left"
        number_of_run = 0 if victim == "scheduler" else number
        again = run(folder, "--jobs", "1", number=number_of_run, prepare=without_workers)
        again_code = again.wait()
        if not fault and again_code != 0:
            said = again.said()
            fault = f"does not go on: exit code {again_code}: {said.strip()[-300:]}"
        if not fault:
            fault = difference(folder, references[number_of_run % 3])
        left_scratch = scratch_left()
        # A command without a model of a user's has no scratch folders to look for.
        if not fault and left_scratch and number_of_run % 3 == 2:
            fault = f"left behind: {left_scratch}"
        outcome = "goes on to the same bits" if code != 0 else "ended before or in spite of it"
        return Trial("kills", kind, number, outcome, fault, when, said[-5000:] if fault else "")
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _nothing() -> None:
    """Leave the program as it is."""


def _strike(victim: str, child: Child, *, rng: np.random.Generator) -> None:
    with contextlib.suppress(ProcessLookupError, psutil.NoSuchProcess):
        if victim == "worker":
            workers = []
            end = time.monotonic() + 5
            while not workers and time.monotonic() < end and psutil.pid_exists(child.pid):
                workers = psutil.Process(child.pid).children(recursive=True)
                time.sleep(0.01)
            if workers:
                workers[int(rng.integers(len(workers)))].kill()
        elif victim == "group":
            os.killpg(child.pid, signal.SIGKILL)
        else:
            os.kill(child.pid, signal.SIGTERM if "SIGTERM" in victim else signal.SIGKILL)


def _fault_of_kill(victim: str, code: int | None, said: str) -> str:
    killed = victim in ("main", "group")
    if killed and code in (-signal.SIGKILL, 0):
        return ""
    if victim == "main by SIGTERM" and code in (130, 0):
        return "traceback" if "Traceback" in said else ""
    # Before the handler is there, the signal ends the process as it ends any other.
    if victim == "main by SIGTERM" and code == -signal.SIGTERM and not said:
        return ""
    return fault_of_ending(code, said)
