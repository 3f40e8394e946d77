"""The description of a run before it starts, and how it grows as calls end."""

import datetime as dt
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Final

from bench.executor import environment
from bench.measures.fit_variants import Setting, described_variants, refuse_variant_name
from bench.measures.honesty.doubts import Cell, Witness
from bench.plan.acquisitions import is_acquisition
from bench.plan.blocks import Block
from bench.plan.profiles import Profile, Selection
from bench.run import store
from bench.run.store import RUN_FILES
from cases import get_case, load_ground_truth
from fitting import Engine
from reports import (
    RAW,
    RECORDS,
    SCHEMA_VERSION,
    CaseInfo,
    Caution,
    RestorerInfo,
    RunInfo,
    SessionInfo,
)
from restore import RestorerMetadata, is_built_in
from stembench.exact_numbers import exact

#: Families of restorers that could know more than their images.
_DOUBTED: Final = ("classical", "model", "network")
_NUMBER: Final = re.compile(r"[\d.]+")


def describe_run(
    profile: Profile,
    restorers: Iterable[RestorerMetadata],
    *,
    seed: int,
    block_size: int,
    fit_engine: Engine = "joint",
    code: Mapping[str, str] | None = None,
    blocks: Sequence[Block] = (),
) -> RunInfo:
    """Describe what a run will be.

    Parameters
    ----------
    profile : Profile
    restorers : iterable of RestorerMetadata
        In the order in which the user named them.
    seed : int
        Root of all noise.
    block_size : int
        Realizations per block.
    fit_engine : {'joint', 'lmfit'}
        What fits the images.
    code : mapping of str to str, optional
        Hash of the code of restorers that are a user's function, by their name.
    blocks : sequence of Block
        All blocks of the run.

    Returns
    -------
    RunInfo
        Not complete, without sessions.
    """
    described = _restorers(profile, map(describe_restorer, restorers), code=code or {})
    names: dict[str, list[str]] = {}
    for block in blocks:
        names.setdefault(block.ladder or RECORDS, []).append(block.name)
    return RunInfo(
        schema_version=SCHEMA_VERSION,
        profile=profile.name,
        profile_summary=profile.summary,
        seed=seed,
        block_size=block_size,
        fit_engine=fit_engine,
        created=dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        commit=environment.commit(),
        source_sha256=environment.program_hash(),
        arithmetic=environment.arithmetic(info.engine for info in described.values()),
        versions=environment.versions(),
        hardware=environment.hardware(),
        cases={selection.case: _case_info(selection) for selection in profile.selections},
        ladders=profile.ladders,
        restorers=described,
        blocks={folder: tuple(own) for folder, own in names.items()},
        files=RUN_FILES,
    )


def describe_restorer(metadata: RestorerMetadata) -> RestorerInfo:
    """Say what a run keeps of a restorer's metadata."""
    own = is_built_in(metadata.name) or is_acquisition(metadata.name)
    return RestorerInfo(**asdict(metadata), built_in=own)


def _restorers(
    profile: Profile, restorers: Iterable[RestorerInfo], *, code: Mapping[str, str]
) -> dict[str, RestorerInfo]:
    """The restorers of a run, each followed by the further fits of its images."""
    described: dict[str, RestorerInfo] = {}
    for metadata in restorers:
        info = replace(metadata, source_sha256=code.get(metadata.name))
        refuse_variant_name(info.name)
        cases = [get_case(selection.case) for selection in profile.selections]
        settings = [Setting(case, case.noise, info.family) for case in cases]
        described |= {info.name: info, **described_variants(info, settings)}
    return described


def _case_info(selection: Selection) -> CaseInfo:
    case = get_case(selection.case)
    truth = load_ground_truth(case)
    return CaseInfo(
        case=case,
        hash=case.hash,
        data_hash=truth.hash,
        images=selection.images,
        doses=selection.doses,
        realizations=selection.realizations,
        raw_realizations=selection.realizations_of(RAW),
        provenance=truth.provenance,
    )


def finished_run(
    info: RunInfo,
    folder: Path,
    *,
    blocks: Iterable[Block],
    names: Mapping[str, str],
    session: SessionInfo,
) -> RunInfo:
    """Describe a run whose blocks are all there.

    Parameters
    ----------
    info : RunInfo
        The run as it was before this call.
    folder : Path
    blocks : iterable of Block
        All blocks of the run.
    names : mapping
        Restorer name of each spec.
    session : SessionInfo
        This call.
    """
    stages: dict[str, float] = {}
    memory: dict[str, int] = {}
    failures = []
    cautions: dict[Caution, Caution] = {}
    origin = info.origin
    witness = Witness()
    for block in blocks:
        name = names[block.restorer]
        table = store.finished_block(folder, block, origin=origin)
        outcome = store.outcome_of(table)
        if not block.ladder and info.restorers[name].family in _DOUBTED:
            cell = Cell(name, block.case, block.image, block.dose)
            probes = store.probes_of(folder, block, table, origin=origin)
            witness.see(cell, table.rows, probes)
        for stage, seconds in outcome.seconds.items():
            key = f"restore {name}" if stage == "restore" else stage
            if block.ladder:  # kept apart, so that the other stages are those of the records
                key = block.ladder
            stages[key] = stages.get(key, 0.0) + seconds
        if outcome.restore_memory is not None:
            memory[name] = max(outcome.restore_memory, memory.get(name, 0))
        if outcome.failure:
            rung = f" ({block.rung})" if block.rung else ""
            failures.append(
                f"{block.case} {block.image} at {exact(block.dose)} e/Å²{rung}, realizations"
                f" {block.start} to {block.stop - 1}: {outcome.failure}"
            )
        for sentence in outcome.cautions:
            first = Caution(
                restorer=name, case=block.case, image=block.image, dose=block.dose,
                rung=block.rung, images=0, sentence=sentence,
            )  # fmt: skip
            # Numbers differ from image to image.
            kind = replace(first, sentence=_NUMBER.sub("#", sentence))
            found = cautions.get(kind, first)
            cautions[kind] = replace(found, images=found.images + 1)
    return replace(
        info,
        complete=True,
        files=tuple(name for name in RUN_FILES if (folder / name).is_file()),
        stages=stages,
        restore_memory_bytes=memory,
        sessions=(*info.sessions, session),
        failures=tuple(failures),
        cautions=tuple(cautions.values()),
        doubts=witness.doubts({name: declared.case for name, declared in info.cases.items()}),
    )
