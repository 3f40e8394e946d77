"""How much memory one piece of work adds to a process."""

import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np
import pytest

from bench.executor.memory import start_watch

_SIZE = 60_000_000


def _grown() -> tuple[int, int | None, int, int | None]:
    earlier, growth = start_watch()
    block = np.ones(_SIZE // 8)
    first = growth()
    del block
    later, growth = start_watch()
    return earlier, first, later, growth()


def test_growth_is_that_of_the_work_and_not_of_the_parent() -> None:
    """A spawned process once stated the size of the process that had started it."""
    parent = np.ones(4 * _SIZE // 8)
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        earlier, first, later, second = pool.submit(_grown).result()
    assert parent.nbytes == 4 * _SIZE
    if not sys.platform.startswith("linux"):  # only Linux resets its peak
        assert first is second is None
        return
    assert first is not None
    assert second is not None
    assert first == pytest.approx(_SIZE, rel=0.1)
    assert second < 0.1 * _SIZE
    assert later >= earlier + 0.9 * _SIZE - 5e6
