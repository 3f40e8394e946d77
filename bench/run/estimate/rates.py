"""Rates of this machine: what one image of each kind of work takes, measured by doing it."""

import contextlib
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Final, TypeVar

import numpy as np
import psutil

from bench.measures.bounds import bounds_of, kinds_of
from bench.plan.blocks import Block
from bench.reference import reference_table, scs_library
from bench.run import store
from bench.run.block import BlockResult, run_block
from bench.run.estimate.work import Amount, one_image
from cases import get_case
from reports import SCHEMA_VERSION, Origin
from stembench.arrays import Floats
from stembench.errors import InputError

_Result = TypeVar("_Result")
#: What takes less than this many seconds is done once more: the first time loads code.
_SHORT: Final = 3.0
_ORIGIN: Final = Origin(schema_version=SCHEMA_VERSION, identity="rates", seed=0)


@dataclass(frozen=True, kw_only=True)
class CaseRate:
    """What a case takes beside its images, in seconds of a core.

    Attributes
    ----------
    clean : float
        Seconds for the fit of a noise-free image, which each worker makes of each image.
    bound : float
        Seconds for the bounds of an image at one dose; 0 where none are stated.
    library : float
        Seconds for the library of scattering cross-sections; 0 without counting.
    """

    clean: float
    bound: float
    library: float


@dataclass(frozen=True, kw_only=True)
class Rate:
    """What a kind of work takes, in seconds of a core.

    Attributes
    ----------
    load : float
        Seconds until a worker has the restorer.
    block : float
        Seconds of a block beside its images.
    distort, restore, fit : float
        Seconds of an image.
    searched, probed, scanned : float
        Further seconds of an image whose columns are searched, that is probed, or whose scan lines
        are fitted.
    memory : int
        Most bytes of the process and of the model that it runs.
    block_bytes, image_bytes, example_bytes : float
        What is kept on disk of a block, of an image, and of an example.
    """

    load: float
    block: float
    distort: float
    restore: float
    fit: float
    searched: float
    probed: float
    scanned: float
    memory: int
    block_bytes: float
    image_bytes: float
    example_bytes: float

    @property
    def image(self) -> float:
        """Seconds of an image."""
        return self.distort + self.restore + self.fit


def measure_case(name: str, images: tuple[str, ...], dose: float) -> tuple[CaseRate, Floats]:
    """Measure what a case takes beside its images; also its library, which blocks ask for.

    Parameters
    ----------
    name : str
    images : tuple of str
        Labels of the images that are planned.
    dose : float
        e/Å².
    """
    case = get_case(name)
    # The first fit of a process loads code; a case of one image has no other to be timed.
    clean = min(
        _seconds(partial(reference_table, case, label, dose=dose))[1] for label in images[-2:]
    )
    bound = 0.0
    if kinds_of(case):
        bound = _seconds(partial(bounds_of, name, images[-1], dose))[1]
    library, seconds = np.empty(0), 0.0
    if case.library_case:
        of = get_case(case.library_case)
        library, seconds = _seconds(partial(scs_library, of, choice=case.fit))
    return CaseRate(clean=clean, bound=bound, library=seconds), library


def measure_kind(amount: Amount, library: Floats, code: str, *, loaded: bool) -> Rate:
    """Measure what a kind of work takes, on one or two of its images.

    Parameters
    ----------
    amount : Amount
    library : ndarray, shape (m,)
        Of its case.
    code : str
        Hash of the user's code behind the restorer.
    loaded : bool
        Whether this process has used the restorer already.

    Raises
    ------
    InputError
        If the restorer fails.
    """
    reference_table(get_case(amount.block.case), amount.block.image, dose=amount.block.dose)
    every = one_image(amount.block, first=False)
    load = 0.0 if loaded else _timed(every, library, code)[1]
    usual, whole = _timed(every, library, code)
    load = max(0.0, load - whole)
    extra = dict.fromkeys(("searched", "probed", "scanned"), 0.0)
    if amount.searched or amount.probed or amount.scanned:
        first = one_image(amount.block, first=True)
        found, seconds = _timed(first, library, code)
        if seconds < _SHORT:
            found, _ = _timed(first, library, code)
        extra = {
            "searched": found.seconds.get("search", 0.0),
            "probed": found.seconds.get("probe", 0.0),
            "scanned": max(0.0, found.seconds["fit"] - usual.seconds["fit"]),
        }
    with tempfile.TemporaryDirectory(prefix="stembench-rates-") as folder:
        _, written = _seconds(partial(_write, Path(folder), every, usual))
        reading = partial(store.finished_block, Path(folder), every, origin=_ORIGIN)
        _, read = _seconds(reading)
        empty, rows, examples = _sizes(Path(folder), every, usual)
    return Rate(
        load=load,
        block=usual.seconds["prepare"] + written + 2 * read,
        distort=usual.seconds["distort"],
        restore=usual.seconds["restore"],
        fit=usual.seconds["fit"],
        memory=usual.peak_memory,
        block_bytes=empty,
        image_bytes=rows,
        example_bytes=examples,
        **extra,
    )


def _timed(block: Block, library: Floats, code: str) -> tuple[BlockResult, float]:
    """Run a block; its stages and the whole in seconds of a core."""
    result, own = _seconds(partial(run_block, block, library, code=code))
    if result.failure:
        raise InputError(
            f"{block.restorer} fails on {block.case} {block.image} at {block.dose:g} e/Å²:"
            f" {result.failure}"
        )
    clock = sum(result.seconds.values())
    share = own / clock if clock > 0 else 1.0
    stages = {stage: share * seconds for stage, seconds in result.seconds.items()}
    return replace(result, seconds=stages), own


def _seconds(work: Callable[[], _Result]) -> tuple[_Result, float]:
    """Do work; the seconds that it would take on a core that has nothing else to do.

    Where other programs take their share of the cores the clock tells more than that: the time for
    which this process and the models below it were served is taken. A graphics card is waited
    for without being served, so that the clock counts where there is one. Kernels that had to be
    compiled are kept, and no run compiles them again: that time is left out.
    """
    from stembench.compiled import compile_time

    clock, served = time.perf_counter(), _served()
    with compile_time() as compiling:
        result = work()
    clock, served = time.perf_counter() - clock, _served() - served
    seconds = clock if Path("/dev/nvidiactl").exists() else min(clock, served)
    return result, max(0.0, seconds - compiling.seconds)


def _served() -> float:
    """Processor time of this process and of all below it, in seconds."""
    total = time.process_time()
    for child in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):
            times = child.cpu_times()
            total += times.user + times.system
    return total


def _write(folder: Path, block: Block, result: BlockResult) -> None:
    for kind in ("examples", block.ladder or "records", *result.of_images):
        (folder / kind).mkdir(exist_ok=True)
    store.write_block(folder, block, result=result, origin=_ORIGIN)


def _sizes(folder: Path, block: Block, result: BlockResult) -> tuple[float, float, float]:
    """Bytes on disk of a block without rows, of the rows of its image, of its example."""
    tables = [path for path in folder.rglob("*.parquet") if path.is_file()]
    full = sum(path.stat().st_size for path in tables)
    arrays = sum(
        path.stat().st_size for path in folder.rglob("*") if path.is_file() and path not in tables
    )
    bare = replace(
        result,
        records=result.records.iloc[:0],
        of_images={kind: rows.iloc[:0] for kind, rows in result.of_images.items()},
    )
    _write(folder, block, bare)
    empty = sum(path.stat().st_size for path in tables)
    # Examples lie in the block's archive, and once more in the file of all.
    return float(empty), float(max(0, full - empty)), 2.0 * arrays
