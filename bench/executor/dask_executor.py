"""Work on the workers of a Dask scheduler, in the order in which it is finished."""

import queue
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import CancelledError
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeVar

from bench.executor.on_worker import Program, work
from stembench.errors import InputError

if TYPE_CHECKING:
    from distributed import Client

_Key = TypeVar("_Key")
#: Pieces of work that wait on the workers at a time, for each of them: enough that none idles, few
#: enough that finished results do not pile up.
AHEAD: Final = 2
#: Seconds between looks at whether the scheduler and its workers are still there.
_LOOK: Final = 2.0
_KEPT: Final = "what is finished is kept: the same command goes on from there"


@dataclass(frozen=True)
class DaskExecutor:
    """Executor on a Dask client.

    Attributes
    ----------
    client : distributed.Client
    place : str
        What the workers are called in messages.
    engines : tuple of str
        Libraries that restorers calculate with: workers must have the same versions.
    patience : float
        Seconds to wait for a worker when there is none.
    """

    client: "Client"
    place: str
    engines: tuple[str, ...] = ()
    patience: float = 60.0

    @property
    def workers(self) -> int:
        """How many workers there are now; 0 if the scheduler does not answer."""
        return len(self.client.scheduler_info(n_workers=-1).get("workers", ()))

    def completed(
        self, function: Callable[..., Any], tasks: Iterable[tuple[_Key, tuple[Any, ...]]]
    ) -> Iterator[tuple[_Key, Any]]:
        """Yield keys with the results of ``function(*arguments)`` as they are finished.

        A worker that is lost has its work done by another; work that loses four workers fails.

        Parameters
        ----------
        function : callable
            Of a module that workers can import.
        tasks : iterable of (key, arguments)

        Raises
        ------
        InputError
            If the scheduler or all workers are lost, or a worker cannot do the work.
        """
        from distributed.client import ClosedClientError

        program = Program.of_this_process(self.engines)
        waiting: dict[Any, _Key] = {}
        left = iter(tasks)
        finished: queue.SimpleQueue[Any] = queue.SimpleQueue()

        def submit() -> None:
            most = AHEAD * max(1, self.workers)
            while len(waiting) < most:
                task = next(left, None)
                if task is None:
                    return
                try:
                    future = self.client.submit(work, program, function, task[1], pure=False)
                except ClosedClientError as error:
                    raise self._lost() from error
                waiting[future] = task[0]
                future.add_done_callback(finished.put)

        submit()
        while waiting:
            future = self._next(finished, waiting)
            result = self._result(future)
            key = waiting.pop(future)
            future.release()
            submit()
            yield key, result

    def _lost(self) -> InputError:
        return InputError(f"{self.place} was lost; {_KEPT}")

    def _next(self, finished: "queue.SimpleQueue[Any]", waiting: Iterable[Any]) -> Any:
        """The next future that is finished, while there is somebody who works."""
        alone_since = None
        while True:
            try:
                return finished.get(timeout=_LOOK)
            except queue.Empty:
                pass
            # A client that finds the scheduler again has lost what it had asked for.
            states = {self.client.status, *(future.status for future in waiting)}
            if states & {"connecting", "closing", "closed", "lost", "cancelled"}:
                raise self._lost()
            if self.workers:
                alone_since = None
                continue
            alone_since = alone_since or time.monotonic()
            if time.monotonic() - alone_since > self.patience:
                raise InputError(
                    f"{self.place} has had no worker for {self.patience:.0f} s (one that lacks "
                    f"stembench ends as work reaches it); {_KEPT}"
                )

    def _result(self, future: Any) -> Any:
        """What a future holds; what Dask raises in one sentence."""
        from distributed import KilledWorker
        from distributed.comm.core import CommClosedError

        try:
            return future.result(timeout=60)
        except KilledWorker as error:
            raise InputError(
                f"a piece of work ended four workers of {self.place}, most likely because memory "
                f"ran out; {_KEPT}, with fewer workers or more memory"
            ) from error
        except ModuleNotFoundError as error:
            raise InputError(
                f"a worker of {self.place} cannot import {error.name}: install stembench there, "
                f"in the version that runs here; {_KEPT}"
            ) from error
        except (CancelledError, CommClosedError, TimeoutError) as error:
            raise self._lost() from error
