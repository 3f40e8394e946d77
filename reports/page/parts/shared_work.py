"""Parts of a report made at once by several processes, each of which is handed the run once."""

import gc
import pickle
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import pandas as pd

from reports.records.run_folder import Run

#: Of pandas: frames of few rows are taken apart tens of thousands of times, and Arrow's strings
#: take longer at that than Python's (6 % of the processor time of a report).
_STRINGS: Final = ("mode.string_storage", "python")
#: Of Python: what a report makes stays until its end, and looking through all of it for circles
#: every 700 objects takes another 6 %.
_COLLECTING: Final = (50_000, 20, 20)
#: Starts a number of processes that stay while the context lasts; `initializer` and `initargs` as
#: of `concurrent.futures.ProcessPoolExecutor`.
StartPool = Callable[..., AbstractContextManager[Executor]]
#: Largest run that is handed over [bytes]: each process holds it again.
LARGEST: Final = 500_000_000
#: Processes at most, beside this one: the report has no more long parts.
MOST: Final = 4


@dataclass(frozen=True, kw_only=True)
class OtherProcesses:
    """Processes that make parts of a report beside this one.

    Attributes
    ----------
    start : callable
        Starts them.
    number : int
        How many at most; without any this process does everything.
    """

    start: StartPool
    number: int


class Pending:
    """A part that is wanted: made by another process, or by this one when it is asked for.

    Parameters
    ----------
    here : callable
        Makes it in this process.
    future : Future, optional
        Of the process that may make it.
    """

    def __init__(self, here: Callable[[], Any], future: "Future[Any] | None" = None) -> None:
        self._here = here
        self._future = future

    @cached_property
    def result(self) -> Any:
        """The part. This process makes it where no other has begun, or the one that did is gone."""
        if self._future is None or self._future.cancel():
            return self._here()
        try:
            return self._future.result()
        except BrokenProcessPool:  # memory ran out, most likely: this process has what it needs
            return self._here()


class SharedWork:
    """Functions of one run and its summary, called by whichever process is free.

    Parameters
    ----------
    run : Run
    summary : pandas.DataFrame
    pool : Executor, optional
        Processes that were handed both.
    """

    def __init__(self, run: Run, summary: pd.DataFrame, *, pool: Executor | None = None) -> None:
        self._given = (run, summary)
        self._pool = pool
        self._wanted: list[Pending] = []

    def want(self, function: Callable[..., Any], *arguments: Any) -> Pending:
        """Ask for ``function(run, summary, *arguments)``.

        Parameters
        ----------
        function : callable
            Of a module that a new process can import, as is its result.
        *arguments
            Small: they are handed over each time.
        """
        future = None
        if self._pool is not None:
            try:
                future = self._pool.submit(_call, function, arguments)
            except BrokenProcessPool:
                self._pool = None
        pending = Pending(lambda: function(*self._given, *arguments), future)
        self._wanted.append(pending)
        return pending

    def help(self) -> None:
        """Make what other processes have not begun: they take the first parts, this one the last.

        Without other processes each part is made when it is asked for.
        """
        if self._pool is not None:
            for pending in reversed(self._wanted):
                _ = pending.result


@contextmanager
def less_overhead() -> Iterator[None]:
    """Let pandas and Python do less beside the work of a report; its files are the same."""
    before = gc.get_threshold()
    try:
        gc.set_threshold(*_COLLECTING)
        with pd.option_context(*_STRINGS):
            yield
    finally:
        gc.set_threshold(*before)


@contextmanager
def shared_work(
    run: Run, summary: pd.DataFrame, *, others: OtherProcesses | None
) -> Iterator[SharedWork]:
    """Share the parts of a report among processes while the context lasts.

    Parameters
    ----------
    run : Run
        Handed over with all that `Run.once` knows by now.
    summary : pandas.DataFrame
    others : OtherProcesses or None
        None, as for a run of more than `LARGEST` bytes, leaves everything to this process.
    """
    given = b""
    if others is not None and others.number > 0:
        given = pickle.dumps((run, summary), protocol=pickle.HIGHEST_PROTOCOL)
    if others is None or not 0 < len(given) <= LARGEST:
        yield SharedWork(run, summary)
        return
    with others.start(
        min(others.number, MOST), initializer=_receive, initargs=(given,)
    ) as pool:  # fmt: skip
        yield SharedWork(run, summary, pool=pool)


#: What this process was handed, if it is one of the others.
_received: list[Any] = []


def _receive(given: bytes) -> None:
    pd.set_option(*_STRINGS)
    gc.set_threshold(*_COLLECTING)
    # Written by the process that started this one, not by a file.
    _received[:] = pickle.loads(given)  # noqa: S301


def _call(function: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
    return function(*_received, *arguments)
