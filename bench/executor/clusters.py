"""Dask clusters: one of this machine's processes, or one that runs already."""

import importlib.util
import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final

from bench.executor.dask_executor import DaskExecutor
from stembench.errors import InputError

#: Seconds to wait for a scheduler's answer.
CONNECT: Final = 10
#: Settings of Dask within this program.
SETTINGS: Final = {
    # Models run in processes below the workers, which daemonic ones may not have.
    "distributed.worker.daemon": False,
    # What a worker holds is a block's arrays: nothing is to be written to disk or paused for it.
    "distributed.worker.memory.target": False,
    "distributed.worker.memory.spill": False,
    "distributed.worker.memory.pause": False,
    "distributed.worker.memory.terminate": False,
    "distributed.comm.timeouts.connect": f"{CONNECT}s",
    "distributed.scheduler.allowed-failures": 3,
}


@contextmanager
def settled() -> Iterator[None]:
    """Settings of Dask while the context lasts, and silence of its log, which tells tracebacks.

    What a lost scheduler or worker means for a run is said in a sentence by who works there.
    """
    import dask
    from distributed.utils import silence_logging_cmgr

    with dask.config.set(SETTINGS), silence_logging_cmgr(logging.CRITICAL + 1):
        yield


@contextmanager
def local(
    workers: int, *, announce: Callable[[str], None], engines: Iterable[str] = ()
) -> Iterator[DaskExecutor]:
    """Run a cluster of one-thread processes of this machine while the context lasts.

    An exception in the context, such as an interrupt, ends the workers at once: nobody waits for
    results that would be thrown away.
    """
    from distributed import Client, LocalCluster

    from restore import child_thread_limit

    with settled(), child_thread_limit(1):
        cluster = LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            processes=True,
            memory_limit=0,
            host="127.0.0.1",
            dashboard_address=":0",
            silence_logs=logging.CRITICAL,
            preload=["bench.executor.on_worker"],
        )
        client = Client(cluster)
        try:
            announce(f"a Dask cluster of this machine does the work{dashboard(client)}")
            place = f"the Dask cluster of {workers} processes of this machine"
            yield DaskExecutor(client, place, tuple(engines))
        except BaseException:
            # Not every child of this process: one of them keeps count of its semaphores.
            _kill_all(_workers_of(cluster))
            raise
        finally:
            client.close()
            left = _workers_of(cluster)
            try:
                cluster.close()
            except TimeoutError:  # on a busy machine, of a worker whose work is in already
                _kill_all(left)


@contextmanager
def connected(
    address: str, *, announce: Callable[[str], None], engines: Iterable[str] = ()
) -> Iterator[DaskExecutor]:
    """Work on a scheduler that runs already.

    Raises
    ------
    InputError
        If it does not answer, or has no worker after a minute.
    """
    from distributed import Client

    with settled():
        try:
            client = Client(address, timeout=CONNECT, set_as_default=False)
        except (OSError, ValueError, TimeoutError) as error:
            raise InputError(
                f"no Dask scheduler answers at {address} ({first_line(error)}); start one with "
                "`dask scheduler` or correct the address"
            ) from error
        try:
            executor = DaskExecutor(client, f"the Dask scheduler at {address}", tuple(engines))
            wait_for_workers(executor, announce=announce)
            yield executor
        finally:
            client.close()


def wait_for_workers(executor: DaskExecutor, *, announce: Callable[[str], None]) -> None:
    """Return once there is a worker, and say how many there are."""
    client = executor.client
    try:
        client.wait_for_workers(1, timeout=executor.patience)
    except TimeoutError as error:
        raise InputError(
            f"{executor.place} has no worker after {executor.patience:.0f} s; start some with "
            "`dask worker`, one thread each"
        ) from error
    _check_package(executor)
    number = executor.workers
    plural = "" if number == 1 else "s"
    announce(f"{number} worker{plural} at {executor.place}{dashboard(client)}")


def _check_package(executor: DaskExecutor) -> None:
    """Refuse a scheduler or workers that lack this program: work would end them silently."""
    command = "import bench.executor.on_worker"
    found = executor.client.run(exec, command, on_error="return")
    answers = {f"worker {name} of {executor.place}": answer for name, answer in found.items()}
    try:
        executor.client.run_on_scheduler(exec, command)
    except ImportError as error:
        answers[executor.place.removeprefix("the ")] = error
    for name, answer in answers.items():
        if isinstance(answer, BaseException):
            raise InputError(
                f"the {name} cannot import stembench ({first_line(answer)}); install it there, in "
                "the version that runs here"
            )


def dashboard(client: Any) -> str:
    """Where the dashboard is, in words; empty where it would say that bokeh is missing."""
    if importlib.util.find_spec("bokeh") is None:
        return ""
    return f"; dashboard: {client.dashboard_link}"


def _workers_of(cluster: Any, /) -> list[Any]:
    """Processes of a cluster's workers that there are."""
    import psutil

    found = []
    for nanny in list(cluster.workers.values()):
        with suppress(psutil.NoSuchProcess):
            if nanny.pid is not None:
                found.append(psutil.Process(nanny.pid))
    return found


def _kill_all(workers: Iterable[Any], /) -> None:
    """End processes and those below them."""
    import psutil

    for worker in workers:
        with suppress(psutil.NoSuchProcess):
            for each in [*worker.children(recursive=True), worker]:
                with suppress(psutil.NoSuchProcess):
                    each.kill()


def first_line(error: BaseException) -> str:
    """What an exception says, without what follows it."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
