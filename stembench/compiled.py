"""Compile kernels with numba: no interpreter lock, machine code kept in the user's cache folder.

Importing this module loads numba. Only files of kernels import it, and rooms load those on first
use, so that a program which computes nothing never waits for numba.
"""

import hashlib
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar, cast

import numba
import platformdirs
from numba.core import config as numba_config

F = TypeVar("F", bound=Callable[..., Any])

_CONFIG: Any = numba_config
_CONFIG_LOCK = threading.Lock()


@dataclass(frozen=True)
class Compiler:
    """Compiler settings that a group of kernels shares.

    Attributes
    ----------
    folder : str
        Cache folder of the machine code (see `cache_folder`).
    fastmath : frozenset of str
        LLVM's flags. Without any, a sum is the same on every machine and in every batch; fused
        multiplication is never allowed unless named here.
    """

    folder: str
    fastmath: frozenset[str] = frozenset()

    def kernel(self, function: F) -> F:
        """Compile `function` on its first call and keep the machine code for the next process."""
        compiler = numba.njit(
            cache=True, nogil=True, error_model="numpy", fastmath=set(self.fastmath)
        )
        # Numba reads its cache folder from this setting of the whole process, while it decorates.
        with _CONFIG_LOCK:
            saved = _CONFIG.CACHE_DIR
            _CONFIG.CACHE_DIR = self.folder
            try:
                return cast(F, compiler(function))
            finally:
                _CONFIG.CACHE_DIR = saved

    def inlined(self, function: F) -> F:
        """Compile a small `function` that only kernels call."""
        return cast(F, numba.njit(error_model="numpy", fastmath=set(self.fastmath))(function))


def cache_folder(name: str, sources: Iterable[Path]) -> str:
    """Cache folder of a group of kernels, named after their source and numba's version.

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
        Folder in the user's cache folder; it need not exist.
    """
    digest = hashlib.sha256(numba.__version__.encode())
    for source in sorted((*sources, Path(__file__))):
        digest.update(source.read_bytes())
    return str(Path(platformdirs.user_cache_dir("stembench")) / name / digest.hexdigest()[:16])
