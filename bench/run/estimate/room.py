"""Room on disk and in memory: what a run cannot do without, and what there is."""

import shutil
from pathlib import Path
from typing import Final

import psutil

from bench.executor.placement import Placement
from bench.plan.blocks import BLOCK_SIZE
from bench.plan.profiles import Profile
from stembench.errors import InputError

#: Less than any process of a run takes, in bytes; those with a network take ten times as much.
LEAST_PROCESS: Final = 100_000_000
#: Less than a block and an image of the smallest case take on disk, in bytes.
LEAST_BLOCK: Final = 10_000
LEAST_IMAGE: Final = 1_000


def check_room(profile: Profile, folder: Path, *, placement: Placement) -> None:
    """Refuse a run for which there is no room, before anything is started or written.

    What is held against free memory and free disk is less than any such run takes, so that no run
    is refused that could be done.

    Parameters
    ----------
    profile : Profile
    folder : Path
        Of the run; what it holds already needs no further room.
    placement : Placement
        Workers elsewhere take no memory here.

    Raises
    ------
    InputError
    """
    images = blocks = 0
    for selection in profile.selections:
        cells = len(selection.images) * len(selection.doses)
        for restorer in profile.restorers:
            number = selection.realizations_of(restorer)
            images += cells * number
            blocks += cells * -(-number // BLOCK_SIZE)
    workers = 0 if elsewhere(placement) else min(placement.cores, blocks)
    check_memory((workers + 1) * LEAST_PROCESS, workers=workers)
    check_disk(blocks * LEAST_BLOCK + images * LEAST_IMAGE, folder)


def elsewhere(placement: Placement) -> bool:
    """Whether workers may be on other machines."""
    return bool(placement.scheduler or placement.cluster)


def check_memory(needed: float, *, workers: int) -> None:
    """Refuse to need more memory than there is."""
    there = psutil.virtual_memory().available
    if needed > there:
        raise InputError(
            f"{workers} worker processes need {size_text(needed)} of memory and"
            f" {size_text(there)} are free: ask for fewer --jobs, or end other programs"
        )


def check_disk(needed: float, folder: Path) -> None:
    """Refuse to write more than there is room for beside what a folder holds already."""
    free, held = free_disk(folder), _held(folder)
    if needed - held > free:
        raise InputError(
            f"the run takes {size_text(needed)} on disk and {size_text(free)} are free at {folder}:"
            " name a folder on a larger disk with --out, or ask for fewer realizations"
        )


def free_disk(folder: Path) -> int:
    """Bytes that are free where a folder lies or would be made."""
    place = Path.cwd() / folder
    for one in (place, *place.parents):
        try:
            return shutil.disk_usage(one).free
        except OSError:  # not there, or not for this user: the run itself says so
            continue
    return 0


def _held(folder: Path) -> int:
    """Bytes that a folder's files have."""
    try:
        return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    except OSError:
        return 0


def size_text(number: float) -> str:
    """Write a number of bytes for readers."""
    for unit in ("B", "kB", "MB", "GB"):
        if number < 999.5:
            return f"{number:.3g} {unit}"
        number /= 1000
    return f"{number:.3g} TB" if number < 1e5 else f"{number:.2g} TB"
