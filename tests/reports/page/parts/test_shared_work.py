"""Work shared with other processes: the same files, also where one of the others dies."""

import gc
import os
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from bench.executor.workers import worker_pool
from reports import OtherProcesses, write_report
from reports.page.parts.shared_work import Pending, SharedWork, less_overhead, shared_work
from reports.records.run_folder import Run, load_run
from tests.made_run import make_run


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("shared") / "run"
    return load_run(make_run(folder, realizations=2, cases=("nanoparticle",)))


def test_settings_of_others_are_as_before_a_report(run: Run, tmp_path: Path) -> None:
    def now() -> tuple[Any, ...]:
        return gc.get_threshold(), pd.get_option("mode.string_storage")

    before = now()
    with less_overhead():
        assert now() != before
    write_report(run.folder, out=tmp_path / "report")
    assert now() == before


def test_other_processes_write_the_same_files(run: Run, tmp_path: Path) -> None:
    started = []

    def start(*arguments: Any, **more: Any) -> Any:
        started.append(arguments)
        return worker_pool(*arguments, **more)

    write_report(run.folder, out=tmp_path / "alone")
    others = OtherProcesses(start=start, number=1)
    write_report(run.folder, out=tmp_path / "shared", others=others)
    assert started == [(1,)]
    alone, shared = (
        {path.name: path.read_bytes() for path in (tmp_path / name).iterdir()}
        for name in ("alone", "shared")
    )
    assert len(alone) > 10
    assert alone == shared


def process_id(run: Run, summary: pd.DataFrame) -> tuple[int, int, int]:
    return os.getpid(), len(run.records), len(summary)


def die_elsewhere(run: Run, summary: pd.DataFrame, parent: int) -> str:
    del run, summary
    if os.getpid() != parent:
        os._exit(1)
    return "made here"


def test_a_process_that_dies_is_done_without(run: Run) -> None:
    summary = pd.DataFrame({"value": [1.0, 2.0]})
    with shared_work(run, summary, others=OtherProcesses(start=worker_pool, number=1)) as work:
        elsewhere, records, rows = work.want(process_id).result
        assert elsewhere != os.getpid()
        assert (records, rows) == (len(run.records), 2)
        assert work.want(die_elsewhere, os.getpid()).result == "made here"
        assert work.want(process_id).result[0] == os.getpid()


def test_what_nobody_has_begun_is_made_here_and_once(run: Run) -> None:
    made = []
    waiting: Future[str] = Future()
    pending = Pending(lambda: made.append("here") or "here", waiting)
    assert [pending.result, pending.result] == ["here", "here"]
    assert made == ["here"]
    assert waiting.cancelled()
    begun: Future[str] = Future()
    begun.set_running_or_notify_cancel()
    begun.set_result("there")
    assert Pending(lambda: "here", begun).result == "there"


def test_without_others_this_process_does_everything(run: Run) -> None:
    made: list[int] = []

    def part(run: Run, summary: pd.DataFrame, number: int) -> int:
        made.append(number)
        return number

    work = SharedWork(run, pd.DataFrame())
    parts = [work.want(part, number) for number in range(3)]
    work.help()
    assert made == []
    assert [one.result for one in parts] == made == [0, 1, 2]
