"""Principal components of an image's own patches, on variance-stabilised counts.

C.-A. Deledalle, J. Salmon and A. Dalalyan (2011), doi:10.5244/C.25.25, their global variant, with
the components weighed by their share of signal instead of cut off.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from restore.built_in import BuiltIn, untrained_metadata
from restore.classical.counts.anscombe import STABILISED, restore_stabilised
from restore.restorer import RestorerMetadata
from restore.settings import require_positive
from stembench.arrays import Floats

PCA_PATCH = 2.6
"""Default side of patch-PCA's patches, Å: an atomic column and a part of each neighbour."""

_ROWS_PER_STEP = 64  # bounds memory: a step holds its rows' patches alone


@dataclass(frozen=True)
class PatchPCA:
    """Patch-PCA: weigh the principal components of the image's patches by their share of signal."""

    patch: float = PCA_PATCH
    """Side of the patches, Å (3 to 15 px)."""

    def __post_init__(self) -> None:
        require_positive("patch-pca", patch=self.patch)

    @property
    def metadata(self) -> RestorerMetadata:
        """Identity and properties of the restorer."""
        return untrained_metadata(
            "patch-pca",
            self,
            label="patch-PCA",
            library="numpy",
            input_scale=STABILISED,
            scales_with_counts=False,
        )

    def restore_image(self, image: Floats, /, *, sampling: float) -> Floats:
        """Denoise one image (h, w) of counts."""
        side = int(np.clip(2 * round(self.patch / sampling / 2) + 1, 3, 15))
        return restore_stabilised(
            image, lambda stable: denoise_by_patches(stable, side=side), least_side=2 * side
        )


def _patches(image: Floats, side: int, start: int, stop: int) -> Floats:
    """Return all patches whose first row is in [start, stop) as (rows, columns, side**2)."""
    windows = np.lib.stride_tricks.sliding_window_view(image[start : stop + side - 1], (side, side))
    return windows.reshape(*windows.shape[:2], side * side)


def denoise_by_patches(image: Floats, /, *, side: int) -> Floats:
    """Denoise an image whose noise is white with standard deviation 1.

    Parameters
    ----------
    image : ndarray
        (h, w), both at least `side`.
    side : int
        Side of the patches, px.

    Returns
    -------
    ndarray
        (h, w). Each pixel is the mean of its values in all the patches that cover it.

    Notes
    -----
    A component of variance v holds v - 1 of signal and is weighed by (v - 1) / v. One below the
    largest variance that noise alone gives, (1 + sqrt(d / n))**2 for n pixels and patches of d
    pixels (V. A. Marčenko and L. A. Pastur (1967), doi:10.1070/SM1967v001n04ABEH001994), is left
    out.
    """
    height, width = image.shape
    rows, columns = height - side + 1, width - side + 1
    size = side * side
    steps = [(start, min(start + _ROWS_PER_STEP, rows)) for start in range(0, rows, _ROWS_PER_STEP)]
    count = rows * columns
    centre = image.mean()
    total = np.zeros(size)
    products = np.zeros((size, size))
    for start, stop in steps:
        part = _patches(image, side, start, stop).reshape(-1, size) - centre
        total += part.sum(axis=0)
        products += part.T @ part
    mean = total / count
    covariance = products / count - np.outer(mean, mean)
    variances, components = np.linalg.eigh(covariance)
    edge = (1 + np.sqrt(size / count)) ** 2
    weights = np.where(variances > edge, 1 - 1 / np.maximum(variances, 1.0), 0.0)
    kept = weights > 0
    shrink = (components[:, kept] * weights[kept]) @ components[:, kept].T
    mean += centre
    summed = np.zeros_like(image)
    for start, stop in steps:
        part = _patches(image, side, start, stop)
        restored = (part - mean) @ shrink + mean
        for i in range(side):
            for j in range(side):
                summed[start + i : stop + i, j : j + columns] += restored[:, :, i * side + j]
    covering = np.outer(_covering(height, side), _covering(width, side))
    averaged: Floats = summed / covering
    return averaged


def _covering(size: int, side: int) -> Floats:
    """Return how many patches cover each place along one axis."""
    place = np.arange(size)
    first = np.maximum(0, place - side + 1)
    last = np.minimum(place, size - side)
    return (last - first + 1).astype(np.float64)


RESTORER: Final = BuiltIn(
    name="patch-pca",
    summary="patch-PCA on variance-stabilised counts",
    load=PatchPCA,
    settings_type=PatchPCA,
)
