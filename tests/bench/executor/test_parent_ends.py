"""Workers end with their parent, however that ends; SIGTERM is an interrupt."""

import os
import signal
import subprocess
import sys
import time

import psutil
import pytest

_POOL = """
import os, sys, time
from bench.executor.workers import worker_pool
from stembench.system import terminate_as_interrupt
terminate_as_interrupt()
try:
    with worker_pool(2) as pool:
        pids = {pool.submit(os.getpid).result() for _ in range(20)}
        tasks = [pool.submit(time.sleep, 600) for _ in range(4)]
        while len(pids) < 2:
            pids |= {child.pid for child in pool._processes.values()}
        print(*pids, flush=True)
        time.sleep(600)
except KeyboardInterrupt:
    sys.exit(130)
"""
# What a worker of another pool does: only the watch on its parent ends it.
_WATCHED = """
import multiprocessing, time
from bench.executor.workers import prepare_worker
if __name__ == "__main__":
    with multiprocessing.get_context("spawn").Pool(1, initializer=prepare_worker) as pool:
        pool.apply(abs, (1,))
        print(pool._pool[0].pid, flush=True)
        pool.apply(time.sleep, (600,))
"""
# A command that is at work when it is told to end.
_COMMAND = """
import sys, time
import bench.cli.inventory.listing as listing
def wait(**options):
    print("at work", flush=True)
    time.sleep(600)
listing.print_listing = wait
sys.argv[1:] = ["list"]
from bench.cli.app import main
main()
"""


def _gone(numbers: list[int], *, within: float) -> bool:
    end = time.monotonic() + within
    while time.monotonic() < end:
        if not any(map(_runs, numbers)):
            return True
        time.sleep(0.05)
    return False


def _runs(number: int) -> bool:
    try:
        return bool(psutil.Process(number).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def _started(script: str) -> "subprocess.Popen[str]":
    return subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)


@pytest.mark.skipif(os.name == "nt", reason="sends signals")
@pytest.mark.parametrize(
    ("script", "name", "code"),
    [
        (_POOL, "SIGKILL", -9),
        (_POOL, "SIGTERM", 130),
        (_WATCHED, "SIGKILL", -9),
    ],
)
def test_workers_end_with_their_parent(script: str, name: str, code: int) -> None:
    with _started(script) as process:
        assert process.stdout is not None
        workers = [int(part) for part in process.stdout.readline().split()]
        below = [child.pid for child in psutil.Process(process.pid).children(recursive=True)]
        try:
            assert set(workers) <= set(below)
            process.send_signal(getattr(signal, name))
            assert process.wait(timeout=60) == code
            assert _gone(below, within=30)
        finally:
            for number in below:
                if _runs(number):
                    os.kill(number, signal.SIGKILL)


@pytest.mark.skipif(os.name == "nt", reason="sends signals")
@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT"])
def test_a_command_that_is_told_to_end_says_so(name: str) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", _COMMAND],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == "at work\n"
        process.send_signal(getattr(signal, name))
        _, said = process.communicate(timeout=60)
    assert (process.returncode, said) == (130, "stembench: interrupted\n")


@pytest.mark.skipif(os.name == "nt", reason="sends signals")
def test_a_worker_leaves_the_end_of_the_job_to_its_parent() -> None:
    """A scheduler sends SIGTERM to every process of a job."""
    with _started(_POOL) as process:
        assert process.stdout is not None
        workers = [int(part) for part in process.stdout.readline().split()]
        for worker in workers:
            os.kill(worker, signal.SIGTERM)
        assert not _gone(workers, within=0.5)
        process.kill()
        assert _gone(workers, within=30)
