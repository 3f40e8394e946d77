"""What multiplying in bfloat16 asks of the processor and of the libraries."""

import os
from functools import lru_cache
from typing import Final

from restore.networks.runtimes import keras_backend
from stembench.errors import InputError

#: What LLVM calls the instructions that multiply in bfloat16 and sum in float32.
_INSTRUCTIONS: Final = ("avx512bf16", "amx-bf16")
_SWITCH: Final = "TF_ENABLE_ONEDNN_OPTS"


def require_bfloat16(who: str, /) -> None:
    """Check that Keras's convolutions in bfloat16 are fast here; TensorFlow is not imported.

    Elsewhere they would be emulated: slower than float32, and less exact.

    Parameters
    ----------
    who : str
        Restorer that asks, for the message.

    Raises
    ------
    stembench.errors.InputError
        When the processor has neither AVX512-BF16 nor AMX, Keras runs on another backend than
        TensorFlow, or TensorFlow is told not to use oneDNN.
    """
    instead = f"use '{who}' without it, in float32"
    if not _has_instructions():
        raise InputError(
            f"the engine bf16 of '{who}' needs a processor with AVX512-BF16 or AMX, which this one "
            f"is not; {instead}"
        )
    backend = keras_backend()
    if backend != "tensorflow":
        raise InputError(
            f"the engine bf16 of '{who}' runs on TensorFlow, and Keras is set to the backend "
            f"'{backend}'; set KERAS_BACKEND=tensorflow, or {instead}"
        )
    if os.environ.get(_SWITCH, "1").strip().lower() in ("0", "false"):
        raise InputError(
            f"the engine bf16 of '{who}' multiplies by oneDNN, which {_SWITCH} switches off; "
            f"unset it, or {instead}"
        )


@lru_cache(maxsize=1)
def _has_instructions() -> bool:
    from llvmlite.binding import get_host_cpu_features

    found = get_host_cpu_features()
    return any(found.get(name, False) for name in _INSTRUCTIONS)
