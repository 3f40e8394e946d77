"""Metadata of a run's restorers, read before work starts and without keeping their networks."""

from collections.abc import Sequence

from bench.measures.acquisition import as_acquired
from bench.plan.acquisitions import is_acquisition
from restore import (
    RestorerMetadata,
    child_thread_limit,
    is_built_in,
    load_restorer,
    metadata_of,
)


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
