"""Pool of worker processes that ends with the work, also when that is interrupted."""

import multiprocessing
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing.process import BaseProcess
from typing import Any

from stembench.errors import InputError
from stembench.system import end_with_parent, leave_signals_to_parent


@contextmanager
def worker_pool(
    workers: int, *, initializer: Callable[..., Any] | None = None, initargs: tuple[Any, ...] = ()
) -> Iterator[ProcessPoolExecutor]:
    """Run a pool of spawned processes while the context lasts.

    Work must be submitted by the thread that enters the context: workers end with it. An exception
    in the context, such as an interrupt, ends the workers at once: it must not wait for results
    that would be thrown away.

    Parameters
    ----------
    workers : int
        Number of processes.
    initializer : callable, optional
        Called in each worker as it starts.
    initargs : tuple
        Its arguments.

    Yields
    ------
    ProcessPoolExecutor

    Raises
    ------
    InputError
        If a worker died.
    """
    others = multiprocessing.active_children()
    pool = ProcessPoolExecutor(
        workers,
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_start,
        initargs=(initializer, initargs),
    )
    try:
        yield pool
    except BrokenProcessPool as error:
        _end(others)
        raise InputError(
            "a worker process died, most likely because memory ran out; what is finished is kept:"
            " run the same command again with fewer --jobs"
        ) from error
    except BaseException:
        _end(others)
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _end(others: list[BaseProcess]) -> None:
    """End the children of this process except some."""
    for process in multiprocessing.active_children():
        if process not in others:
            process.kill()


def prepare_worker(*, thread_stays: bool = False) -> None:
    """Leave interrupts to the parent, and end with it: what every worker process does first.

    Parameters
    ----------
    thread_stays : bool
        See `stembench.system.end_with_parent`.
    """
    leave_signals_to_parent()
    end_with_parent(thread_stays=thread_stays)


def _start(initializer: Callable[..., Any] | None, initargs: tuple[Any, ...]) -> None:
    prepare_worker(thread_stays=True)
    if initializer is not None:
        initializer(*initargs)
