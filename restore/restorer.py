"""What a restorer is: the protocol, its metadata, and the error of one that broke its contract."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Literal, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from stembench.errors import InputError

if TYPE_CHECKING:
    from restore.networks.tiling import Tiling

Progress = Callable[[int, int], None]
"""Told how many steps of one image are done and how many there are."""


class RestorationError(InputError):
    """A restorer that failed or returned what no restored image can be."""


class RestorationWarning(UserWarning):
    """A restorer that could not do what it is for and did what it declares for that instead."""


@dataclass(frozen=True, kw_only=True)
class RestorerMetadata:
    """What to know of a restorer before trusting or comparing its results."""

    name: str
    """Name in records and figures."""
    label: str = ""
    """Name for readers; the name itself by default."""
    family: Literal["raw", "classical", "network"] = "network"
    """'raw' leaves the image as it is; 'classical' is a built-in filter, the floor for networks."""
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
    scales_with_counts: bool | None = None
    """Whether k times the counts restore to k times the image; None where the maker says nothing.

    False for a restorer that takes its values for electrons, whose noise it then knows.
    """

    def as_dict(self) -> dict[str, str | bool | None]:
        """Return the fields by name, for JSON."""
        return asdict(self)


class ImageRestorer(Protocol):
    """The part that each restorer brings: one image in, one image out, no checks."""

    @property
    def metadata(self) -> RestorerMetadata:
        """What the restorer is."""
        ...

    def restore_image(
        self, image: NDArray[np.float64], /, *, sampling: float
    ) -> NDArray[np.floating]:
        """Return the restored image (h, w) of expected counts from counts (h, w)."""
        ...


@runtime_checkable
class SteppedRestorer(Protocol):
    """An `ImageRestorer` that takes long enough to say how far it is."""

    def restore_in_steps(
        self, image: NDArray[np.float64], /, *, sampling: float, progress: Progress
    ) -> NDArray[np.floating]:
        """Return the same as `restore_image`, calling `progress` on the way."""
        ...


@runtime_checkable
class TiledRestorer(Protocol):
    """An `ImageRestorer` that restores a large image window by window."""

    @property
    def tiling(self) -> "Tiling":
        """How an image is cut, and from what size on."""
        ...

    def restore_with(
        self, image: NDArray[np.float64], /, *, sampling: float, tiling: "Tiling | None"
    ) -> NDArray[np.floating]:
        """Return the restored image with another tiling than its own, whole for None."""
        ...


@runtime_checkable
class Restorer(Protocol):
    """What the benchmark calls."""

    @property
    def metadata(self) -> RestorerMetadata:
        """What the restorer is."""
        ...

    def restore(
        self,
        images: NDArray[np.floating],
        /,
        *,
        sampling: float,
        progress: Progress | None = None,
    ) -> NDArray[np.float64]:
        """Restore a batch of images.

        Parameters
        ----------
        images : ndarray
            (n, h, w), electrons per pixel; row = y (slow scan), column = x (fast scan).
        sampling : float
            Å/px.
        progress : callable, optional
            Told the steps done and their number, per image, by restorers that take steps.

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
