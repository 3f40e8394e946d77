"""Checkpoint of a training: one file with a hash over it, that takes the old one's place whole."""

import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np

from stembench.describe import as_plain
from stembench.errors import InputError
from stembench.sealed_files import BLANK_SEAL, DamagedFileError, read_sealed, write_sealed
from training.schedule.run_state import RunState, state_of

CHECKPOINT: Final = "checkpoint.npz"
_FORMAT: Final = 1
_REMEDY: Final = "remove it to begin anew, or take a copy of it"

Parts = Mapping[str, Sequence[Any]]
"""Variables of networks and optimisers, by what they belong to."""


@dataclass(frozen=True, kw_only=True)
class Origin:
    """What a training depends on beside its recipe."""

    backend: str
    """Of Keras."""
    excluded: Mapping[str, Any]
    """What its pairs leave out, as JSON tells it."""
    recipe: Mapping[str, Any] = field(default_factory=dict)
    """As plain types; nothing of checkpoints that older versions wrote."""


def write_checkpoint(folder: Path, parts: Parts, state: RunState, *, origin: Origin) -> None:
    """Write a checkpoint, whole or not at all; the one before it is kept until then.

    Parameters
    ----------
    folder : pathlib.Path
    parts : mapping of str to sequence of keras.Variable
    state : RunState
    origin : Origin

    Raises
    ------
    InputError
        If it cannot be written, or a weight is no finite number.
    """
    arrays = {
        f"{name}_{number:04d}": np.asarray(variable)
        for name, variables in parts.items()
        for number, variable in enumerate(variables)
    }
    wrong = [name for name, array in arrays.items() if not np.isfinite(array).all()]
    if wrong:
        raise InputError(
            f"training diverged at step {state.step}: weights are no finite numbers any more; "
            "lower the learning_rate in a new recipe and train in another folder (the last "
            "checkpoint is kept)"
        )
    content = io.BytesIO()
    np.savez(content, allow_pickle=False, **arrays)
    with zipfile.ZipFile(content, "a") as archive:
        stamp = {
            "format": _FORMAT,
            "origin": as_plain(origin),
            "state": as_plain(state),
            "seal": BLANK_SEAL,
        }
        archive.comment = json.dumps(stamp).encode()
    write_sealed(folder / CHECKPOINT, content.getvalue())


def read_checkpoint(folder: Path, parts: Parts, *, origin: Origin) -> RunState | None:
    """Set variables to what a checkpoint holds, and return the state; None without one.

    Raises
    ------
    InputError
        If it is damaged, of other networks, or of another origin; nothing is set then.
    """
    path = folder / CHECKPOINT
    if not path.exists():
        return None
    content, _ = read_sealed(path, remedy=_REMEDY)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            stamp = json.loads(archive.comment)
        with np.load(io.BytesIO(content), allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        known, plain = stamp["format"], stamp["state"]
        made_on, excluded = str(stamp["origin"]["backend"]), stamp["origin"]["excluded"]
        recipe = dict(stamp["origin"].get("recipe", {}))
    except (ValueError, KeyError, TypeError, OSError, zipfile.BadZipFile) as error:
        raise DamagedFileError(f"{path} is no checkpoint of a training; {_REMEDY}") from error
    if known != _FORMAT:
        raise InputError(f"{path} is of another version of stembench; {_REMEDY}")
    if made_on != origin.backend:
        raise InputError(
            f"{path} was made on {made_on}, whose last digits are others; set KERAS_BACKEND="
            f"{made_on}"
        )
    others = [name for name, value in recipe.items() if not _same(value, origin.recipe.get(name))]
    if others:
        raise InputError(
            f"{path} is of a training by another recipe (other {', '.join(others)}); name "
            "another folder"
        )
    if excluded != origin.excluded:
        raise InputError(
            f"{path} is of pairs that left out other lattices than those of today; name another "
            "folder"
        )
    wanted = {
        f"{name}_{number:04d}": variable
        for name, variables in parts.items()
        for number, variable in enumerate(variables)
    }
    if arrays.keys() != wanted.keys() or any(
        arrays[name].shape != tuple(variable.shape) for name, variable in wanted.items()
    ):
        raise InputError(f"{path} is of another network than the recipe's; name another folder")
    for name, variable in wanted.items():
        variable.assign(arrays[name])
    return state_of(plain)


def _same(kept: Any, now: Any) -> bool:
    """Whether plain values are equal, but for what was not yet a setting when one was kept."""
    if isinstance(kept, Mapping) and isinstance(now, Mapping):
        return all(_same(value, now.get(name)) for name, value in kept.items())
    if isinstance(kept, list) and isinstance(now, list):
        return len(kept) == len(now) and all(map(_same, kept, now))
    return bool(kept == now)
