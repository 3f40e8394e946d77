"""Pairs in files, for whoever trains with other tools: npz shards beside a description."""

import json
import zipfile
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

import stembench
from stembench.atomic_files import replacing
from stembench.errors import InputError
from stembench.independent_work import StartExecutor, completed
from stembench.limits import require
from training.pairs.pair_sequence import PairSequence

#: Description of a folder of pairs.
DESCRIPTION: Final = "pairs.json"


@dataclass(frozen=True)
class Shards:
    """Pairs of a sequence in files of a folder.

    Attributes
    ----------
    folder : pathlib.Path
    sequence : PairSequence
    size : int
        Pairs of a file, >= 1.
    """

    folder: Path
    sequence: PairSequence
    size: int = 64

    def __post_init__(self) -> None:
        require(self.size, "pairs of a file", low=1)

    def description(self) -> dict[str, Any]:
        """What the files hold, as JSON tells it; two folders of one description are equal."""
        sequence = self.sequence
        return {
            "modality": sequence.modality,
            "seed": sequence.seed,
            "first": sequence.first,
            "shape": list(sequence.shape),
            "pairs_of_a_file": self.size,
            "excluded": sequence.exclude.description(),
            "unit": "electrons per pixel",
            "arrays": "x distorted, y undistorted (n, h, w); index, sampling (Å/px), electrons (n)",
            # That of the commit would part what a later commit goes on with.
            "stembench": stembench.__version__.partition(".dev")[0],
        }

    def files(self) -> dict[Path, tuple[int, ...]]:
        """Each file with the numbers of its pairs within the sequence."""
        count = len(self.sequence)
        return {
            self.folder / f"pairs-{self.sequence.first + k:09d}.npz": tuple(
                range(k, min(k + self.size, count))
            )
            for k in range(0, count, self.size)
        }


def set_of(sequence: PairSequence, /) -> str:
    """Which pairs a file holds beside their indices, as JSON: all that a pair depends on.

    Files of before it was written do not have it.
    """
    return json.dumps(
        {
            "modality": sequence.modality,
            "seed": sequence.seed,
            "shape": list(sequence.shape),
            "excluded": sequence.exclude.description(),
        }
    )


def write_pairs(
    shards: Shards,
    *,
    start: StartExecutor | None = None,
    announce: Callable[[float, float], None] | None = None,
    progress: Callable[[float], None] | None = None,
) -> Path:
    """Write pairs to a folder; what is there already is kept, so that a stopped call continues.

    Parameters
    ----------
    shards : Shards
    start : callable, optional
        Starts the executor whose workers make the files; this process makes them by default.
    announce : callable, optional
        Called with the number of pairs, and of those that are there already.
    progress : callable, optional
        Called with the number of pairs of each finished file.

    Returns
    -------
    pathlib.Path
        The folder.

    Raises
    ------
    InputError
        If the folder holds other pairs, or cannot be written.
    """
    _describe(shards)
    left = {
        path: numbers
        for path, numbers in shards.files().items()
        if not _holds(path, numbers, shards)
    }
    count = len(shards.sequence)
    if announce is not None:
        announce(float(count), float(count - sum(len(numbers) for numbers in left.values())))
    tasks = [(path, (shards.sequence, path, numbers)) for path, numbers in left.items()]
    with closing(completed(start, write_shard, tasks)) as finished:
        for path, _ in finished:
            if progress is not None:
                progress(float(len(left[path])))
    return shards.folder


def write_shard(sequence: PairSequence, path: Path, numbers: tuple[int, ...]) -> None:
    """Make some pairs of a sequence and write them to one file, whole or not at all."""
    pairs = [sequence.pair(number) for number in numbers]
    arrays: dict[str, Any] = {
        "x": np.stack([pair.distorted for pair in pairs]),
        "y": np.stack([pair.clean for pair in pairs]),
        "index": sequence.first + np.array(numbers, dtype=np.int64),
        "sampling": np.array([pair.sampling for pair in pairs]),
        "electrons": np.array([pair.electrons for pair in pairs]),
        "set": np.array(set_of(sequence)),
    }
    with replacing(path) as temporary:
        np.savez(temporary, allow_pickle=False, **arrays)


def _describe(shards: Shards) -> None:
    """Write the description of a new folder; refuse a folder of other pairs."""
    path = shards.folder / DESCRIPTION
    wanted = shards.description()
    if not path.exists():
        if any(shards.folder.glob("pairs-*.npz")):
            raise InputError(
                f"{shards.folder} holds files of pairs without the {DESCRIPTION} that says which "
                "they are; put that back, or name another folder"
            )
        with replacing(path) as temporary:
            temporary.write_text(json.dumps(wanted, indent=1) + "\n", encoding="utf-8")
        return
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{path} cannot be read; name another folder") from error
    known = found if isinstance(found, dict) else {}
    others = [name for name, value in wanted.items() if known.get(name) != value]
    if others:
        raise InputError(
            f"{shards.folder} holds other pairs (other {', '.join(others)}); name another folder"
        )


def _holds(path: Path, numbers: tuple[int, ...], shards: Shards) -> bool:
    """Whether a file begins with these pairs; a damaged one is made anew.

    One that holds more, of an earlier call for more pairs, is kept: nothing is thrown away.

    Raises
    ------
    InputError
        If it holds pairs of another seed, size or the like.
    """
    try:
        # Numpy leaves a damaged file open that it has opened itself.
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as file:
            index, known = file["index"], str(file["set"]) if "set" in file else ""
            shapes = {file[name].shape for name in ("x", "y")}  # all of both is read and checked
    except (OSError, ValueError, KeyError, zipfile.BadZipFile):
        return False
    if known and known != set_of(shards.sequence):
        raise InputError(
            f"{path} holds other pairs than {DESCRIPTION} beside it says; move it away, or name "
            "another folder"
        )
    expected = shards.sequence.first + np.array(numbers)
    return np.array_equal(index[: len(numbers)], expected) and shapes == {
        (len(index), *shards.sequence.shape)
    }
