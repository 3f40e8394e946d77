"""Flipped bits in all kinds of files: found, or without effect on what is read."""

import contextlib
import dataclasses
import logging
import os
import pickle
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from bench.images.measure import measure_images
from bench.plan.blocks import plan_blocks, plan_ladders
from bench.plan.profiles import Profile, Selection
from bench.run import store
from bench.run.estimate.kept_rates import Keeper
from bench.run.estimate.rates import CaseRate
from bench.run.run import run_benchmark
from bench.run.user_code import UserCode
from cases import CASES, load_ground_truth
from cases.simulation.configuration_cache import (
    ConfigurationScan,
    configuration_fault,
    configuration_file,
    write_configuration,
)
from cases.truth.truth_file import default_path
from reports import evidence_of_run, load_run, read_baseline, read_bounds, write_baseline
from reports.records.image_folder import load_images
from reports.records.verification import FitVerification, read_verification, write_verification
from stembench.compiled import Compiler
from stembench.errors import InputError
from stembench.surroundings import private_folder
from tests.torture.trial import Trial, without_workers

PROFILE = Profile(
    name="small",
    summary="for torture",
    selections=(
        Selection("edge_dislocation", ("core",), (5e3,), 2),
        Selection("pt_bulk", ("z02",), (5e3,), 2),
    ),
    restorers=("raw", "gaussian"),
)
SEED = 5


def make(place: Path) -> None:
    """Make files of all kinds."""
    folder = place / "run"
    without_workers()
    run_benchmark(PROFILE, folder, seed=SEED)
    run = load_run(folder)
    write_baseline(evidence_of_run(run)["gaussian"], place / "baseline.json")
    for name in ("pt_bulk", "edge_dislocation", "nanoparticle"):
        case = next(case for case in CASES if case.name == name)
        shutil.copy(default_path(case), place / f"truth-{name}.h5")
    scan = ConfigurationScan(np.arange(40), np.random.default_rng(1).normal(size=(2, 40)), 1.5)
    write_configuration(configuration_file(place / "cache", 3), scan)
    write_verification(
        folder, FitVerification(engine="lmfit", created="2026", images=()), origin=run.origin
    )
    measure_images(
        place / "images", restorers=("raw",), chosen=("empty",), seed=SEED, realizations=1
    )
    keeper(place).write(CaseRate(clean=1.0, bound=2.0, library=0.25), "rate")
    kernel(place)


def kinds(place: Path) -> dict[str, list[Path]]:
    """Files by kind."""
    folder = place / "run"
    found = {
        f"{room.name}/": sorted(room.iterdir())
        for room in sorted(folder.iterdir())
        if room.is_dir()
    }
    found |= {
        path.name: [path] for path in folder.iterdir() if path.is_file() and path.stat().st_size
    }
    found["baseline"] = [place / "baseline.json"]
    found["ground truth"] = sorted(place.glob("truth-*.h5"))
    found["simulated configuration"] = [configuration_file(place / "cache", 3)]
    found["image metrics"] = [path for path in (place / "images").iterdir() if path.is_file()]
    found["kept rates"] = sorted(place.glob("kept/rates/*"))
    found["compiled kernels"] = sorted(place.glob("*/code/*.kernel"))
    held = {kind: [path for path in paths if path.stat().st_size] for kind, paths in found.items()}
    return {kind: paths for kind, paths in held.items() if paths}


def flip(number: int, place: Path, whole: Any) -> Trial:
    """Flip one bit, read, and put the file back.

    Parameters
    ----------
    number : int
    place : Path
        Folder of `make`.
    whole : object
        What `read` gives of undamaged files.
    """
    groups = kinds(place)
    kind = list(groups)[number % len(groups)]
    rng = np.random.default_rng([2027, number])
    path = groups[kind][int(rng.integers(len(groups[kind])))]
    before = path.read_bytes()
    content = bytearray(before)
    byte, bit = int(rng.integers(len(content))), int(rng.integers(8))
    content[byte] ^= 1 << bit
    path.write_bytes(content)
    what = f"bit {bit} of byte {byte} of {path.name}"
    try:
        found = read(place, kind, path)
    except InputError as error:
        named = path.name in str(error) and "\n" not in str(error)
        return Trial("bit flips", kind, number, "found", "" if named else f"said: {error}", what)
    except BaseException as error:  # what no reader may raise
        return Trial("bit flips", kind, number, "error", f"{type(error).__name__}: {error}", what)
    finally:
        path.write_bytes(before)
    same = found == whole[kind, path.name]
    outcome = "without effect" if same else "read with other values"
    return Trial("bit flips", kind, number, outcome, "" if same else outcome, what)


def read(place: Path, kind: str, path: Path) -> bytes:
    """Read a file as the program does; what was read, as bytes."""
    if kind == "baseline":
        return pickle.dumps(dataclasses.astuple(read_baseline(path)))
    if kind == "ground truth":
        name = path.stem.removeprefix("truth-")
        case = next(case for case in CASES if case.name == name)
        truth = load_ground_truth(case, path=path)
        return truth.image(case.labels[-1]).tobytes() + truth.hash.encode()
    if kind == "simulated configuration":
        return _raised(configuration_fault(path))
    if kind == "examples/":
        (block,) = [block for block in _blocks() if block.name == path.stem]
        run = load_run(place / "run")
        return _raised(store.fault_of(place / "run", block, origin=run.origin))
    if kind == "image metrics":
        images = load_images(place / "images")
        return pickle.dumps((images.rows, images.rings, dict(images.examples), images.settings))
    if kind == "kept rates":
        return pickle.dumps(keeper(place).read(CaseRate, "rate"))
    if kind == "compiled kernels":
        return kernel(place)
    if kind == "verification.json":
        return pickle.dumps(read_verification(place / "run", origin=load_run(place / "run").origin))
    run = load_run(place / "run")
    example = run.examples.clean("edge_dislocation", "core")
    tables = [table for name in run_tables(place) for table in run.tables(name)]
    bounds = read_bounds(place / "run", origin=run.origin)
    return pickle.dumps((run.records, tables, bounds, example, run.info))


def run_tables(place: Path) -> list[str]:
    """Kinds of tables of a run beside its records and examples."""
    rooms = (path.name for path in sorted((place / "run").iterdir()) if path.is_dir())
    return [name for name in rooms if name not in ("records", "examples")]


def read_all(place: Path) -> dict[tuple[str, str], bytes]:
    """What undamaged files hold."""
    groups = kinds(place)
    return {(kind, path.name): read(place, kind, path) for kind in groups for path in groups[kind]}


@contextlib.contextmanager
def own_cache(place: Path) -> Iterator[None]:
    """Use a cache folder of this place."""
    folder = place / "kept"
    folder.mkdir(mode=0o700, exist_ok=True)
    before = os.environ.get(private_folder.VARIABLE)
    os.environ[private_folder.VARIABLE] = str(folder)
    private_folder.cache_root.cache_clear()
    try:
        yield
    finally:
        del os.environ[private_folder.VARIABLE]
        if before is not None:
            os.environ[private_folder.VARIABLE] = before
        private_folder.cache_root.cache_clear()


def keeper(place: Path) -> Keeper:
    """The keeper of rates in this place; what it says of damage is raised."""

    def raised(sentence: str) -> None:
        raise InputError(sentence)

    with own_cache(place):
        return Keeper(UserCode([]), again=False, note=raised)


def _doubled(value: int) -> int:
    return 2 * value


def kernel(place: Path) -> bytes:
    """What a kernel gives that is loaded, or compiled and kept; what is said of it is raised."""
    told: list[str] = []
    listener = logging.Handler()
    listener.emit = lambda record: told.append(record.getMessage())  # type: ignore[method-assign]
    log = logging.getLogger("stembench")
    log.addHandler(listener)
    try:
        with own_cache(place):
            value = Compiler(folder="code").kernel(_doubled)(4)
    finally:
        log.removeHandler(listener)
    if value == 8 and told:
        raise InputError("; ".join(told))
    return str(value).encode()


def _blocks() -> tuple[Any, ...]:
    return (*plan_blocks(PROFILE, seed=SEED), *plan_ladders(PROFILE, seed=SEED))


def _raised(fault: str | None) -> bytes:
    if fault is not None:
        raise InputError(fault)
    return b""
