"""Whole runs on each executor: the same bits, whoever works and whoever is lost."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pyarrow.parquet as pq
import pytest

from bench.executor.placement import Placement
from bench.plan.profiles import Profile, Selection
from bench.run.run import run_benchmark
from stembench.errors import InputError

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.name == "nt", reason="sends signals"),
]

PROFILE = Profile(
    name="small",
    summary="for tests",
    selections=(Selection("pt_bulk", ("z02",), (1e6,), 4),),
    restorers=("raw", "gaussian"),
)
#: What a worker's process has in its command line.
_WORKER = "spawn_main"


def made(
    folder: Path, placement: Placement, *, then: Callable[[], object] = lambda: None
) -> list[str]:
    """Run, do something after the first block, and return what was said."""
    said: list[str] = []
    finished: list[str] = []

    def progress(block, _: int) -> None:
        finished.append(block.name)
        if len(finished) == 1:
            then()

    run_benchmark(
        PROFILE, folder, seed=5, placement=placement, block_size=1, progress=progress,
        note=said.append,
    )  # fmt: skip
    return said


def content(folder: Path) -> dict[str, object]:
    """Tables of a run without what was measured of time and memory."""
    files = [*folder.glob("*/*.parquet"), folder / "bounds.parquet"]
    return {str(path.relative_to(folder)): pq.read_table(path) for path in files}


def workers_of(process: psutil.Process) -> list[psutil.Process]:
    return [
        child for child in process.children(recursive=True)
        if any(_WORKER in part for part in child.cmdline())
    ]  # fmt: skip


def kill_a_worker() -> None:
    workers_of(psutil.Process())[0].kill()


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs") / "one"
    assert made(folder, Placement(jobs=1)) == []
    return folder


@pytest.mark.parametrize("placement", [Placement(jobs=4), Placement(jobs=2, dask=True)])
def test_a_killed_worker_changes_no_bit(one: Path, tmp_path: Path, placement: Placement) -> None:
    made(tmp_path / "run", placement, then=kill_a_worker)
    expected, found = content(one), content(tmp_path / "run")
    assert expected.keys() == found.keys()
    assert len(expected) > 8
    assert all(expected[name].equals(found[name]) for name in expected)


@contextmanager
def scheduler(
    folder: Path, *, threads: int = 1, before: str = ""
) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """A scheduler and a worker that are not ours, and the scheduler's process."""
    told = folder / "scheduler.json"
    common = ["--scheduler-file", str(told), "--no-dashboard"]
    command = [sys.executable, "-m", "distributed.cli.dask_scheduler", *common, "--port", "0"]
    code = f"{before}\nfrom distributed.cli.dask_worker import main; main()"
    work = [sys.executable, "-c", code, *common]
    with (folder / "log").open("wb") as log:
        first = subprocess.Popen([*command, "--host", "127.0.0.1"], stderr=log)
        second = subprocess.Popen([*work, "--nthreads", str(threads), "--no-nanny"], stderr=log)
        try:
            end = time.monotonic() + 60
            while not told.exists() and time.monotonic() < end:
                time.sleep(0.1)
            yield json.loads(told.read_text())["address"], first
        finally:
            for process in (second, first):
                process.kill()
                process.wait()


def test_a_lost_scheduler_is_one_sentence_and_what_is_finished_stays(
    one: Path, tmp_path: Path
) -> None:
    with (
        scheduler(tmp_path) as (address, process),
        pytest.raises(InputError, match=r"Dask scheduler at .* was lost; what is finished"),
    ):
        made(
            tmp_path / "run",
            Placement(scheduler=address),
            then=lambda: process.send_signal(signal.SIGKILL),
        )
    kept = content_of_records(tmp_path / "run")
    assert 1 <= len(kept) < 8
    assert all(table.equals(content_of_records(one)[name]) for name, table in kept.items())


def content_of_records(folder: Path) -> dict[str, object]:
    return {path.name: pq.read_table(path) for path in (folder / "records").glob("*.parquet")}


def test_a_worker_of_several_threads_is_refused(tmp_path: Path) -> None:
    with (
        scheduler(tmp_path, threads=2) as (address, _),
        pytest.raises(InputError, match=r"does 2 pieces of work at a time .* --nthreads 1"),
    ):
        made(tmp_path / "run", Placement(scheduler=address))


def test_a_worker_without_the_package_is_refused(tmp_path: Path) -> None:
    without = "import sys; sys.modules['bench'] = None"
    with (
        scheduler(tmp_path, before=without) as (address, _),
        pytest.raises(InputError, match=r"the worker .* cannot import stembench .* install it"),
    ):
        made(tmp_path / "run", Placement(scheduler=address))
