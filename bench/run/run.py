"""A whole run: plan, map blocks over worker processes, write finished blocks, resume the rest."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from bench.executor.memory import peak_memory
from bench.executor.placement import LOCAL, Placement
from bench.measures.kept_library import kept_scs_library
from bench.measures.lag_covariance import lag_covariance
from bench.plan.blocks import (
    BLOCK_SIZE,
    Block,
    check_amounts,
    plan_blocks,
    plan_ladders,
    repeated_blocks,
)
from bench.plan.order import shuffled
from bench.plan.profiles import Profile
from bench.reference import reference_table
from bench.run import store
from bench.run.bound_file import write_bounds
from bench.run.description import describe_run, finished_run
from bench.run.planned_block import run_planned
from bench.run.restorers import read_metadata, with_resolved_engines
from bench.run.run_lock import check_held, one_at_a_time
from bench.run.user_code import UserCode
from cases import get_case
from fitting import Engine
from reports import RunInfo, SessionInfo, write_run_info
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
    placement: Placement = LOCAL,
    block_size: int = BLOCK_SIZE,
    fit_engine: Engine = "joint",
    progress: Callable[[Block, int], None] | None = None,
    announce: Callable[[int, int], None] | None = None,
    note: Callable[[str], None] | None = None,
) -> RunOutcome:
    """Run a profile into a folder, or continue it there.

    Parameters
    ----------
    profile : Profile
    folder : Path
        Run folder; made if absent.
    seed : int
        Seed of all noise, >= 0.
    placement : Placement
        Where blocks are computed; this machine's cores by default. Records do not depend on it.
    block_size : int
        Realizations per block. Records do not depend on it.
    fit_engine : {'joint', 'lmfit'}
        What fits the images; a run has one.
    progress : callable, optional
        Called with each block and its number of realizations as it finishes.
    announce : callable, optional
        Called once with the number of image restorations planned and already done.
    note : callable, optional
        Called with a sentence for each file that is damaged and made again.

    Returns
    -------
    RunOutcome

    Raises
    ------
    InputError
        If the folder holds another run or another process works in it, an input is impossible, a
        user's code was changed while the run went on, or a worker died.
    """
    begun = time.perf_counter()
    check_amounts(profile, seed=seed, block_size=block_size)
    profile = with_resolved_engines(profile, folder)
    blocks = tuple(
        replace(block, engine=fit_engine)
        for block in (
            *plan_blocks(profile, seed=seed, block_size=block_size),
            *plan_ladders(profile, seed=seed, block_size=block_size),
        )
    )
    # Before any network is loaded, which takes seconds.
    known = describe_run(
        profile, (), seed=seed, block_size=block_size, fit_engine=fit_engine
    ).identity()
    for part in ("restorers", "arithmetic"):
        del known[part]
    store.check_folder(folder, known)
    with one_at_a_time(folder):
        code = UserCode(profile.specs)
        metadata = read_metadata(profile.specs)
        names = {spec: record.name for spec, record in metadata.items()}
        if len(set(names.values())) != len(names):
            raise InputError(f"two restorers share a name: {', '.join(names.values())}")
        info = describe_run(
            profile,
            metadata.values(),
            seed=seed,
            block_size=block_size,
            fit_engine=fit_engine,
            code={names[spec]: found for spec, found in code.hashes.items()},
            blocks=blocks,
        )
        plan = _Plan(
            profile=profile, folder=folder, info=info, blocks=blocks, names=names, code=code
        )
        return _run(
            plan,
            placement=placement,
            begun=begun,
            progress=progress or _ignore,
            announce=announce or _ignore,
            note=note or _ignore,
        )


@dataclass(frozen=True)
class _Plan:
    """What a call is to do."""

    profile: Profile
    folder: Path
    info: RunInfo
    blocks: tuple[Block, ...]
    names: dict[str, str]
    code: UserCode

    def expected(self, block: Block) -> tuple[str, str]:
        """Hashes of the code and of the data that a block is to be made with."""
        return self.code.hashes.get(block.restorer, ""), self.info.cases[block.case].data_hash


def _ignore(*_: object) -> None:
    """Tell nobody."""


def _run(
    plan: _Plan,
    *,
    placement: Placement,
    begun: float,
    progress: Callable[[Block, int], None],
    announce: Callable[[int, int], None],
    note: Callable[[str], None],
) -> RunOutcome:
    """Make what is missing of a run in a folder that is held for it."""
    profile, folder, info, blocks = plan.profile, plan.folder, plan.info, plan.blocks
    origin = info.origin
    before, damage = store.open_run(folder, info, blocks=blocks)
    if damage:
        note(f"{damage}; it is made again")
    todo = []
    for block in blocks:
        fault = store.fault_of(folder, block, origin=origin)
        if fault is not None:
            todo.append(block)
        if fault:
            note(f"{fault}; the block is made again")
    announce(_images(blocks), _images(blocks) - _images(todo))
    broken = [] if before is None else [
        fault for name in store.RUN_FILES
        if (fault := store.run_file_fault(folder, name, info=before))
    ]  # fmt: skip
    for fault in broken:
        note(f"{fault}; it is made again")
    if before is not None:
        listed = before.blocks == info.blocks
        if before.complete and listed and not todo and not broken:
            return _outcome(folder, before, blocks=blocks, reused=len(blocks), begun=begun)
        info = replace(info, sessions=before.sessions)
    write_run_info(folder, info)
    peaks: dict[int, int] = {}
    repeated = {block: sources for block in todo if (sources := repeated_blocks(block, blocks))}
    fresh = shuffled([block for block in todo if block not in repeated])
    if fresh:
        # The fit's kernels are compiled here once, before every worker would do so.
        reference_table(get_case(fresh[0].case), fresh[0].image, dose=fresh[0].dose)
        libraries = _libraries(profile, note)
        tasks = ((block, (block, libraries[block.case], *plan.expected(block))) for block in fresh)
        engines = {restorer.engine for restorer in info.restorers.values()}
        made = 0
        try:
            with placement.executor(len(fresh), announce=note, engines=engines) as executor:
                for block, result in executor.completed(run_planned, tasks):
                    plan.code.check()
                    check_held(folder)
                    store.write_block(folder, block, result=result, origin=origin)
                    peaks[result.process] = max(result.peak_memory, peaks.get(result.process, 0))
                    made += 1
                    progress(block, block.stop - block.start)
        except KeyboardInterrupt:
            # What a call took counts also where it was interrupted: the run's time is of all.
            if made:
                ended = _session(begun, blocks=made, peaks=peaks)
                write_run_info(folder, replace(info, sessions=(*info.sessions, ended)))
            raise
    for block, sources in repeated.items():
        result = store.repeat_block(folder, block, sources=sources, origin=origin)
        store.write_block(folder, block, result=result, origin=origin)
        progress(block, block.stop - block.start)
    check_held(folder)
    write_bounds(folder, profile, placement=placement, announce=note, origin=origin)
    samplings = {name: case.case.sampling for name, case in info.cases.items()}
    store.write_lag_covariance(folder, _lag_covariances(profile), origin=origin)
    store.gather_examples(folder, blocks, samplings=samplings, names=plan.names, origin=origin)
    session = _session(begun, blocks=len(todo), peaks=peaks)
    check_held(folder)
    after = finished_run(info, folder, blocks=blocks, names=plan.names, session=session)
    write_run_info(folder, after)
    return _outcome(folder, after, blocks=blocks, reused=len(blocks) - len(todo), begun=begun)


def _session(begun: float, *, blocks: int, peaks: Mapping[int, int]) -> SessionInfo:
    """What a call took from `begun` until now."""
    return SessionInfo(
        seconds=time.perf_counter() - begun,
        blocks=blocks,
        jobs=len(peaks),
        # Pages that processes share are counted once each: an upper bound.
        peak_memory_bytes=peak_memory() + sum(peaks.values()),
    )


def _outcome(
    folder: Path, info: RunInfo, *, blocks: tuple[Block, ...], reused: int, begun: float
) -> RunOutcome:
    return RunOutcome(
        folder=folder,
        blocks=len(blocks),
        reused=reused,
        seconds=time.perf_counter() - begun,
        peak_memory=info.peak_memory_bytes,
        failures=info.failures,
    )


def _images(blocks: tuple[Block, ...] | list[Block]) -> int:
    return sum(block.stop - block.start for block in blocks)


def _libraries(profile: Profile, note: Callable[[str], None]) -> dict[str, Floats]:
    """SCS library of each case of the profile, empty where the case is not counted."""
    libraries = {}
    for selection in profile.selections:
        case = get_case(selection.case)
        source = case.library_case
        libraries[case.name] = (
            kept_scs_library(get_case(source), choice=case.fit, note=note)
            if source
            else np.empty(0)
        )
    return libraries


def _lag_covariances(profile: Profile) -> list[pd.DataFrame]:
    """Joint bounds of the perfect crystals of which images are edited."""
    tables = []
    for selection in profile.selections:
        case = get_case(selection.case)
        edits = case.structure.edits_on_host
        if edits is None:
            continue
        bases = dict.fromkeys(edits.base_of(image) for image in selection.images)
        tables += [
            lag_covariance(case, base, dose=dose) for base in bases for dose in selection.doses
        ]
    return tables
