"""Contract of every restorer, enforced on each call.

Input is checked and copied, images are restored one by one, and the output has the shape of the
input and is finite; anything else is an error that names the restorer and the image.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from restore.restorer import (
    ForeignError,
    ImageRestorer,
    Progress,
    RestorationError,
    RestorerMetadata,
    SteppedRestorer,
)
from stembench.arrays import Floats
from stembench.errors import InputError


def _checked_images(images: ArrayLike) -> Floats:
    """Return a float64 copy of `images` (n, h, w), which a restorer may change."""
    array = np.asarray(images)
    if array.dtype.kind not in "fiub":
        raise InputError(f"images must hold real numbers, not {array.dtype}")
    if array.ndim != 3:
        raise InputError(
            f"images must have shape (n, h, w), not {array.shape}; give one image as image[None]"
        )
    if 0 in array.shape[1:]:
        raise InputError(f"images of shape {array.shape} hold no pixels")
    counts = array.astype(np.float64)
    finite = np.isfinite(counts).all(axis=(1, 2))
    if not finite.all():
        number = int(np.argmin(finite))
        raise InputError(
            f"image {number} holds NaN or infinite values; mask or replace them before restoring"
        )
    return counts


def _checked_sampling(sampling: float) -> float:
    if not (math.isfinite(sampling) and sampling > 0):
        raise InputError(f"sampling must be a positive number of Å/px, not {sampling}")
    return float(sampling)


@dataclass(frozen=True)
class ContractRestorer:
    """A `restore.Restorer` that enforces the contract around an `ImageRestorer`."""

    inner: ImageRestorer

    @property
    def metadata(self) -> RestorerMetadata:
        """Identity and properties of the restorer."""
        return self.inner.metadata

    def restore(
        self, images: ArrayLike, /, *, sampling: float, progress: Progress | None = None
    ) -> Floats:
        """Restore a batch of images; see `restore.Restorer.restore`."""
        counts = _checked_images(images)
        step = _checked_sampling(sampling)
        restored = np.empty_like(counts)
        for number, image in enumerate(counts):
            restored[number] = self._restored(image, number, step, progress)
        return restored

    def _restored(
        self, image: Floats, number: int, sampling: float, progress: Progress | None
    ) -> NDArray[np.floating]:
        name, shape = self.metadata.name, image.shape
        try:
            if progress is not None and isinstance(self.inner, SteppedRestorer):
                output = np.asarray(
                    self.inner.restore_in_steps(image, sampling=sampling, progress=progress)
                )
            else:
                output = np.asarray(self.inner.restore_image(image, sampling=sampling))
        except InputError:
            raise
        except ForeignError as error:
            raise RestorationError(
                f"restorer '{name}' failed on image {number}: {error}"
            ) from error
        except Exception as error:
            # Any exception of a user's model becomes one sentence; the cause stays chained.
            reason = (str(error).strip().splitlines() or ["no message"])[0]
            raise RestorationError(
                f"restorer '{name}' failed on image {number}: {type(error).__name__}: {reason}"
            ) from error
        if output.shape != shape:
            raise RestorationError(
                f"restorer '{name}' returned shape {output.shape} for image {number} of shape "
                f"{shape}; a restored image must have the shape of its input"
            )
        if output.dtype.kind not in "fiub":
            raise RestorationError(
                f"restorer '{name}' returned {output.dtype} for image {number}; a restored image "
                "must hold real numbers"
            )
        wrong = int(output.size - np.isfinite(output).sum())
        if wrong:
            raise RestorationError(
                f"restorer '{name}' returned NaN or infinity in {wrong} of {output.size} pixels "
                f"of image {number}"
            )
        return output
