"""What a worker does before and around each piece of work."""

import os
import platform
import socket
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from bench.executor.environment import arithmetic, program_hash
from bench.executor.workers import prepare_worker
from stembench.errors import InputError

#: Settings of this program begin with it.
_OWN_SETTINGS: Final = "STEMBENCH_"
#: What Dask gives each worker of its own.
_OF_EACH_WORKER: Final = ("$CUDA_VISIBLE_DEVICES",)


@dataclass(frozen=True)
class Program:
    """The program that a client runs, which its workers must run too, and where.

    Attributes
    ----------
    source : str
        Hash of its source.
    engines : tuple of str
        Libraries that its restorers calculate with.
    versions : tuple of (str, str)
        What its digits depend on beside that, and Python.
    folder : str
        The current one: names of models are relative to it.
    settings : tuple of (str, str)
        Environment variables of this program.
    """

    source: str
    engines: tuple[str, ...]
    versions: tuple[tuple[str, str], ...]
    folder: str
    settings: tuple[tuple[str, str], ...]

    @classmethod
    def of_this_process(cls, engines: Iterable[str] = ()) -> "Program":
        """Describe the program of the calling process."""
        used = tuple(sorted(set(engines)))
        return cls(
            source=_source(),
            engines=used,
            versions=_versions(used),
            folder=str(Path.cwd()),
            settings=tuple(
                (name, value)
                for name, value in sorted(os.environ.items())
                if name.startswith(_OWN_SETTINGS)
            ),
        )

    def difference(self) -> str:
        """What the calling process has that this has not, in words; empty for nothing."""
        own, others = dict(self.versions), dict(_versions(self.engines))
        parts = [
            f"{name} {others.get(name, 'none')} where the run has {own.get(name, 'none')}"
            for name in sorted(own.keys() | others.keys())
            if own.get(name) != others.get(name)
        ]
        if self.source != _source():
            parts.append("another source of stembench")
        return ", ".join(parts)


def work(program: Program, function: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
    """Do one piece of work on one thread, in a worker of Dask that runs the same program.

    Raises
    ------
    InputError
        If the worker runs another program or several threads: its numbers could differ.
    """
    difference = program.difference()
    if difference:
        raise InputError(
            f"the Dask worker {_here()} runs another program ({difference}); install the same "
            "there and start it again"
        )
    _one_thread()
    os.environ.update(program.settings)
    if Path(program.folder).is_dir():
        os.chdir(program.folder)
    return function(*arguments)


@lru_cache(maxsize=1)
def _source() -> str:
    # Once: what a worker has imported does not change with its files.
    return program_hash()


@lru_cache(maxsize=8)
def _versions(engines: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    found = arithmetic(engines) | {"python": platform.python_version()}
    return tuple(sorted((name, found[name]) for name in found if name not in _OF_EACH_WORKER))


@lru_cache(maxsize=1)
def _one_thread() -> None:
    """Let this process compute on one thread, once."""
    from distributed import get_worker

    from restore import limit_threads

    try:
        threads = int(get_worker().state.nthreads)
    except ValueError:  # no worker: a test
        threads = 1
    if threads > 1:
        raise InputError(
            f"the Dask worker {_here()} does {threads} pieces of work at a time in one process; "
            "start workers with one thread each (dask worker --nthreads 1 --nworkers N)"
        )
    # Parallel sums would depend on the machine otherwise.
    limit_threads(1)


def _here() -> str:
    return f"on {socket.gethostname()} (process {os.getpid()})"


def dask_setup(worker: Any) -> None:
    """Prepare a worker of this machine, by Dask's `preload`: it ends with its client."""
    del worker
    prepare_worker()
