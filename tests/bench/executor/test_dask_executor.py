"""Work on local workers and on a scheduler that runs already: results, losses, refusals."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from bench.executor import clusters
from bench.executor.clusters import local
from bench.executor.dask_executor import DaskExecutor
from bench.executor.on_worker import Program, work
from bench.executor.placement import Placement
from stembench.errors import InputError


def square(number: int) -> int:
    return number * number


def threads(_: int) -> tuple[str, str]:
    return os.environ["OMP_NUM_THREADS"], os.environ["OPENBLAS_NUM_THREADS"]


def refuse(number: int) -> int:
    raise InputError(f"{number} is refused")


def die_once(mark: str) -> str:
    """Kill the worker the first time."""
    path = Path(mark)
    if not path.exists():
        path.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return "done"


def die(_: int) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def child(_: int) -> str:
    """Start a process below the worker, as models do."""
    import multiprocessing

    process = multiprocessing.get_context("spawn").Process(target=square, args=(1,))
    process.start()
    process.join()
    return str(process.exitcode)


@pytest.fixture(scope="module")
def executor() -> Iterator[DaskExecutor]:
    with local(2, announce=lambda _: None) as found:
        yield found


def test_each_result_comes_once_with_its_key(executor: DaskExecutor) -> None:
    tasks = ((f"key {number}", (number,)) for number in range(20))
    found = dict(executor.completed(square, tasks))
    assert found == {f"key {number}": number**2 for number in range(20)}


def test_a_worker_computes_on_one_thread_and_may_have_children(executor: DaskExecutor) -> None:
    assert dict(executor.completed(threads, [(0, (0,))])) == {0: ("1", "1")}
    assert dict(executor.completed(child, [(0, (0,))])) == {0: "0"}


def test_no_more_work_waits_than_workers_can_take(executor: DaskExecutor) -> None:
    taken = []

    def tasks() -> Iterator[tuple[int, tuple[int]]]:
        for number in range(50):
            taken.append(number)
            yield number, (number,)

    results = executor.completed(square, tasks())
    next(results)
    assert len(taken) < 10
    results.close()


def test_an_error_of_the_work_comes_through(executor: DaskExecutor) -> None:
    with pytest.raises(InputError, match=r"^3 is refused$"):
        list(executor.completed(refuse, [(3, (3,))]))


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
def test_a_lost_worker_has_its_work_done_by_another(executor: DaskExecutor, tmp_path: Path) -> None:
    tasks = [("a", (str(tmp_path / "mark"),))]
    assert dict(executor.completed(die_once, tasks)) == {"a": "done"}


#: Seconds of the work that nobody is to wait for: a busy machine needs minutes for what is seconds.
_LONG = 600


def _interrupted(seen: list[psutil.Process], others: list[subprocess.Popen[bytes]]) -> None:
    with local(1, announce=lambda _: None) as alone:
        # Asked, and not found among the children: another cluster may start workers meanwhile.
        seen += [psutil.Process(pid) for pid in alone.client.run(os.getpid).values()]
        future = alone.client.submit(time.sleep, _LONG)
        assert future.status == "pending"
        others.append(subprocess.Popen([sys.executable, "-c", f"import time; time.sleep({_LONG})"]))
        raise KeyboardInterrupt


def test_an_interrupt_ends_the_workers_at_once() -> None:
    begun = time.monotonic()
    workers: list[psutil.Process] = []
    others: list[subprocess.Popen[bytes]] = []
    with pytest.raises(KeyboardInterrupt):
        _interrupted(workers, others)
    assert time.monotonic() - begun < _LONG / 2
    assert workers
    assert not psutil.wait_procs(workers, timeout=60)[1]
    # Such as the one of `multiprocessing` that keeps count of semaphores.
    assert others[0].poll() is None
    others[0].kill()
    others[0].wait()


def test_a_worker_that_does_not_end_in_time_takes_nothing_away(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As on a busy machine: what is done is done, and the worker is ended."""
    from distributed import LocalCluster

    ended = LocalCluster.close
    killed: list[psutil.Process] = []

    def impatient(self: LocalCluster) -> None:
        ended(self)
        raise TimeoutError

    monkeypatch.setattr(LocalCluster, "close", impatient)
    monkeypatch.setattr(clusters, "_kill_all", killed.extend)
    with local(1, announce=lambda _: None) as alone:
        (worker,) = alone.client.run(os.getpid).values()
        assert dict(alone.completed(square, [(3, (3,))])) == {3: 9}
    assert [each.pid for each in killed] == [worker]


def test_a_worker_with_another_program_is_refused() -> None:
    own = Program.of_this_process(["keras"])
    assert work(own, square, (3,)) == 9
    assert "keras" in dict(own.versions)
    versions = tuple((name, "0.1" if name == "numpy" else text) for name, text in own.versions)
    with pytest.raises(InputError, match=r"\(numpy .* where the run has 0\.1\); install the same"):
        work(replace(own, versions=versions), square, (3,))
    with pytest.raises(InputError, match="another source of stembench"):
        work(replace(own, source="0" * 64), square, (3,))


def test_a_scheduler_that_runs_already(executor: DaskExecutor) -> None:
    address = executor.client.scheduler.address
    said: list[str] = []
    with Placement(scheduler=address).executor(5, announce=said.append) as found:
        assert dict(found.completed(square, [(4, (4,))])) == {4: 16}
    assert re.match(rf"[12] workers? at the Dask scheduler at {re.escape(address)}", said[0])
    # The cluster is not ours: it goes on.
    assert dict(executor.completed(square, [(2, (2,))])) == {2: 4}


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:9", "nowhere://x", "127.0.0.1"])
def test_no_scheduler_is_one_sentence(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bench.executor.clusters.CONNECT", 1)
    monkeypatch.setitem(clusters.SETTINGS, "distributed.comm.timeouts.connect", "1s")
    with (
        pytest.raises(InputError, match=r"no Dask scheduler answers at .* start one with"),
        Placement(scheduler=address).executor(1, announce=print),
    ):
        pass


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
def test_work_that_ends_every_worker_is_told_in_one_sentence(
    executor: DaskExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Every start of a worker costs seconds: the first loss is one too many here.
    monkeypatch.setattr(executor.client.cluster.scheduler, "allowed_failures", 0)
    with pytest.raises(InputError, match=r"ended four workers .* memory ran out; what is finished"):
        list(executor.completed(die, [(0, (0,))]))


def test_the_log_of_dask_is_silent_while_work_lasts() -> None:
    """It tells tracebacks of a scheduler that is lost, which a sentence says already."""
    script = (
        "import logging, distributed\n"
        "from bench.executor.clusters import settled\n"
        "with settled():\n"
        "    logging.getLogger('distributed.client').error('within')\n"
        "logging.getLogger('distributed.client').error('outside')\n"
    )
    # In a process of its own: pytest takes the place of Dask's handlers.
    said = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert "outside" in said.stderr
    assert "within" not in said.stderr
