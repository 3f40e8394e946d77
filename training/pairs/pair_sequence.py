"""Pairs as a sequence: what torch's DataLoader takes, and batches streamed by workers."""

from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any, Final, Literal, overload

import numpy as np
from numpy.typing import NDArray

from stembench.errors import InputError
from stembench.independent_work import StartExecutor, completed
from stembench.limits import require
from training.pairs.modalities import Modality, modality_named
from training.pairs.pair import Image, Pair, make_pair, require_shape
from training.specimens.held_out.exclusion import Exclusion, exclusion_of_cases

Batches = Sequence[tuple[int, ...]] | NDArray[np.int64]
"""Numbers of the pairs of each batch."""

#: Files hold an index in 64 bits.
_LAST: Final = 2**63 - 1


@dataclass(frozen=True)
class PairSequence:
    """Pairs ``first`` to ``first + count - 1`` of a seed, each made when it is asked for.

    ``torch.utils.data.DataLoader(sequence, batch_size=4, num_workers=2)`` takes it as it is.

    Attributes
    ----------
    modality : str
        Name of one of the six data sets, such as 'hrstem'.
    count : int
        Number of pairs, >= 1.
    seed : int
    first : int
        Index of the first pair: sequences whose indices differ share no pair.
    shape : tuple of two int
        Rows and columns in px.
    channels : {'last', 'first', 'none'}
        Where an axis of length 1 stands: for Keras, for PyTorch, or nowhere.
    exclude : Exclusion
        Elements and lattices that no specimen has: those of the benchmark's cases, unless others
        are named.
    """

    modality: str
    count: int
    seed: int = 0
    first: int = 0
    shape: tuple[int, int] = (256, 256)
    channels: Literal["last", "first", "none"] = "last"
    exclude: Exclusion = field(default_factory=exclusion_of_cases, repr=False)

    def __post_init__(self) -> None:
        modality_named(self.modality)
        require(self.count, "number of pairs", low=1)
        require(self.first, "index of the first pair", low=0, high=_LAST - self.count)
        require(self.seed, "seed", low=0)
        require_shape(self.shape)
        if self.channels not in ("last", "first", "none"):
            raise InputError(f"channels must be last, first or none, not {self.channels!r}")

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, number: int) -> tuple[Image, Image]:
        """Distorted and undistorted image of pair `number`, counted from the first."""
        pair = self.pair(number)
        return self._placed(pair.distorted), self._placed(pair.clean)

    def pair(self, number: int) -> Pair:
        """Pair `number`, counted from the first; negative numbers count from the end."""
        return make_pair(
            self.seed,
            self.first + self._place(number),
            modality=self._data_set,
            shape=self.shape,
            exclude=self.exclude,
        )

    def _place(self, number: int) -> int:
        """Number of a pair counted from the first, for one that may count from the end."""
        place = number + self.count if number < 0 else number
        if not 0 <= place < self.count:
            raise IndexError(f"there are {self.count} pairs, and no number {number}")
        return place

    @property
    def _data_set(self) -> Modality:
        return modality_named(self.modality)

    def _placed(self, image: Image) -> Image:
        if self.channels == "none":
            return image
        return image[..., None] if self.channels == "last" else image[None]

    def batch(self, numbers: tuple[int, ...]) -> tuple[Image, Image]:
        """Distorted and undistorted images of some pairs, stacked along a first axis."""
        pairs = [self[number] for number in numbers]
        return np.stack([x for x, _ in pairs]), np.stack([y for _, y in pairs])


def stream_batches(
    sequence: PairSequence, size: int, *, start: StartExecutor | None = None
) -> Iterator[tuple[Image, Image]]:
    """Yield the pairs of a sequence in batches, in order, while workers make the next ones.

    Parameters
    ----------
    sequence : PairSequence
    size : int
        Pairs of a batch, >= 1; the last batch may be smaller.
    start : callable, optional
        Starts the executor whose workers make the pairs; this process makes them by default.

    Yields
    ------
    tuple of two ndarray of float32
        Distorted and undistorted images, (size, h, w) with the axis of `sequence.channels`.
    """
    require(size, "pairs of a batch", low=1)
    count = len(sequence)
    yield from stream_chosen(
        sequence,
        [tuple(range(k, min(k + size, count))) for k in range(0, count, size)],
        start=start,
    )


def stream_chosen(
    sequence: PairSequence,
    batches: Batches,
    *,
    start: StartExecutor | None = None,
) -> Generator[tuple[Image, Image], None, None]:
    """Yield chosen pairs of a sequence, in the order given, while workers make the next ones.

    Parameters
    ----------
    sequence : PairSequence
    batches : sequence of tuple of int, or ndarray, shape (batches, size)
        Numbers of the pairs of each batch; read as they are needed.
    start : callable, optional
        Starts the executor whose workers make the pairs; this process makes them by default.

    Yields
    ------
    tuple of two ndarray of float32
        As `stream_batches`.
    """
    waiting: dict[int, tuple[Image, Image]] = {}
    following = 0
    # Workers finish out of order; a training run sees one order whatever their number.
    with closing(completed(start, PairSequence.batch, _Tasks(sequence, batches))) as finished:
        for key, batch in finished:
            waiting[key] = batch
            while following in waiting:
                yield waiting.pop(following)
                following += 1


class _Tasks(Sequence[tuple[int, tuple[Any, ...]]]):
    """Batches to make, numbered; there may be more than fit into memory as a list."""

    def __init__(self, sequence: PairSequence, batches: Batches) -> None:
        self._sequence = sequence
        self._batches = batches

    def __len__(self) -> int:
        return len(self._batches)

    @overload
    def __getitem__(self, place: int) -> tuple[int, tuple[Any, ...]]: ...

    @overload
    def __getitem__(self, place: slice) -> list[tuple[int, tuple[Any, ...]]]: ...

    def __getitem__(self, place: int | slice) -> Any:
        if isinstance(place, slice):
            return [self[each] for each in range(*place.indices(len(self)))]
        return place, (self._sequence, tuple(int(each) for each in self._batches[place]))
