"""Compile kernels with numba: no interpreter lock, machine code kept in the user's cache folder.

Importing this module loads numba. Only files of kernels import it, and rooms load those on first
use, so that a program which computes nothing never waits for numba.
"""

import hashlib
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar, cast

import numba
from numba.core import event

from stembench.surroundings.machine_code import KernelCache

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True)
class Compiler:
    """Compiler settings that a group of kernels shares.

    Attributes
    ----------
    folder : str
        Name of the folder of the machine code (see `cache_folder`).
    fastmath : frozenset of str
        LLVM's flags. Without any, a sum is the same on every machine and in every batch; fused
        multiplication is never allowed unless named here.
    """

    folder: str
    fastmath: frozenset[str] = frozenset()

    def kernel(self, function: F) -> F:
        """Compile `function` on its first call and keep the machine code for the next process."""
        compiled: Any = numba.njit(nogil=True, error_model="numpy", fastmath=set(self.fastmath))(
            function
        )
        if hasattr(compiled, "enable_caching"):  # not if numba is told to compile nothing
            # Numba would keep it in files that it trusts, damaged or of another user.
            compiled._cache = KernelCache(function, self.folder)
        return cast(F, compiled)

    def inlined(self, function: F) -> F:
        """Compile a small `function` that only kernels call."""
        return cast(F, numba.njit(error_model="numpy", fastmath=set(self.fastmath))(function))


def cache_folder(name: str, sources: Iterable[Path]) -> str:
    """Name of the cache folder of a group of kernels, made of their source and numba's version.

    Numba does not notice a change of a kernel that another kernel calls: with its source the
    folder changes, and all are compiled anew.

    Parameters
    ----------
    name : str
        Name of the group of kernels.
    sources : iterable of Path
        All files that hold code of these kernels.

    Returns
    -------
    str
        Name of a folder in that of all caches (`stembench.surroundings.private_folder`).
    """
    digest = hashlib.sha256(numba.__version__.encode())
    for source in sorted((*sources, Path(__file__))):
        digest.update(source.read_bytes())
    return f"{name}-{digest.hexdigest()[:16]}"


class CompileTime(event.Listener):
    """Processor time that this process has spent on compiling kernels.

    Attributes
    ----------
    seconds : float
    """

    def __init__(self) -> None:
        self.seconds = 0.0
        self._depth = 0
        self._begun = 0.0

    def on_start(self, event: Any) -> None:
        """Note when the outermost kernel begins: one that it calls is compiled within."""
        del event
        if self._depth == 0:
            self._begun = time.process_time()
        self._depth += 1

    def on_end(self, event: Any) -> None:
        """Add the time of the outermost kernel."""
        del event
        self._depth -= 1
        if self._depth == 0:
            self.seconds += time.process_time() - self._begun


@contextmanager
def compile_time() -> Iterator[CompileTime]:
    """Watch what is compiled while the context lasts; kernels that were kept take nothing."""
    watch = CompileTime()
    with event.install_listener("numba:compile", watch):
        yield watch
