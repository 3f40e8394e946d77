"""The pool of worker processes: what it leaves behind, and how its failures read."""

import multiprocessing
import os
import signal
import time

import pytest

from bench.executor.workers import worker_pool
from stembench.errors import InputError


def _sleep(seconds: float) -> None:
    time.sleep(seconds)


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _ready(flag: str) -> str:
    os.environ["STEMBENCH_TEST_FLAG"] = flag
    return flag


def _interrupted_during_work() -> None:
    """Run two workers, and interrupt this process once one of them is at work."""
    with worker_pool(2) as pool:
        futures = [pool.submit(_sleep, 600) for _ in range(3)]
        while not any(future.running() for future in futures):
            time.sleep(0.01)
        raise KeyboardInterrupt


def _flag_after_an_interrupt() -> str:
    os.kill(os.getpid(), signal.SIGINT)
    return os.environ["STEMBENCH_TEST_FLAG"]


def test_an_exception_ends_the_workers_at_once_and_no_other_process() -> None:
    other = multiprocessing.get_context("spawn").Process(target=_sleep, args=(600,))
    other.start()
    try:
        begun = time.monotonic()
        with pytest.raises(KeyboardInterrupt):
            _interrupted_during_work()
        assert time.monotonic() - begun < 120
        assert multiprocessing.active_children() == [other]
    finally:
        other.terminate()
        other.join()


def test_workers_are_prepared_and_leave_interrupts_to_their_parent() -> None:
    with worker_pool(1, initializer=_ready, initargs=("set",)) as pool:
        assert pool.submit(_flag_after_an_interrupt).result(timeout=120) == "set"
    assert not multiprocessing.active_children()


def test_a_worker_that_dies_is_an_error_with_a_remedy() -> None:
    with pytest.raises(InputError, match="fewer --jobs"), worker_pool(1) as pool:
        pool.submit(_die).result()
