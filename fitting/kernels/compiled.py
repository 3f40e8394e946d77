"""Compiler of the fit's kernels: sums may be reordered for vector units."""

from pathlib import Path
from typing import Final

from stembench.compiled import Compiler, cache_folder

_ROOM: Final = Path(__file__).parent

COMPILER: Final = Compiler(
    folder=cache_folder("fitting", (*_ROOM.glob("*.py"), _ROOM.parent / "model.py")),
    # The order of a sum is fixed at compile time, so that a result does not depend on batch or
    # thread count; NaN and infinity keep their meaning.
    fastmath=frozenset({"reassoc", "contract", "nsz"}),
)
kernel = COMPILER.kernel
inlined = COMPILER.inlined
