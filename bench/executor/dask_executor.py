"""Work on the workers of a Dask scheduler, in the order in which it is finished."""

from collections.abc import Callable, Iterable, Iterator
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


@dataclass(frozen=True)
class DaskExecutor:
    """Executor on a Dask client.

    Attributes
    ----------
    client : distributed.Client
    place : str
        What the workers are called in messages.
    """

    client: "Client"
    place: str

    @property
    def workers(self) -> int:
        """How many workers there are now."""
        return max(1, len(self.client.scheduler_info(n_workers=-1)["workers"]))

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
            If the scheduler or too many workers are lost, or a worker cannot do the work.
        """
        from distributed import as_completed

        program = Program.of_this_process()
        waiting: dict[str, _Key] = {}
        left = iter(tasks)
        finished = as_completed(loop=self.client.loop)

        def submit() -> None:
            for key, arguments in left:
                future = self.client.submit(work, program, function, arguments, pure=False)
                waiting[future.key] = key
                finished.add(future)
                if len(waiting) >= AHEAD * self.workers:
                    return

        with self._told():
            submit()
            while waiting:
                future = next(finished)
                result = future.result()
                key = waiting.pop(future.key)
                future.release()
                submit()
                yield key, result

    def _told(self) -> "_Told":
        return _Told(self.place)


@dataclass(frozen=True)
class _Told:
    """Turns what Dask raises into one sentence."""

    place: str

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        from concurrent.futures import CancelledError, TimeoutError as FutureTimeout

        from distributed import KilledWorker
        from distributed.comm import CommClosedError

        kept = "what is finished is kept: the same command goes on from there"
        if isinstance(error, KilledWorker):
            raise InputError(
                f"a piece of work ended four workers of {self.place}, most likely because memory "
                f"ran out; {kept}, with fewer workers or more memory"
            ) from error
        if isinstance(error, CancelledError | CommClosedError | FutureTimeout):
            raise InputError(f"{self.place} was lost ({error}); {kept}") from error
        if isinstance(error, ModuleNotFoundError):
            raise InputError(
                f"a worker of {self.place} cannot import {error.name}: install stembench there, "
                "in the version that runs here"
            ) from error
