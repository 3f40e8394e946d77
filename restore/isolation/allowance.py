"""Limits of time and memory on models of other origin.

They are kept in the environment, so that worker processes have those of the process that started
them.
"""

import math
import os
from dataclasses import dataclass
from typing import Final

from stembench.errors import InputError

_SECONDS: Final = "STEMBENCH_MODEL_TIMEOUT"
_GIGABYTES: Final = "STEMBENCH_MODEL_MEMORY"

DEFAULT_SECONDS: Final = 600.0
"""Time for loading a model, and for each image [s]."""
DEFAULT_SHARE: Final = 0.75
"""Part of the machine's memory that a model may take."""


@dataclass(frozen=True)
class ModelLimits:
    """What a model may take."""

    seconds: float
    """Wall time of loading, and of each image [s]."""
    memory: float
    """Resident size of its process and that one's children [bytes]."""


def _positive(text: str, option: str, unit: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value > 0):
        raise InputError(f"{option} must be a positive number of {unit}, not {text}")
    return value


def model_limits() -> ModelLimits:
    """Return the limits of this process.

    Raises
    ------
    stembench.errors.InputError
        When the environment holds something else than positive numbers.
    """
    import psutil

    seconds, memory = os.environ.get(_SECONDS), os.environ.get(_GIGABYTES)
    return ModelLimits(
        _positive(seconds, _SECONDS, "seconds") if seconds else DEFAULT_SECONDS,
        _positive(memory, _GIGABYTES, "gigabytes") * 1e9
        if memory
        else DEFAULT_SHARE * psutil.virtual_memory().total,
    )


def limit_models(*, timeout: float | None = None, memory: float | None = None) -> None:
    """Set the limits of models that this process and its children load from now on.

    Parameters
    ----------
    timeout : float or None
        Seconds for loading and for each image; None leaves it as it is.
    memory : float or None
        Gigabytes (1e9 bytes); None leaves it as it is.

    Raises
    ------
    stembench.errors.InputError
        When one of them is not a positive number.
    """
    for value, variable, option, unit in (
        (timeout, _SECONDS, "--model-timeout", "seconds"),
        (memory, _GIGABYTES, "--model-memory", "gigabytes"),
    ):
        if value is not None:
            os.environ[variable] = repr(_positive(str(value), option, unit))
