"""How the kernels of the fit are compiled: sums may be reordered for vector units."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar, cast

import numba

from noise.compiled import compile_cached, kernel_folder

F = TypeVar("F", bound=Callable[..., Any])

_SOURCES: Final = (
    "model.py",
    "kernels.py",
    "envelope.py",
    "assembly.py",
    "spread.py",
    "compiled.py",
)
# The order of a sum is fixed at compile time, so that a result does not depend on batch or thread
# count; NaN and infinity keep their meaning.
_FASTMATH: Final = {"reassoc", "contract", "nsz"}
_FOLDER: Final = kernel_folder("kernels", [Path(__file__).with_name(name) for name in _SOURCES])


def kernel(function: F) -> F:
    """Compile `function` on first call; the machine code is kept in the user's cache folder."""
    return compile_cached(function, folder=_FOLDER, fastmath=_FASTMATH)


def inlined(function: F) -> F:
    """Compile a small `function` that only other kernels call."""
    return cast(F, numba.njit(error_model="numpy", fastmath=_FASTMATH)(function))
