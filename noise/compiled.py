"""How kernels are compiled: numba, no interpreter lock, kept in the user's cache folder.

Only files of kernels import this one, and are themselves imported where they are used, so that a
program which computes nothing never waits for numba.
"""

import hashlib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final, TypeVar, cast

import numba
import platformdirs
from numba.core import config as numba_config

F = TypeVar("F", bound=Callable[..., Any])

_CONFIG: Any = numba_config


def kernel_folder(name: str, sources: Iterable[Path]) -> str:
    """Cache folder named after the kernels' source: numba sees no change of a called kernel."""
    digest = hashlib.sha256(numba.__version__.encode())
    for source in sources:
        digest.update(source.read_bytes())
    return str(Path(platformdirs.user_cache_dir("stembench")) / name / digest.hexdigest()[:16])


def compile_cached(function: F, *, folder: str, fastmath: bool | set[str] = False) -> F:
    """Compile `function` on its first call and keep the machine code for the next process.

    Parameters
    ----------
    function : callable
    folder : str
        See `kernel_folder`.
    fastmath : bool or set of str
        LLVM's flags. None by default, nor fused multiplication: a sum is then the same on every
        machine and in every batch.
    """
    saved = _CONFIG.CACHE_DIR
    _CONFIG.CACHE_DIR = folder
    try:
        return cast(
            F, numba.njit(cache=True, nogil=True, error_model="numpy", fastmath=fastmath)(function)
        )
    finally:
        _CONFIG.CACHE_DIR = saved


_HERE: Final = Path(__file__).parent
_FOLDER: Final = kernel_folder("noise", [_HERE / "kernels.py", _HERE / "compiled.py"])


def kernel(function: F) -> F:
    """Compile a kernel of the noise chains, in strict IEEE arithmetic."""
    return compile_cached(function, folder=_FOLDER)


def inlined(function: F) -> F:
    """Compile a small `function` that only kernels call."""
    return cast(F, numba.njit(error_model="numpy")(function))
