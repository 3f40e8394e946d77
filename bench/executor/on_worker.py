"""What a Dask worker does before and around each piece of work."""

import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from stembench.errors import InputError


@dataclass(frozen=True)
class Program:
    """The program that a client runs, which its workers must run too.

    Attributes
    ----------
    source : str
        Hash of its source.
    versions : tuple of (str, str)
        Versions of the packages that calculate, and of Python.
    """

    source: str
    versions: tuple[tuple[str, str], ...]

    @classmethod
    @lru_cache(maxsize=1)
    def of_this_process(cls) -> "Program":
        """Describe the program of the calling process."""
        from bench.environment import versions
        from bench.run.code_hash import program_hash

        return cls(program_hash(), tuple(sorted(versions().items())))

    def difference(self, other: "Program") -> str:
        """What another has that this has not, in words; empty for nothing."""
        own, others = dict(self.versions), dict(other.versions)
        parts = [
            f"{name} {others.get(name, 'is missing')} where this has {own.get(name, 'none')}"
            for name in sorted(own.keys() | others.keys())
            if own.get(name) != others.get(name)
        ]
        if self.source != other.source:
            parts.append("another source of stembench")
        return ", ".join(parts)


def work(program: Program, function: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
    """Do one piece of work on one thread, in a worker that runs the same program.

    Raises
    ------
    InputError
        If the worker runs another program: its numbers could differ.
    """
    difference = program.difference(Program.of_this_process())
    if difference:
        raise InputError(
            f"the Dask worker on {_host()} runs another program ({difference}); install the same "
            "version there"
        )
    _limited()
    return function(*arguments)


@lru_cache(maxsize=1)
def _limited() -> None:
    """Let this process compute on one thread, once."""
    # Parallel sums would depend on the machine otherwise.
    from restore import limit_threads

    limit_threads(1)


def _host() -> str:
    import socket

    return f"{socket.gethostname()} (process {os.getpid()})"


def dask_setup(worker: Any) -> None:
    """Prepare a local worker, by Dask's `preload`: Ctrl-C is the client's to handle."""
    del worker
    if sys.platform == "win32":
        return
    # It reaches every process of a terminal; it is the client that ends its workers.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
