"""The periodic part of an image, against Moisan's definition."""

import numpy as np
import pytest

from restore.classical.counts.periodic_part import split_periodic


@pytest.mark.parametrize("shape", [(12, 17), (1, 9), (8, 1), (2, 2)])
def test_smooth_part_has_the_laplacian_of_the_jumps(shape: tuple[int, int]) -> None:
    """Moisan's definition, written with neighbours instead of a transform."""
    image = np.random.default_rng(1).normal(size=shape)
    transform, smooth = split_periodic(image)
    np.testing.assert_allclose(np.real(np.fft.ifft2(transform)) + smooth, image, atol=1e-12)
    assert smooth.mean() == pytest.approx(0, abs=1e-12)
    laplacian = sum(np.roll(smooth, k, axis) for k in (-1, 1) for axis in (0, 1)) - 4 * smooth
    jumps = np.zeros(shape)
    for axis in (0, 1):
        along = np.moveaxis(jumps, axis, 0)
        given = np.moveaxis(image, axis, 0)
        along[0] += given[-1] - given[0]
        along[-1] += given[0] - given[-1]
    np.testing.assert_allclose(laplacian, jumps, atol=1e-12)
