"""What a file holds: data sets with axes and titles."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bench.own_images.files.axes import Axis, PixelSize, pixel_size


@dataclass(frozen=True)
class Dataset:
    """One array of a file, an image or not.

    Attributes
    ----------
    data : array
    axes : tuple of Axis
        One for each axis of `data`.
    title : str
        What the file calls it; may be empty.
    signal : str
        Kind of signal that the file states, such as 'EELS'; may be empty.
    problem : str
        Why it is no image, where the format alone tells; empty otherwise.
    restored_by : str
        Restorer that its metadata name; empty for none.
    """

    data: Any
    axes: tuple[Axis, ...]
    title: str = ""
    signal: str = ""
    problem: str = ""
    restored_by: str = ""

    @property
    def pixel(self) -> PixelSize:
        """Size of a pixel of the last two axes that are longer than 1."""
        return pixel_size([axis for axis in self.axes if axis.size != 1][-2:])


@dataclass(frozen=True)
class Contents:
    """All data sets of a file.

    Attributes
    ----------
    datasets : sequence of Dataset
        In the order of the file.
    ordered : bool
        Whether the order means something, so that the first image may be taken unasked.
    """

    datasets: Sequence[Dataset]
    ordered: bool = True


def plain(data: Any, title: str = "") -> Dataset:
    """Array without a description of its axes."""
    return Dataset(data, tuple(Axis(size) for size in data.shape), title)
