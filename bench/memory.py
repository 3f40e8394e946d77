"""Peak memory of this process, and its growth during a piece of work."""

import sys
from collections.abc import Callable
from pathlib import Path

import psutil

_STATUS = Path("/proc/self/status")


def peak_memory() -> int:
    """Largest resident size of this process in bytes, since its start or the last reset."""
    # Linux's ru_maxrss would count the parent that a process was forked from, and is not reset.
    if _STATUS.exists():
        for line in _STATUS.read_text(encoding="ascii", errors="replace").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    peak = 0
    if sys.platform == "win32":
        peak = int(psutil.Process().memory_info().peak_wset)
    else:  # which a type checker for Windows does not enter
        import resource

        unit = 1 if sys.platform == "darwin" else 1024
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    return peak


def start_watch() -> tuple[int, Callable[[], int | None]]:
    """Reset the peak of this process; return the earlier peak and a function that reads the growth.

    Returns
    -------
    earlier : int
        The peak up to now in bytes, which the reset forgets.
    growth : callable
        Bytes by which the process has grown at most since; None where the system cannot reset its
        peak (Linux can).
    """
    earlier = peak_memory()
    try:
        # "5" resets the high-water mark of the resident size (proc(5)).
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    except OSError:
        return earlier, lambda: None
    start = int(psutil.Process().memory_info().rss)
    return earlier, lambda: max(0, peak_memory() - start)
