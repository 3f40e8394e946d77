"""How kernels are compiled: numba, no interpreter lock, cached in the user's cache folder."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar, cast

import numba
import platformdirs
from numba.core import config as numba_config

F = TypeVar("F", bound=Callable[..., Any])

# Sums may be reordered for vector units, which is fixed at compile time, so that a result does
# not depend on batch or thread count; NaN and infinity keep their meaning.
_CONFIG: Any = numba_config

_SOURCES: Final = (
    "model.py",
    "kernels.py",
    "envelope.py",
    "assembly.py",
    "spread.py",
    "compiled.py",
)
_FASTMATH: Final = {"reassoc", "contract", "nsz"}


def _cache_folder() -> Path:
    """Folder named after the kernels' source: numba does not see that a called kernel changed."""
    digest = hashlib.sha256(numba.__version__.encode())
    for source in (Path(__file__).with_name(name) for name in _SOURCES):
        digest.update(source.read_bytes())
    return Path(platformdirs.user_cache_dir("stembench")) / "kernels" / digest.hexdigest()[:16]


_FOLDER: Final = str(_cache_folder())


def kernel(function: F) -> F:
    """Compile `function` on first call; the machine code is kept in the user's cache folder."""
    saved = _CONFIG.CACHE_DIR
    _CONFIG.CACHE_DIR = _FOLDER
    try:
        return cast(
            F, numba.njit(cache=True, nogil=True, error_model="numpy", fastmath=_FASTMATH)(function)
        )
    finally:
        _CONFIG.CACHE_DIR = saved


def inlined(function: F) -> F:
    """Compile a small `function` that only other kernels call."""
    return cast(F, numba.njit(error_model="numpy", fastmath=_FASTMATH)(function))
