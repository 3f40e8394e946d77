"""The Gaussian filter, against its closed form."""

import numpy as np
import pytest

from restore import load_restorer
from restore.classical.gaussian import GAUSSIAN_SIGMA, GaussianFilter


@pytest.mark.parametrize("sampling", [0.1, 0.2])
def test_gaussian_filter_widens_a_column_by_its_declared_width(sampling: float) -> None:
    """A Gaussian of 0.5 Å becomes one of sqrt(0.5^2 + 0.3^2) Å with the same volume."""
    rho = 0.5 / sampling
    y, x = np.mgrid[:96, :96] - 47.0
    column = np.exp(-(x**2 + y**2) / (2 * rho**2))
    restored = load_restorer("gaussian").restore(column[None], sampling=sampling)[0]
    wide = np.hypot(0.5, GAUSSIAN_SIGMA) / sampling
    expected = rho**2 / wide**2 * np.exp(-(x**2 + y**2) / (2 * wide**2))
    # The sampled filter ends at four sigma and is aliased a little: 1e-3 of the height.
    np.testing.assert_allclose(restored, expected, atol=2e-3)
    assert restored.sum() == pytest.approx(column.sum(), rel=1e-9)
    # Another width would be seen.
    other = GaussianFilter(sigma=0.25).restore_image(column, sampling=sampling)
    assert np.abs(other - expected).max() > 2e-2
