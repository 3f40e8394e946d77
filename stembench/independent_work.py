"""Pieces of work that do not depend on each other: who does them is handed in from above."""

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol, TypeVar

_Key = TypeVar("_Key")


class Executor(Protocol):
    """Does pieces of work that do not depend on each other."""

    @property
    def workers(self) -> int:
        """How many processes work."""
        ...

    def completed(
        self, function: Callable[..., Any], tasks: Iterable[tuple[_Key, tuple[Any, ...]]]
    ) -> Iterator[tuple[_Key, Any]]:
        """Yield keys with the results of ``function(*arguments)`` as they are finished."""
        ...


#: Starts an executor for a number of pieces of work, and ends it with the context.
StartExecutor = Callable[[int], AbstractContextManager[Executor]]


def completed(
    start: StartExecutor | None,
    function: Callable[..., Any],
    tasks: Sequence[tuple[_Key, tuple[Any, ...]]],
) -> Generator[tuple[_Key, Any], None, None]:
    """Yield keys with the results of ``function(*arguments)`` as they are finished.

    Close the generator (`contextlib.closing`) to end the workers where it is not exhausted.

    Parameters
    ----------
    start : callable or None
        Starts the executor that does the work; None does it in this process, in order.
    function : callable
        Of a module that a new process can import.
    tasks : sequence of (key, arguments)
        Without any, nothing is started.
    """
    if start is None:
        for key, arguments in tasks:
            yield key, function(*arguments)
    elif tasks:
        with start(len(tasks)) as executor:
            yield from executor.completed(function, tasks)
