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
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
import psutil

from bench.plan import profiles
from bench.plan.profiles import Profile, Selection
from reports import load_run
from stembench.surroundings.leftovers import is_temporary
from tests.torture.trial import Child, Trial, command, fault_of_ending, fork, orphans

PROFILE: Final = Profile(
    name="quick",
    summary="for torture",
    selections=(Selection("pt_bulk", ("z02",), (5e2, 5e3), 2),),
    restorers=("raw", "gaussian"),
)
#: Who is killed, in turn.
VICTIMS: Final = ("main", "worker", "group", "main by SIGTERM", "scheduler")
#: Files that a finished run may have beside those of an undisturbed one.
_ALLOWED: Final = {".run.lock"}


def run(folder: Path, *more: str) -> Child:
    """Start a run of the tiny profile."""

    def work() -> int:
        profiles.get_profile = lambda _: PROFILE
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


def undisturbed(place: Path) -> tuple[Path, float]:
    """Make the run that others are held against; its seconds."""
    folder = place / "undisturbed"
    begun = time.monotonic()
    child = run(folder, "--jobs", "2")
    if child.wait() != 0:
        raise RuntimeError(child.said())
    return folder, time.monotonic() - begun


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
        end = time.monotonic() + 60
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


def kill(number: int, reference: Path, *, seconds: float) -> Trial:
    """Kill something of a run, let the run go on, and hold it against the undisturbed one."""
    victim = VICTIMS[number % len(VICTIMS)]
    if victim == "scheduler" and find_spec("bench.executor") is None:
        return Trial("kills", victim, number, "skipped: runs have no scheduler here")
    rng = np.random.default_rng([2026, number])
    place = Path(tempfile.mkdtemp(prefix="torture-"))
    folder = place / "run"
    before = {process.pid for process in psutil.Process().children(recursive=True)}
    try:
        if victim == "scheduler":
            with dask_scheduler(place) as (address, pid):
                child = run(folder, "--scheduler", address)
                when = _moment(folder, rng=rng, seconds=0.7 * seconds, child=child)
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
                code = child.wait()
        else:
            child = run(folder, "--jobs", "2")
            when = _moment(folder, rng=rng, seconds=seconds, child=child)
            _strike(victim, child, rng=rng)
            code = child.wait()
        said = child.said()
        fault = _fault_of_kill(victim, code, said)
        left = orphans(before)
        if left and not fault:
            fault = f"{len(left)} processes are left"
        again = run(folder, "--jobs", "1")
        again_code = again.wait()
        if not fault and again_code != 0:
            fault = f"does not go on: exit code {again_code}: {again.said().strip()[-300:]}"
        if not fault:
            fault = difference(folder, reference)
        outcome = "goes on to the same bits" if code != 0 else "ended before or in spite of it"
        return Trial("kills", victim, number, outcome, fault, when)
    finally:
        shutil.rmtree(place, ignore_errors=True)


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
