"""Ctrl-C during a run: it ends at once, leaves no process, and keeps what is finished."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from reports.records.run_folder import load_run

ROOT = Path(__file__).parents[3]

#: A restorer that never returns: an interrupt must not wait for it. It can write nowhere but in its
#: own folder for temporary files.
SLEEPER = """
import tempfile
import time
from pathlib import Path

def sleep(images, *, sampling):
    Path(tempfile.gettempdir(), "sleeper.started").touch()
    time.sleep(600)
    return images
"""

#: The command line with Ctrl-C as a terminal has it, also where the tests' own shell ignores it, as
#: for a job in the background.
COMMAND = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)
from bench.cli.app import app
app()
"""


def until(condition, *, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.05)
    return bool(condition())


def sleeps(pid: int) -> bool:
    """Whether a process below another one has begun to restore."""
    for process in psutil.Process(pid).children(recursive=True):
        try:
            if Path(process.environ().get("TMPDIR", "/"), "sleeper.started").exists():
                return True
        except (psutil.Error, OSError):
            continue  # it ended meanwhile
    return False


@pytest.mark.skipif(os.name == "nt", reason="Windows has no process groups to interrupt")
def test_an_interrupt_ends_the_run_and_its_workers(tmp_path: Path) -> None:
    (tmp_path / "sleeper.py").write_text(SLEEPER)
    folder = tmp_path / "run"
    command = [
        *(sys.executable, "-c", COMMAND, "run", "--case", "edge_dislocation", "--doses", "5000"),
        *("--realizations", "1", "--restorer", "sleeper:sleep", "--jobs", "2"),
        *("--out", str(folder)),
    ]
    run = subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": os.pathsep.join((str(ROOT), str(tmp_path)))},
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        finished = folder / "records"
        until(
            lambda: run.poll() is not None or (any(finished.glob("*.parquet")) and sleeps(run.pid)),
            seconds=600,
        )
        assert run.poll() is None, run.communicate()
        workers = psutil.Process(run.pid).children(recursive=True)
        assert len(workers) >= 2
        os.killpg(run.pid, signal.SIGINT)  # as a terminal does
        _, errors = run.communicate(timeout=60)
    finally:
        if run.poll() is None:
            os.killpg(run.pid, signal.SIGKILL)
            run.wait()
    assert run.returncode == 130
    assert "stembench: interrupted; what is finished is kept" in errors
    assert "Traceback" not in errors
    assert until(lambda: not any(worker.is_running() for worker in workers), seconds=10)
    kept = load_run(folder)
    assert not kept.complete
    [session] = kept.info.sessions
    assert session.seconds > 0
    # A block has a file of records, or of records of a ladder.
    kinds = [finished, folder / "axes", folder / "ablation"]
    assert session.blocks == sum(len(list(kind.glob("*.parquet"))) for kind in kinds) > 0
    # Blocks come in an order of the restorer's own, frames among those of raw images.
    names = {name.split("/")[0] for name in kept.records["restorer"]}
    assert names
    assert names <= {"raw", "frames"}
