"""The pool of this machine's processes: results, lost workers, back-pressure."""

import multiprocessing
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.executor.local_pool import AHEAD, local_pool
from bench.executor.placement import Placement
from stembench.errors import InputError


def square(number: int) -> int:
    return number * number


def threads(_: int) -> tuple[str, str]:
    return os.environ["OMP_NUM_THREADS"], os.environ["OPENBLAS_NUM_THREADS"]


def die_once(mark: str, number: int) -> int:
    """Kill the worker that does number 2 the first time."""
    if number == 2 and not Path(mark).exists():
        Path(mark).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def die(_: int) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def sleep(seconds: float) -> None:
    time.sleep(seconds)


def no_note(sentence: str) -> None:
    raise AssertionError(sentence)


def test_results_come_with_their_keys_and_no_more_is_taken_than_workers_can_do() -> None:
    taken: list[int] = []

    def tasks() -> Iterator[tuple[str, tuple[int]]]:
        for number in range(30):
            taken.append(number)
            yield f"key {number}", (number,)

    with Placement(jobs=2).executor(30, announce=no_note) as executor:
        results = executor.completed(square, tasks())
        found = dict([next(results)])
        assert len(taken) <= AHEAD * 2 + 1
        found |= dict(results)
        assert dict(executor.completed(threads, [(0, (0,))])) == {0: ("1", "1")}
    assert found == {f"key {number}": number**2 for number in range(30)}
    assert not multiprocessing.active_children()


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
def test_a_lost_worker_has_its_work_done_by_another(tmp_path: Path) -> None:
    said: list[str] = []
    mark = str(tmp_path / "mark")
    with local_pool(2, announce=said.append) as pool:
        found = list(pool.completed(die_once, ((k, (mark, k)) for k in range(8))))
    assert sorted(found) == [(k, k) for k in range(8)]
    assert said == ["a worker process ended before its work was done; that is done again"]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
def test_work_that_ends_every_worker_is_told_in_one_sentence() -> None:
    with (
        pytest.raises(InputError, match=r"same work ended 4 worker processes.*fewer --jobs"),
        local_pool(1, announce=lambda _: None) as pool,
    ):
        list(pool.completed(die, [(0, (0,))]))
    assert not multiprocessing.active_children()


def _fails_while_others_work() -> None:
    with local_pool(2, announce=no_note) as pool:
        for _ in pool.completed(sleep, [(0, (0.0,)), (1, (600.0,)), (2, (600.0,))]):
            raise KeyboardInterrupt


def test_who_takes_results_may_fail_and_nothing_is_left() -> None:
    begun = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        _fails_while_others_work()
    assert time.monotonic() - begun < 120
    assert not multiprocessing.active_children()


def test_work_has_one_place(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="either --scheduler or --cluster"):
        Placement(scheduler="tcp://a:1", cluster=tmp_path)
    with pytest.raises(InputError, match="leave it out with --scheduler"):
        Placement(scheduler="tcp://a:1", jobs=2)
    with pytest.raises(InputError, match="--dask starts a cluster of this machine"):
        Placement(scheduler="tcp://a:1", dask=True)
    with pytest.raises(InputError, match="jobs must be between 1 and 1024"):
        Placement(jobs=0)
