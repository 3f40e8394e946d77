"""The fastest engine of CGRDN on this machine, timed once and kept in the cache folder."""

import json
import logging
import os
import platform
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from restore.networks.threads import child_thread_limit
from stembench.describe import from_dict
from stembench.errors import InputError
from stembench.limits import require
from stembench.surroundings.kept_values import KeptValues

_ROOM: Final = "engines"
_TIMEOUT: Final = 600.0  # s
_LOG: Final = logging.getLogger("stembench")
#: Settings that make TensorFlow faster or slower.
_SETTINGS: Final = ("TF_ENABLE_ONEDNN_OPTS", "TF_SET_ONEDNN_FPMATH_MODE", "CUDA_VISIBLE_DEVICES")
# The engines load libraries of a gigabyte, which this process may never need.
_PROBE: Final = """
import json, sys
sys.path[:] = json.loads(sys.argv[1])
from restore.cgrdn.engine_probe import time_engines
print(json.dumps(time_engines(sys.argv[2:])))
"""


@dataclass(frozen=True, kw_only=True)
class EngineTimes:
    """Seconds that each engine took for the same image on one thread."""

    seconds: Mapping[str, float]

    def __post_init__(self) -> None:
        for engine, value in self.seconds.items():
            require(value, engine, low=0, open_low=True, unit="s")

    @property
    def fastest(self) -> str:
        """Engine of the least time."""
        return min(self.seconds, key=self.seconds.__getitem__)


def fastest_engine(versions: Mapping[str, str], /) -> str:
    """Return the fastest engine, from the cache or from a probe of some seconds.

    Parameters
    ----------
    versions : mapping of str to str
        Versions of the libraries of each engine that is installed. A single one is not timed.

    Raises
    ------
    stembench.errors.InputError
        When the engines cannot be timed.
    """
    if len(versions) == 1:
        return next(iter(versions))
    return _fastest(tuple(versions.items()), _machine(), _probe)


@lru_cache(maxsize=8)
def _fastest(
    versions: tuple[tuple[str, str], ...],
    machine: tuple[str, ...],
    probe: Callable[[tuple[str, ...]], EngineTimes],
) -> str:
    # Once per process, even where nothing can be kept: a second probe might say otherwise.
    engines = tuple(name for name, _ in versions)
    store = KeptValues(
        _ROOM,
        what="which engine is fastest is",
        remedy="the engines are timed again",
        note=lambda sentence: _LOG.warning("stembench: %s", sentence),
    )
    key = json.dumps([versions, machine])
    kept = store.read(EngineTimes, key)
    if kept is not None and set(kept.seconds) == set(engines):
        return kept.fastest
    times = probe(engines)
    store.write(times, key)
    return times.fastest


def _machine() -> tuple[str, ...]:
    from llvmlite.binding import get_host_cpu_name

    settings = (os.environ.get(name, "") for name in _SETTINGS)
    gpu = str(Path("/dev/nvidiactl").exists())
    return (get_host_cpu_name(), platform.machine(), platform.system(), gpu, *settings)


def _probe(engines: tuple[str, ...]) -> EngineTimes:
    """Time the engines in a process of its own, on one thread as a run's workers have."""
    path = json.dumps([str(Path(entry).absolute()) for entry in sys.path])
    try:
        with child_thread_limit(1):
            printed = subprocess.run(  # noqa: S603 (this interpreter and our own code)
                [sys.executable, "-c", _PROBE, path, *engines],
                capture_output=True,
                check=True,
                text=True,
                timeout=_TIMEOUT,
            ).stdout
        seconds = json.loads(printed.splitlines()[-1])
    except (subprocess.SubprocessError, ValueError, IndexError) as error:
        said = (getattr(error, "stderr", "") or str(error)).strip().splitlines()
        raise InputError(
            f"the engines {', '.join(engines)} of CGRDN could not be timed "
            f"({said[-1] if said else 'nothing was said'}); name one of them instead of auto"
        ) from error
    return from_dict(EngineTimes, {"seconds": seconds}, source="the probe of CGRDN's engines")
