"""A run's restorers before work starts: their engines, and metadata without keeping networks."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from bench.measures.acquisition import as_acquired
from bench.plan.acquisitions import is_acquisition
from bench.plan.profiles import Profile
from reports import RUN_FILE, read_run_info
from restore import (
    RestorerMetadata,
    child_thread_limit,
    is_built_in,
    load_restorer,
    metadata_of,
    resolved_spec,
)
from stembench.errors import InputError


def with_resolved_engines(profile: Profile, folder: Path | None = None) -> Profile:
    """Return a profile in which ``auto`` is replaced by the engine that it stands for.

    Parameters
    ----------
    profile : Profile
    folder : pathlib.Path, optional
        Run folder: a run that goes on has the engine that it began with, on any machine.

    Raises
    ------
    InputError
        If the engines cannot be timed, or none is installed.
    """
    recorded = _recorded_names(folder) if folder is not None else ()
    return replace(
        profile, restorers=tuple(_with_engine(spec, recorded) for spec in profile.restorers)
    )


def _with_engine(spec: str, recorded: tuple[str, ...]) -> str:
    name, at, engine = spec.partition("@")
    if at and engine == "auto" and is_built_in(spec):
        own = metadata_of(name).name  # an alias is recorded by it
        parts = [each.partition("@") for each in recorded]
        begun = [engine for known, _, engine in parts if known == own and engine]
        if len(begun) == 1:
            return f"{name}@{begun[0]}"
    return resolved_spec(spec)


def _recorded_names(folder: Path) -> tuple[str, ...]:
    """Names of what a run in a folder has of float32; none if there is no run that can be read."""
    if not (folder / RUN_FILE).is_file():
        return ()
    try:
        restorers = read_run_info(folder).restorers.values()
    except InputError:  # the run itself says what is wrong with it
        return ()
    return tuple(one.name for one in restorers if one.precision == "float32" and not one.fit)


def read_metadata(specs: Sequence[str], /) -> dict[str, RestorerMetadata]:
    """Read the metadata of restorers and check that each one that is not built in can be loaded.

    This process imports neither TensorFlow nor Keras for it: a user's model is loaded in a process
    of its own, which ends with the memory that it took.

    Parameters
    ----------
    specs : sequence of str
        Restorers as on the command line.

    Returns
    -------
    dict of str to RestorerMetadata
        By spec, in the given order.

    Raises
    ------
    InputError
        If a restorer cannot be loaded.
    """
    users = [spec for spec in specs if not is_built_in(spec) and not is_acquisition(spec)]
    built_in = {
        spec: as_acquired().metadata if is_acquisition(spec) else metadata_of(spec)
        for spec in specs
        if spec not in users
    }
    loaded = {spec: _loaded_elsewhere(spec) for spec in users}
    return {spec: loaded[spec] if spec in loaded else built_in[spec] for spec in specs}


def _loaded_elsewhere(spec: str) -> RestorerMetadata:
    """Load a restorer, whose model is in a process of its own, and return its metadata."""
    with child_thread_limit(1):
        return load_restorer(spec).metadata
