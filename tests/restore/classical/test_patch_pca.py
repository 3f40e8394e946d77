"""Patch-PCA against its slow twin, and on pure noise."""

import numpy as np
import pytest

from restore.classical.patch_pca import denoise_by_patches
from stembench.arrays import Floats


def slow_twin(image: Floats, side: int) -> Floats:
    """Patch-PCA by loops over patches and a singular value decomposition of all at once."""
    height, width = image.shape
    corners = [(i, j) for i in range(height - side + 1) for j in range(width - side + 1)]
    patches = np.array([image[i : i + side, j : j + side].ravel() for i, j in corners])
    mean = patches.mean(axis=0)
    _, singular, components = np.linalg.svd(patches - mean, full_matrices=False)
    variances = singular**2 / len(patches)
    edge = (1 + np.sqrt(side**2 / len(patches))) ** 2
    weights = [(v - 1) / v if v > edge else 0.0 for v in variances]
    restored = (patches - mean) @ components.T @ np.diag(weights) @ components + mean
    summed, count = np.zeros(image.shape), np.zeros(image.shape)
    for (i, j), patch in zip(corners, restored, strict=True):
        summed[i : i + side, j : j + side] += patch.reshape(side, side)
        count[i : i + side, j : j + side] += 1
    return summed / count


@pytest.mark.parametrize(("shape", "side"), [((20, 27), 3), ((14, 14), 5), ((90, 12), 3)])
def test_patch_pca_equals_its_slow_twin(shape: tuple[int, int], side: int) -> None:
    y, x = np.mgrid[: shape[0], : shape[1]]
    image = 3 * np.cos(y / 2) * np.cos(x / 3) + np.random.default_rng(0).normal(size=shape)
    denoised = denoise_by_patches(image, side=side)
    np.testing.assert_allclose(denoised, slow_twin(image, side), atol=1e-9)
    assert np.abs(denoised - image).max() > 0.5


def test_patch_pca_takes_noise_of_one_for_noise() -> None:
    """White noise of standard deviation 1 vanishes; the same noise threefold is kept as signal."""
    noise = np.random.default_rng(1).normal(size=(96, 96))
    assert np.std(denoise_by_patches(noise, side=7)) < 0.15
    assert np.std(denoise_by_patches(3 * noise, side=7)) > 0.5 * 3
