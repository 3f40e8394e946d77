"""How kernels are compiled: numba in strict IEEE arithmetic, kept in the user's cache folder.

No fast mathematics and no fused multiplication: a sum is then the same on every machine and in
every batch. Only `noise.kernels` imports this file, and is itself imported where it is used, so
that a program which distorts nothing never waits for numba.
"""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar, cast

import numba
import platformdirs

F = TypeVar("F", bound=Callable[..., Any])

_SOURCES: Final = ("kernels.py", "compiled.py")


def _cache_folder() -> Path:
    """Folder named after the kernels' source: numba does not see that a called kernel changed."""
    digest = hashlib.sha256(numba.__version__.encode())
    for name in _SOURCES:
        digest.update(Path(__file__).with_name(name).read_bytes())
    return Path(platformdirs.user_cache_dir("stembench")) / "noise" / digest.hexdigest()[:16]


_FOLDER: Final = str(_cache_folder())


def kernel(function: F) -> F:
    """Compile `function` on its first call and keep the machine code for the next process."""
    config: Any = numba.config
    saved = config.CACHE_DIR
    config.CACHE_DIR = _FOLDER
    try:
        compiled = numba.njit(cache=True, nogil=True, error_model="numpy")(function)
    finally:
        config.CACHE_DIR = saved
    return cast(F, compiled)


def inlined(function: F) -> F:
    """Compile a small `function` that only kernels call."""
    return cast(F, numba.njit(error_model="numpy")(function))
