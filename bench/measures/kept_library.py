"""The SCS library of a run, kept between runs in this program's cache folder."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from bench.executor.environment import arithmetic, hardware, program_hash
from bench.reference import scs_library
from cases import Case, FitChoice, load_ground_truth
from stembench.arrays import Floats
from stembench.describe import as_plain
from stembench.limits import require
from stembench.surroundings.kept_values import KeptValues

_ROOM: Final = "libraries"


@dataclass(frozen=True)
class _Kept:
    scs: tuple[float, ...]

    def __post_init__(self) -> None:
        for value in self.scs:
            require(value, "scs", low=0, open_low=True, unit="Å²")


def kept_scs_library(
    case: Case, *, choice: FitChoice, note: Callable[[str], None] | None = None
) -> Floats:
    """Return the library of `bench.reference.scs_library`, from an earlier run if it can.

    It is that of the same data, fit, source and packages on a processor of this kind, to the last
    bit: what is kept is what was computed. Its 75 fits take seconds at the start of each run.

    Parameters
    ----------
    case, choice
        As of `bench.reference.scs_library`.
    note : callable, optional
        Called with a sentence if what was kept is damaged, or cannot be kept.

    Returns
    -------
    ndarray, shape (m,)
        SCS in Å² of columns of 1 to m atoms.

    Raises
    ------
    InputError
        As `bench.reference.scs_library`.
    """
    kept = KeptValues(
        _ROOM,
        what="the SCS library is",
        remedy="the library is fitted again",
        note=note or (lambda _: None),
    )
    key = _key(case, choice)
    found = kept.read(_Kept, key)
    if found is not None:
        return np.array(found.scs)
    library = scs_library(case, choice=choice)
    kept.write(_Kept(tuple(library.tolist())), key)
    return library


def _key(case: Case, choice: FitChoice) -> str:
    """What a library hangs on."""
    machine = hardware()
    parts = {
        "case": case.hash,
        "data": load_ground_truth(case).hash,
        "fit": as_plain(choice),
        "program": program_hash(),
        "packages": arithmetic(()),
        "machine": [machine["processor"], machine["system"]],
    }
    return json.dumps(parts, sort_keys=True)
