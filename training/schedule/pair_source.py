"""Where a training gets its pairs from: workers that make them, or files that hold them."""

import json
import zipfile
from collections.abc import Generator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from stembench.errors import InputError
from stembench.independent_work import StartExecutor
from training.pairs.pair import Image
from training.pairs.pair_sequence import Batches, PairSequence, stream_chosen
from training.pairs.shards import DESCRIPTION, Shards, set_of
from training.recipes.lacking_pairs import LackingPairs
from training.recipes.mixed_pairs import MixedPairs

#: Files of pairs whose contents are kept: a batch may lie across several.
_KEPT: Final = 4
#: What a folder of the same pairs may say otherwise.
_FREE: Final = ("pairs_of_a_file",)


class PairSource(Protocol):
    """Pairs by their numbers."""

    def stream(self, batches: Batches, /) -> Generator[tuple[Image, Image], None, None]:
        """Yield distorted and undistorted images, (n, h, w, 1) each, of chosen pairs, in order."""
        ...


@dataclass(frozen=True)
class MadePairs:
    """Pairs that are made when they are needed, by workers while the network learns."""

    sequence: PairSequence
    start: StartExecutor | None = None
    """Starts the executor whose workers make the pairs; this process makes them by default."""

    def stream(self, batches: Batches, /) -> Generator[tuple[Image, Image], None, None]:
        """Yield chosen pairs, see `PairSource.stream`."""
        yield from stream_chosen(self.sequence, batches, start=self.start)


@dataclass(frozen=True, eq=False)
class WrittenPairs:
    """Pairs of the files of `stembench pairs`, the same as are made, to the bit."""

    sequence: PairSequence
    files: tuple[Path, ...]
    """In the order of their indices."""
    begins: NDArray[np.int64]
    """Number of the first pair of each file."""

    @classmethod
    def opened(cls, folder: Path, sequence: PairSequence) -> "WrittenPairs":
        """Open a folder that must hold the pairs of a sequence, or more.

        Raises
        ------
        InputError
            If it holds other pairs, or fewer.
        """
        if isinstance(sequence, LackingPairs):
            what = (
                "partly scenes of columns"
                if isinstance(sequence, MixedPairs)
                else f"without '{sequence.lacking}'"
            )
            raise InputError(
                f"pairs of the recipe are {what}, which no folder of pairs holds; leave the folder "
                "out to have them made"
            )
        per_file = _check_description(folder, sequence)
        files = sorted(
            path
            for path in folder.glob("pairs-*.npz")
            if path.stem.removeprefix("pairs-").isdecimal()
        )
        begins = np.array([int(path.stem.removeprefix("pairs-")) for path in files], dtype=np.int64)
        begins -= sequence.first
        source = cls(sequence, tuple(files), begins)
        held = 0
        for path, begin in zip(files, begins, strict=True):
            if begin != held:
                break
            held += len(_opened(path, sequence, "index")[0])
        if held < len(sequence):
            raise InputError(
                f"{folder} holds {held} pairs and the recipe needs {len(sequence)}; write the rest "
                f"by `stembench pairs -o {folder} --modality {sequence.modality} --count "
                f"{len(sequence)} --seed {sequence.seed} --size {sequence.shape[0]} --per-file "
                f"{per_file}`"
            )
        return source

    def stream(self, batches: Batches, /) -> Generator[tuple[Image, Image], None, None]:
        """Yield chosen pairs, see `PairSource.stream`."""
        read = lru_cache(maxsize=_KEPT)(self._read)
        for batch in batches:
            pairs = []
            for number in batch:
                which = int(np.searchsorted(self.begins, number, side="right")) - 1
                distorted, clean = read(which)
                place = int(number) - int(self.begins[which])
                pairs.append((distorted[place], clean[place]))
            distorted, clean = (np.stack(images)[..., None] for images in zip(*pairs, strict=True))
            yield distorted, clean

    def _read(self, which: int) -> tuple[Image, Image]:
        path = self.files[which]
        index, distorted, clean = _opened(path, self.sequence, "index", "x", "y")
        begin = self.sequence.first + self.begins[which]
        if (
            not np.array_equal(index, begin + np.arange(len(index)))
            or {distorted.shape, clean.shape} != {(len(index), *self.sequence.shape)}
            or not (np.isfinite(distorted).all() and np.isfinite(clean).all())
        ):
            raise _damaged(path)
        return distorted, clean


def standardised_batch(distorted: Image, clean: Image, /) -> tuple[Image, Image]:
    """Shift and scale pairs by mean and standard deviation of each distorted image.

    As the restorer of a trained network does it (`restore.StandardisedNetwork`), for any unit. A
    constant image, which has no scale and which that restorer returns as it is, is only shifted.

    Parameters
    ----------
    distorted, clean : ndarray of float32
        (n, h, w, 1) each.
    """
    x, y = distorted.astype(np.float64), clean.astype(np.float64)
    axes = (1, 2, 3)
    mean = x.mean(axis=axes, keepdims=True)
    std = np.sqrt(np.mean((x - mean) ** 2, axis=axes, keepdims=True))
    std[std == 0] = 1.0
    return ((x - mean) / std).astype(np.float32), ((y - mean) / std).astype(np.float32)


def _check_description(folder: Path, sequence: PairSequence) -> Any:
    """Refuse a folder of other pairs; return how many a file has."""
    path = folder / DESCRIPTION
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(
            f"{folder} is no folder of pairs ({DESCRIPTION} cannot be read); write one by "
            "`stembench pairs`"
        ) from error
    known: dict[str, Any] = found if isinstance(found, dict) else {}
    wanted = Shards(folder, sequence).description()
    others = [
        name for name, value in wanted.items() if name not in _FREE and known.get(name) != value
    ]
    if others:
        raise InputError(
            f"{folder} holds other pairs than the recipe's (other {', '.join(others)}); name "
            "another folder, or leave it out to have them made"
        )
    return known.get("pairs_of_a_file", Shards.size)


def _opened(path: Path, sequence: PairSequence, *names: str) -> list[NDArray[Any]]:
    """Read arrays of a file of pairs, which must be of this sequence's kind."""
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as file:
            known = str(file["set"]) if "set" in file else ""
            arrays = [file[name] for name in names]
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise _damaged(path) from error
    if known and known != set_of(sequence):
        raise InputError(
            f"{path} holds other pairs than the files beside it; remove it and write it anew by "
            "`stembench pairs`"
        )
    return arrays


def _damaged(path: Path) -> InputError:
    return InputError(f"{path} is damaged; remove it and write it anew by `stembench pairs`")
