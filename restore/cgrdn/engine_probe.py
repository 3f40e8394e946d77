"""Timing of CGRDN's engines against each other, in a process started for it."""

import time
from collections.abc import Sequence
from typing import Final

import numpy as np

from restore.cgrdn.cgrdn_restorer import load_cgrdn

_SIDE: Final = 96  # px
_ROUNDS: Final = 7


def time_engines(engines: Sequence[str], /) -> dict[str, float]:
    """Return the seconds that each engine takes for one small image.

    Parameters
    ----------
    engines : sequence of str
        Of `restore.cgrdn.cgrdn_restorer.ENGINES`.

    Returns
    -------
    dict of str to float
        The least of several times, which were taken in turn: what else the machine does then
        slows all of them alike.
    """
    counts = np.random.default_rng(0).poisson(5.0, (_SIDE, _SIDE)).astype(np.float64)
    networks = {engine: load_cgrdn("hrstem", engine=engine) for engine in engines}
    least = dict.fromkeys(engines, np.inf)
    for number in range(_ROUNDS + 1):
        for engine, network in networks.items():
            begun = time.perf_counter()
            network.restore_image(counts, sampling=0.1)
            if number:  # an engine prepares for an image size when it first sees it
                least[engine] = min(least[engine], time.perf_counter() - begun)
    return {engine: float(seconds) for engine, seconds in least.items()}
