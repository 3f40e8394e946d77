"""Filters by Fourier transforms against scipy.ndimage's sums."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter, gaussian_laplace

from fitting.search import wide_filters


@pytest.mark.parametrize("scale", [4.3, 9.0, 40.0])
def test_transformed_filters_are_those_of_scipy(scale, monkeypatch):
    image = np.random.default_rng(0).normal(5.0, 1.0, (90, 121))
    smooth = gaussian_filter(image, scale, mode="nearest")
    bent = gaussian_laplace(image, scale, mode="nearest", truncate=6.0)
    np.testing.assert_array_equal(wide_filters.smoothed(image, scale), smooth)
    np.testing.assert_array_equal(wide_filters.laplacian(image, scale), bent)
    monkeypatch.setattr(wide_filters, "LARGE", 0)
    for found, expected in (
        (wide_filters.smoothed(image, scale), smooth),
        (wide_filters.laplacian(image, scale), bent),
    ):
        assert not np.array_equal(found, expected) or 4 * scale < 24  # it did go the other way
        np.testing.assert_allclose(found, expected, atol=1e-12)
    # negative control: edges that are continued otherwise
    other = gaussian_filter(image, scale, mode="constant")
    assert np.abs(other - smooth).max() > 1e-3
