"""Peak memory of this process and of the models it runs, and its growth during a piece of work."""

from collections.abc import Callable

import psutil

from restore import model_processes
from stembench import system


def peak_memory() -> int:
    """Largest resident size in bytes, since the start or the last reset.

    Models in processes of their own count: the peaks are added, though they need not have been
    reached at the same time.
    """
    return system.peak_memory() + sum(map(system.peak_memory, model_processes()))


def start_watch() -> tuple[int, Callable[[], int | None]]:
    """Reset the peak; return the earlier peak and a function that reads the growth.

    Returns
    -------
    earlier : int
        The peak up to now in bytes, which the reset forgets.
    growth : callable
        Bytes by which the process and its models have grown at most since; None where the system
        cannot reset a peak (Linux can).
    """
    earlier = peak_memory()
    if not system.reset_peak():
        return earlier, lambda: None
    start = int(psutil.Process().memory_info().rss)
    for process in model_processes():
        system.reset_peak(process)
        start += system.peak_memory(process)
    return earlier, lambda: max(0, peak_memory() - start)
