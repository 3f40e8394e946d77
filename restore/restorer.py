"""Restorer protocol: metadata, tiling, and the error of a restorer that breaks its contract."""

import math
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal, Protocol, get_args, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from stembench.arrays import Floats
from stembench.errors import InputError

Family = Literal["raw", "classical", "model", "network", "acquisition", "reference"]
"""Kind of restorer: the image unchanged, a filter without training data, a fitted model of specimen
and recording, a trained network, another way to acquire the image, which the benchmark declares
itself, or an image without the information that is asked for, beside which the others are read."""

Progress = Callable[[int, int], None]
"""Called with the number of finished steps of one image and their total."""


class RestorationError(InputError):
    """Failure of a restorer, or output that cannot be a restored image."""


class ForeignError(Exception):
    """Exception that a model raised in a process of its own: its type and first line."""


class RestorationWarning(UserWarning):
    """Fallback of a restorer that found its method inapplicable to an image."""


@contextmanager
def heard_warnings() -> Iterator[list[str]]:
    """Collect what restorers warn of in the context; other warnings go their way.

    Yields
    ------
    list of str
        Filled when the context ends: every `RestorationWarning`, one per image that it is about.
    """
    said: list[str] = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", RestorationWarning)
        yield said
    for warning in caught:
        if issubclass(warning.category, RestorationWarning):
            said.append(str(warning.message))
        else:
            warnings.warn_explicit(
                warning.message, warning.category, warning.filename, warning.lineno
            )


@dataclass(frozen=True, kw_only=True)
class RestorerMetadata:
    """Identity, provenance and properties of a restorer, as recorded in every run.

    Raises
    ------
    stembench.errors.InputError
        If `family` is none of the known ones.
    """

    name: str
    """Name in records; no two restorers of a run share one."""
    label: str = ""
    """Name in figures and sentences; `name` if none is given."""
    family: Family = "network"
    """What verdicts compare it with. 'raw' is the built-in `raw` alone, which reports exempt;
    so are the built-in references."""
    version: str
    """Version of the weights' package or of the library; 'unknown' if the maker states none."""
    licence: str
    """SPDX name of the licence of the weights, else of the code; 'unknown' if none is stated."""
    training_data: str
    """What the restorer was trained on; 'none' for one that was not trained."""
    input_scale: str
    """How values are scaled before the restorer sees them."""
    weights_sha256: str | None = None
    """Hash of the weights or of the model file; None if there are none."""
    engine: str = "numpy"
    """The library that does the arithmetic, with its version: last digits depend on it."""
    precision: str | None = None
    """Of a network's multiplications, such as 'float32', by which the gate tells what can be
    compared; None where the maker states nothing, which is taken for float32."""
    scales_with_counts: bool | None = None
    """Whether k times the counts restore to k times the image; None where the maker says nothing.

    False for a restorer that takes its values for electrons, whose noise it then knows.
    """
    parameters: int | None = None
    """Trained numbers of the network; None where there is none, or nothing is stated."""
    layers: int | None = None
    """Layers with trained numbers; None likewise."""
    smallest_pixel: float | None = None
    """Smallest pixel size it is made for [Å]; None where the maker says nothing."""
    largest_pixel: float | None = None
    """Largest pixel size it is made for [Å]; None likewise."""

    def __post_init__(self) -> None:
        if self.family not in get_args(Family):
            raise InputError(
                f"restorer '{self.name}' declares the family '{self.family}'; known are "
                f"{', '.join(get_args(Family))}"
            )
        if not self.label:
            object.__setattr__(self, "label", self.name)

    def pixel_note(self, sampling: float) -> str:
        """Say that a pixel size [Å] is outside what the restorer is made for; empty if not."""
        low, high = self.smallest_pixel, self.largest_pixel
        if (low is None or sampling >= low) and (high is None or sampling <= high):
            return ""
        made = f"{'any' if low is None else f'{low:g}'} to {'any' if high is None else f'{high:g}'}"
        return (
            f"{self.name} is made for pixels of {made} Å; these have {sampling:.4g} Å, for which"
            " it says nothing of its results"
        )


@dataclass(frozen=True, kw_only=True)
class Tiling:
    """Division of a large image into overlapping windows.

    Raises
    ------
    stembench.errors.InputError
        If a size is impossible or a window has no room between its margins.
    """

    whole: int
    """Side of the largest square image that is restored whole, px."""
    tile: int
    """Side of a window, px."""
    margin: int
    """Pixels along each cut that are thrown away."""
    blend: int
    """Pixels over which two neighbours are blended, at least."""
    multiple: int = 1
    """Windows start and end at multiples of this, px: the stride of the network."""

    def __post_init__(self) -> None:
        if min(self.whole, self.blend, self.multiple) < 1 or self.margin < 0:
            raise InputError("a tiling has positive sizes and a margin that is not negative")
        if self.tile % self.multiple or self.stride < self.multiple:
            raise InputError(
                f"windows of {self.tile} px must be a multiple of {self.multiple} px and wider "
                f"than two margins of {self.margin} px and a blend of {self.blend} px"
            )

    @property
    def stride(self) -> int:
        """Largest distance between the starts of two neighbouring windows, px."""
        return (self.tile - 2 * self.margin - self.blend) // self.multiple * self.multiple

    def applies_to(self, shape: tuple[int, ...], /) -> bool:
        """Return whether an image (h, w) is large enough to be divided."""
        return math.prod(shape) > self.whole**2

    def starts(self, size: int, /) -> list[int]:
        """Return the first pixels of the windows along an axis of `size` px, evenly spread."""
        if size <= self.tile:
            return [0]
        last = size - self.tile
        count = math.ceil(last / self.stride) + 1
        return [
            last * k // (count - 1) // self.multiple * self.multiple for k in range(count - 1)
        ] + [last]

    def weights(self, size: int, start: int, /) -> Floats:
        """Return the blending weights (tile or size) of a window along one axis of `size` px.

        They are 1 inside, fall over the blend, and are 0 in the margin of a cut; the image's own
        edges are no cuts.
        """
        length = min(size, self.tile)
        distance = np.arange(length) + 0.5 - self.margin
        rising = np.clip(distance / self.blend, 0.0, 1.0)
        weights = np.ones(length)
        if start > 0:
            weights = rising
        if start + length < size:
            weights = np.minimum(weights, rising[::-1])
        return weights


class ImageRestorer(Protocol):
    """Restorer of one image, without checks: what an implementation provides."""

    @property
    def metadata(self) -> RestorerMetadata:
        """Identity and properties of the restorer."""
        ...

    def restore_image(self, image: Floats, /, *, sampling: float) -> NDArray[np.floating]:
        """Return the restored image (h, w) of expected counts from counts (h, w)."""
        ...


@runtime_checkable
class SteppedRestorer(Protocol):
    """An `ImageRestorer` slow enough to report its progress."""

    def restore_in_steps(
        self, image: Floats, /, *, sampling: float, progress: Progress
    ) -> NDArray[np.floating]:
        """Return the same as `restore_image`, calling `progress` on the way."""
        ...


@runtime_checkable
class TiledRestorer(Protocol):
    """An `ImageRestorer` that restores a large image window by window."""

    @property
    def tiling(self) -> Tiling:
        """Windows of a large image, and the size above which they are used."""
        ...

    def restore_with(
        self, image: Floats, /, *, sampling: float, tiling: Tiling | None
    ) -> NDArray[np.floating]:
        """Return the restored image with another tiling than its own, whole for None."""
        ...


@runtime_checkable
class Restorer(Protocol):
    """Restorer of batches with checked input and output: what the benchmark calls."""

    @property
    def metadata(self) -> RestorerMetadata:
        """Identity and properties of the restorer."""
        ...

    def restore(
        self,
        images: NDArray[np.floating],
        /,
        *,
        sampling: float,
        progress: Progress | None = None,
    ) -> Floats:
        """Restore a batch of images.

        Parameters
        ----------
        images : ndarray
            (n, h, w), electrons per pixel; row = y (slow scan), column = x (fast scan).
        sampling : float
            Å/px.
        progress : callable, optional
            Called with the finished steps of each image and their total, by restorers that
            take steps.

        Returns
        -------
        ndarray
            (n, h, w), float64, expected electrons per pixel. Each image is restored alone, so
            that a result does not depend on the others of its batch.

        Raises
        ------
        stembench.errors.InputError
            When the images or the sampling cannot be used.
        restore.RestorationError
            When the restorer fails or returns another shape or values that are not finite.
        """
        ...
