"""Work on processes of this machine, which lose nothing when one of them is lost."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack, contextmanager, suppress
from typing import Any, Final, TypeVar

from bench.executor.workers import worker_pool
from restore import child_thread_limit, limit_threads
from stembench.errors import InputError

_Key = TypeVar("_Key")
#: Pieces of work that wait at a time, for each process: enough that none idles, few enough that
#: finished results do not pile up.
AHEAD: Final = 2
#: Processes that may be lost over the same work.
LOSSES: Final = 4


class LocalPool:
    """Executor on processes that it starts, and starts anew when one is lost.

    Parameters
    ----------
    workers : int
        How many.
    announce : callable
        Called with a sentence when a process is lost.
    """

    def __init__(self, workers: int, *, announce: Callable[[str], None]) -> None:
        self.workers = workers
        self._announce = announce
        self._open = ExitStack()
        self._pool = self._started()

    def completed(
        self, function: Callable[..., Any], tasks: Iterable[tuple[_Key, tuple[Any, ...]]]
    ) -> Iterator[tuple[_Key, Any]]:
        """Yield keys with the results of ``function(*arguments)`` as they are finished.

        Parameters
        ----------
        function : callable
            Of a module that a new process can import.
        tasks : iterable of (key, arguments)

        Raises
        ------
        InputError
            If the same work ends four processes.
        """
        left = iter(tasks)
        waiting: dict[Future[Any], tuple[_Key, tuple[Any, ...], int]] = {}
        again: list[tuple[_Key, tuple[Any, ...], int]] = []

        def submit() -> bool:
            """Fill up what waits; return whether the processes are there to do it."""
            while len(waiting) < AHEAD * self.workers:
                task = again.pop(0) if again else next(((*each, 0) for each in left), None)
                if task is None:
                    break
                try:
                    waiting[self._pool.submit(function, *task[1])] = task
                except BrokenProcessPool:
                    again.insert(0, task)
                    return False
            return True

        whole = submit()
        while waiting or again:
            done = wait(waiting, return_when=FIRST_COMPLETED).done if waiting else set()
            for future in done:
                try:
                    result = future.result()
                except BrokenProcessPool:
                    whole = False
                    continue
                yield waiting.pop(future)[0], result
            if not whole:
                again[:0] = [(key, given, lost + 1) for key, given, lost in waiting.values()]
                waiting.clear()
                self._restart(max((lost for _, _, lost in again), default=0))
            whole = submit()

    def close(self, error: BaseException | None = None) -> None:
        """End the processes; at once if there was an error."""
        kind = None if error is None else type(error)
        self._open.__exit__(kind, error, None if error is None else error.__traceback__)

    def _started(self) -> ProcessPoolExecutor:
        # Every worker computes on one thread: parallel sums would otherwise depend on the machine,
        # and processes scale better than threads over blocks that share nothing.
        self._open.enter_context(child_thread_limit(1))
        return self._open.enter_context(
            worker_pool(self.workers, initializer=limit_threads, initargs=(1,))
        )

    def _restart(self, losses: int) -> None:
        if losses >= LOSSES:
            raise InputError(
                f"the same work ended {losses} worker processes, most likely because memory ran "
                "out; what is finished is kept: run the same command again with fewer --jobs"
            )
        broken, self._open = self._open, ExitStack()
        with suppress(InputError):
            broken.__exit__(BrokenProcessPool, BrokenProcessPool(), None)
        self._announce("a worker process ended before its work was done; that is done again")
        self._pool = self._started()


@contextmanager
def local_pool(workers: int, *, announce: Callable[[str], None]) -> Iterator[LocalPool]:
    """Run processes of this machine while the context lasts.

    An exception in the context, such as an interrupt, ends them at once: nobody waits for results
    that would be thrown away.

    Parameters
    ----------
    workers : int
        How many.
    announce : callable
        Called with a sentence when one is lost.
    """
    pool = LocalPool(workers, announce=announce)
    try:
        yield pool
    except BaseException as error:
        pool.close(error)
        raise
    pool.close()
