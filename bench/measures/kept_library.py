"""The SCS library of a run, kept between runs in this program's cache folder."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import numpy as np

from bench.environment import arithmetic, hardware, program_hash
from bench.reference import scs_library
from cases import Case, FitChoice, load_ground_truth
from stembench.arrays import Floats
from stembench.describe import as_plain, from_dict
from stembench.errors import InputError
from stembench.limits import require
from stembench.sealed_json import check_content, read_json, write_json
from stembench.surroundings.private_folder import cache_root, private_room

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
    tell = note or (lambda _: None)
    path = _path(case, choice, tell)
    if path is not None and path.exists():
        try:
            content = check_content(read_json(path), path, remedy="the library is fitted again")
            return np.array(from_dict(_Kept, content, source=str(path)).scs)
        except InputError as error:
            tell(str(error))
    library = scs_library(case, choice=choice)
    if path is not None:
        try:
            write_json(path, asdict(_Kept(tuple(library.tolist()))))
        except InputError as error:
            tell(f"the SCS library is not kept ({error})")
    return library


def _path(case: Case, choice: FitChoice, tell: Callable[[str], None]) -> Path | None:
    """File of a library; None where there is no place for it."""
    root = cache_root()
    if root is None:
        return None
    try:
        room = private_room(root, _ROOM)
    except OSError as error:
        tell(f"the SCS library is not kept ({error})")
        return None
    machine = hardware()
    parts = {
        "case": case.hash,
        "data": load_ground_truth(case).hash,
        "fit": as_plain(choice),
        "program": program_hash(),
        "packages": arithmetic(()),
        "machine": [machine["processor"], machine["system"]],
    }
    key = json.dumps(parts, sort_keys=True)
    return room / f"{hashlib.sha256(key.encode()).hexdigest()[:32]}.json"
