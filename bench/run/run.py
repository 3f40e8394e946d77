"""A whole run: plan, map blocks over worker processes, write what finishes, resume what is left."""

import datetime as dt
import time
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

from bench import environment
from bench.memory import peak_memory
from bench.plan.blocks import BLOCK_SIZE, Block, plan_ablation, plan_blocks, repeated_blocks
from bench.plan.profiles import Profile
from bench.reference import reference_table, scs_library
from bench.run import store
from bench.run.block import BlockResult, run_block
from bench.run.restorers import read_metadata
from cases import get_case, load_ground_truth
from reports import SCHEMA_VERSION
from restore import RestorerMetadata, child_thread_limit, limit_threads
from stembench.arrays import Floats
from stembench.errors import InputError


@dataclass(frozen=True)
class RunOutcome:
    """How a run ended.

    Attributes
    ----------
    folder : Path
    blocks : int
        Blocks of the plan.
    reused : int
        Blocks that were there already.
    seconds : float
        Wall time of this call.
    peak_memory : int
        Sum of the largest resident sizes of all processes of this call, in bytes.
    failures : tuple of str
        One sentence per block whose restorer failed.
    """

    folder: Path
    blocks: int
    reused: int
    seconds: float
    peak_memory: int
    failures: tuple[str, ...]


def run_benchmark(
    profile: Profile,
    folder: Path,
    *,
    seed: int,
    jobs: int | None = None,
    block_size: int = BLOCK_SIZE,
    progress: Callable[[Block, int], None] | None = None,
    announce: Callable[[int, int], None] | None = None,
) -> RunOutcome:
    """Run a profile into a folder, or continue it there.

    Parameters
    ----------
    profile : Profile
    folder : Path
        Run folder; made if absent.
    seed : int
        Seed of all noise, >= 0.
    jobs : int, optional
        Worker processes; the number of cores by default. Records do not depend on it.
    block_size : int
        Realizations per block. Records do not depend on it.
    progress : callable, optional
        Called with each block and its number of realizations as it finishes.
    announce : callable, optional
        Called once with the number of image restorations planned and already done.

    Returns
    -------
    RunOutcome

    Raises
    ------
    InputError
        If the folder holds another run, an input is impossible, or a worker died.
    """
    begun = time.perf_counter()
    if seed < 0:
        raise InputError(f"the seed must be >= 0, not {seed}")
    if jobs is not None and jobs < 1:
        raise InputError(f"jobs must be at least 1, not {jobs}")
    metadata = read_metadata(profile.restorers)
    names = {spec: record.name for spec, record in metadata.items()}
    if len(set(names.values())) != len(names):
        raise InputError(f"two restorers share a name: {', '.join(names.values())}")
    blocks = (
        *plan_blocks(profile, seed=seed, block_size=block_size),
        *plan_ablation(profile, seed=seed, block_size=block_size),
    )
    identity = _identity(profile, metadata, seed=seed, block_size=block_size)
    store.open_run(folder, identity)
    before = store.read_info(folder)
    todo = [block for block in blocks if not store.finished(folder, block)]
    if announce is not None:
        announce(_images(blocks), _images(blocks) - _images(todo))
    if before.get("complete") and not todo:
        return _outcome(folder, before, blocks=blocks, reused=len(blocks), begun=begun)

    sessions: list[dict[str, Any]] = before.get("sessions", [])
    info = _info(profile, metadata, identity=identity)
    store.write_info(folder, {**info, "complete": False, "sessions": sessions})
    peaks: dict[int, int] = {}
    repeated = {block: sources for block in todo if (sources := repeated_blocks(block, blocks))}
    fresh = [block for block in todo if block not in repeated]
    if fresh:
        # The fit's kernels are compiled here once, before every worker would do so.
        reference_table(get_case(fresh[0].case), fresh[0].image, dose=fresh[0].dose)
        libraries = _libraries(profile)
        workers = min(jobs or environment.available_cores(), len(fresh))
        for block, result in _mapped(fresh, libraries, workers=workers):
            store.write_block(folder, block, result=result)
            peaks[result.process] = max(result.peak_memory, peaks.get(result.process, 0))
            if progress is not None:
                progress(block, block.stop - block.start)
    for block, sources in repeated.items():
        store.write_block(folder, block, result=store.repeat_block(folder, block, sources=sources))
        if progress is not None:
            progress(block, block.stop - block.start)
    samplings = {s.case: get_case(s.case).sampling for s in profile.selections}
    store.gather_examples(folder, blocks, samplings=samplings, names=names)
    session = {
        "seconds": time.perf_counter() - begun,
        "blocks": len(todo),
        "jobs": len(peaks),
        # Pages that processes share are counted once each: an upper bound.
        "peak_memory_bytes": peak_memory() + sum(peaks.values()),
    }
    stages, failures = _stages_and_failures(folder, blocks, names=names)
    sessions = [*sessions, session]
    after = {
        **info,
        "complete": True,
        "stages": stages,
        "restore_memory_bytes": _restore_memory(folder, blocks, names=names),
        "sessions": sessions,
        "wall_seconds": sum(each["seconds"] for each in sessions),
        "peak_memory_bytes": max(each["peak_memory_bytes"] for each in sessions),
        "failures": failures,
    }
    store.write_info(folder, after)
    return _outcome(folder, after, blocks=blocks, reused=len(blocks) - len(todo), begun=begun)


def _outcome(
    folder: Path, info: dict[str, Any], *, blocks: tuple[Block, ...], reused: int, begun: float
) -> RunOutcome:
    return RunOutcome(
        folder=folder,
        blocks=len(blocks),
        reused=reused,
        seconds=time.perf_counter() - begun,
        peak_memory=info["peak_memory_bytes"],
        failures=tuple(info["failures"]),
    )


def _images(blocks: tuple[Block, ...] | list[Block]) -> int:
    return sum(block.stop - block.start for block in blocks)


def _libraries(profile: Profile) -> dict[str, Floats]:
    """SCS library of each case of the profile, empty where the case is not counted."""
    libraries = {}
    for selection in profile.selections:
        case = get_case(selection.case)
        source = case.library_case
        libraries[case.name] = (
            scs_library(get_case(source), choice=case.fit) if source else np.empty(0)
        )
    return libraries


def _mapped(
    blocks: list[Block], libraries: dict[str, Floats], *, workers: int
) -> Iterator[tuple[Block, BlockResult]]:
    """Yield blocks with their results as they finish."""
    # Every worker computes on one thread: parallel sums would otherwise depend on the machine, and
    # processes scale better than threads over blocks that share nothing.
    with child_thread_limit(1):
        pool = ProcessPoolExecutor(
            workers, mp_context=get_context("spawn"), initializer=limit_threads, initargs=(1,)
        )
        try:
            waiting: dict[Future[BlockResult], Block] = {
                pool.submit(run_block, block, libraries[block.case]): block for block in blocks
            }
            while waiting:
                done, _ = wait(waiting, return_when=FIRST_COMPLETED)
                for future in done:
                    yield waiting.pop(future), future.result()
        except BrokenProcessPool as error:
            raise InputError(
                "a worker process died, most likely for want of memory; what is finished is kept:"
                " run the same command again with fewer --jobs"
            ) from error
        except BaseException:
            # An interrupt must not wait for blocks that would be thrown away.
            for process in list((pool._processes or {}).values()):
                process.terminate()
            raise
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _identity(
    profile: Profile, metadata: dict[str, RestorerMetadata], *, seed: int, block_size: int
) -> dict[str, Any]:
    """What must agree for two calls to belong to the same run."""
    cases = {}
    for selection in profile.selections:
        case = get_case(selection.case)
        cases[case.name] = {
            "version": case.version,
            "hash": case.hash,
            "data_hash": load_ground_truth(case).hash,
            "images": list(selection.images),
            "doses": list(selection.doses),
            "realizations": selection.realizations,
        }
    return {
        "schema_version": SCHEMA_VERSION,
        "stembench": environment.versions()["stembench"],
        "commit": environment.commit(),
        "profile": profile.name,
        "seed": seed,
        "block_size": block_size,
        "cases": cases,
        "ablation": _ablation(profile),
        "restorers": {
            record.name: {"version": record.version, "weights_sha256": record.weights_sha256}
            for record in metadata.values()
        },
    }


def _ablation(profile: Profile) -> dict[str, Any] | None:
    """The profile's ablation as plain types, the rungs in their order; None if it has none."""
    ablation = profile.ablation
    if ablation is None:
        return None
    return {
        "case": ablation.case,
        "image": ablation.image,
        "dose": ablation.dose,
        "realizations": ablation.realizations,
        "rungs": {rung: noise.as_dict() for rung, noise in ablation.rungs.items()},
    }


def _info(
    profile: Profile, metadata: dict[str, RestorerMetadata], *, identity: dict[str, Any]
) -> dict[str, Any]:
    cases = {}
    for selection in profile.selections:
        case = get_case(selection.case)
        truth = load_ground_truth(case)
        cases[case.name] = {
            **case.as_dict(),
            **identity["cases"][case.name],
            "title": case.title,
            "provenance": truth.provenance,
        }
    return {
        "schema_version": SCHEMA_VERSION,
        "identity": identity,
        "profile": profile.name,
        "profile_summary": profile.summary,
        "seed": identity["seed"],
        "created": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        "commit": identity["commit"],
        "versions": environment.versions(),
        "hardware": environment.hardware(),
        "cases": cases,
        "ablation": identity["ablation"],
        "restorers": {record.name: asdict(record) for record in metadata.values()},
    }


def _restore_memory(
    folder: Path, blocks: tuple[Block, ...], *, names: dict[str, str]
) -> dict[str, int]:
    """Most bytes that restoration added to its process, per restorer where it is known."""
    most: dict[str, int] = {}
    for block in blocks:
        grown = store.restore_memory(folder, block)
        if grown is not None:
            name = names[block.restorer]
            most[name] = max(grown, most.get(name, 0))
    return most


def _stages_and_failures(
    folder: Path, blocks: tuple[Block, ...], *, names: dict[str, str]
) -> tuple[dict[str, float], list[str]]:
    """Seconds of each stage summed over blocks (restoration per restorer), and what failed."""
    stages: dict[str, float] = {}
    failures = []
    for block in blocks:
        seconds, failure = store.block_outcome(folder, block)
        for stage, value in seconds.items():
            key = f"restore {names[block.restorer]}" if stage == "restore" else stage
            if block.rung:  # kept apart, so that the other stages are those of the records
                key = "ablation"
            stages[key] = stages.get(key, 0.0) + value
        if failure:
            failures.append(
                f"{block.case} {block.image} at {block.dose:g} e/Å²"
                f"{f' ({block.rung})' if block.rung else ''}, realizations {block.start} to"
                f" {block.stop - 1}: {failure}"
            )
    return stages, failures
