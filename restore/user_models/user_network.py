"""Common part of a user's own networks: layout, sizes, windows, and metadata.

A user's network is given counts as they are, float32, without any scaling: what it was trained on
is not known here, so that normalisation belongs in the network or its wrapper.
"""

import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from restore.networks.normalisation import pad_to_multiple
from restore.networks.tiling import run_in_tiles
from restore.restorer import (
    ImageRestorer,
    Progress,
    RestorationError,
    RestorationWarning,
    RestorerMetadata,
    Tiling,
)
from restore.settings import name_with_settings
from restore.user_models.network_settings import DEFAULT, Layout, NetworkSettings
from stembench.arrays import Floats

#: Multiples that sides are mirrored to, one after the other, where none is declared.
_TRIED: Final = (1, 2, 4, 8, 16, 32, 64)


def user_metadata(
    name: str,
    *,
    engine: str,
    weights_sha256: str | None,
    settings: NetworkSettings = DEFAULT,
) -> RestorerMetadata:
    """Return the metadata of a model that states none itself."""
    return RestorerMetadata(
        name=name_with_settings(name, settings),
        version="unknown",
        licence="unknown",
        training_data="unknown",
        input_scale="counts, unchanged",
        weights_sha256=weights_sha256,
        engine=engine,
    )


@dataclass(frozen=True)
class UserNetwork:
    """Restorer by a user's network, image by image, from counts as they are."""

    metadata: RestorerMetadata
    """Its identity and properties, as far as they are known."""
    forward: Callable[[NDArray[np.float32]], NDArray[np.floating]]
    """The network applied to one image (h, w); returns its whole output with a sample axis."""
    layout: Layout
    """Position of the output's channel axis."""
    height: int | None = None
    """The only height that the network takes, None for any."""
    width: int | None = None
    """The only width that the network takes, None for any."""
    settings: NetworkSettings = DEFAULT
    """What the user declares."""

    def restore_image(
        self,
        image: Floats,
        /,
        *,
        sampling: float,  # noqa: ARG002 (the protocol's)
    ) -> NDArray[np.floating]:
        """Apply the network to one image (h, w), mirrored where its sides do not suit."""
        return self._whole(image.astype(np.float32))

    def _whole(self, image: NDArray[np.float32]) -> NDArray[np.floating]:
        problem: Exception | None = None
        for padded in self._padded(image):
            try:
                output = self._output(padded)
            except MemoryError:
                raise
            except Exception as error:  # engines complain of sizes by exceptions of any kind
                problem = problem or error
                continue
            if padded.shape != image.shape:
                warnings.warn(
                    f"images of {image.shape[1]} x {image.shape[0]} px were mirrored at the right"
                    f" and lower edge to {padded.shape[1]} x {padded.shape[0]} px for"
                    f" '{self.metadata.name}'",
                    RestorationWarning,
                    stacklevel=2,
                )
            return output[: image.shape[0], : image.shape[1]]
        raise problem or RestorationError(f"restorer '{self.metadata.name}' was tried at no size")

    def _padded(self, image: NDArray[np.float32]) -> Iterator[NDArray[np.float32]]:
        """Yield the image at the sizes to try, each once."""
        if self.height is not None or self.width is not None:
            yield self._at_fixed_size(image)
            return
        multiples = (self.settings.multiple,) if self.settings.multiple else _TRIED
        seen: set[tuple[int, ...]] = set()
        for multiple in multiples:
            padded = pad_to_multiple(image, multiple)
            if padded.shape not in seen:
                seen.add(padded.shape)
                yield padded

    def _at_fixed_size(self, image: NDArray[np.float32]) -> NDArray[np.float32]:
        name = self.metadata.name
        for side, size, wanted in zip(
            ("high", "wide"), image.shape, (self.height, self.width), strict=True
        ):
            if wanted is not None and size > wanted:
                raise RestorationError(
                    f"restorer '{name}' takes only images {wanted} px {side}, not {size} px; save"
                    " the model with free height and width, or let it restore windows by a margin"
                    f" in px, as '{name}:margin=32'"
                )
        missing = [
            (0, (wanted or size) - size)
            for size, wanted in zip(image.shape, (self.height, self.width), strict=True)
        ]
        return np.pad(image, missing, mode="reflect")

    def _output(self, image: NDArray[np.float32]) -> NDArray[np.floating]:
        output = self.forward(image)
        one_image = (1, *image.shape, 1) if self.layout == "nhwc" else (1, 1, *image.shape)
        if output.shape != one_image:
            raise RestorationError(
                f"restorer '{self.metadata.name}' returned shape {output.shape} for an input of"
                f" shape {one_image}; a restored image must have the shape of its input"
            )
        return output.reshape(image.shape)


@dataclass(frozen=True)
class TiledUserNetwork(UserNetwork):
    """The same for a network with a declared margin, which restores large images by windows."""

    tiling: Tiling = field(kw_only=True)
    """Windows of a large image, and the size above which they are used."""

    def restore_image(self, image: Floats, /, *, sampling: float) -> NDArray[np.floating]:
        """Apply the network to one image (h, w), window by window if it is large."""
        return self.restore_with(image, sampling=sampling, tiling=self.tiling)

    def restore_with(
        self,
        image: Floats,
        /,
        *,
        sampling: float,  # noqa: ARG002 (the protocol's)
        tiling: Tiling | None,
    ) -> NDArray[np.floating]:
        """Return the restored image with another tiling than its own, whole for None."""
        return self._by_windows(image.astype(np.float32), tiling, None)

    def restore_in_steps(
        self,
        image: Floats,
        /,
        *,
        sampling: float,  # noqa: ARG002 (the protocol's)
        progress: Progress,
    ) -> NDArray[np.floating]:
        """Return the same as `restore_image`, calling `progress` after each window."""
        return self._by_windows(image.astype(np.float32), self.tiling, progress)

    def _by_windows(
        self, image: NDArray[np.float32], tiling: Tiling | None, progress: Progress | None
    ) -> NDArray[np.floating]:
        if tiling is None or not tiling.applies_to(image.shape):
            return self._whole(image)
        padded = pad_to_multiple(image, tiling.multiple)
        restored = run_in_tiles(padded, self._whole, tiling=tiling, progress=progress)
        return restored[: image.shape[0], : image.shape[1]]


def user_network(
    metadata: RestorerMetadata,
    forward: Callable[[NDArray[np.float32]], NDArray[np.floating]],
    layout: Layout,
    *,
    size: tuple[int | None, int | None],
    settings: NetworkSettings,
) -> ImageRestorer:
    """Return the restorer of a loaded network, with windows where a margin is declared.

    Parameters
    ----------
    metadata : RestorerMetadata
    forward : callable
        See `UserNetwork`.
    layout : {'nhwc', 'nchw'}
    size : tuple
        Height and width that the network is fixed to, None for any.
    settings : NetworkSettings

    Raises
    ------
    stembench.errors.InputError
        If the declared windows are impossible.
    """
    tiling = settings.tiling(*size)
    if tiling is None:
        return UserNetwork(metadata, forward, layout, *size, settings)
    return TiledUserNetwork(metadata, forward, layout, *size, settings, tiling=tiling)


def one_output(output: Any, /) -> NDArray[np.floating]:
    """Return the only array of a network's output, which may stand in a dict, list or tuple.

    Raises
    ------
    restore.RestorationError
        If there are several.
    """
    if isinstance(output, dict | list | tuple):
        arrays = list(output.values()) if isinstance(output, dict) else list(output)
        if len(arrays) != 1:
            raise RestorationError(f"the network has {len(arrays)} outputs; a restorer has one")
        (output,) = arrays
    return np.asarray(output)
