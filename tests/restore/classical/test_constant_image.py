"""Classical restorers on images without any structure."""

import numpy as np
import pytest

from restore import load_restorer


@pytest.mark.parametrize("name", ["raw", "gaussian", "nlm"])
@pytest.mark.parametrize("value", [0.0, 0.25, 300.0])
def test_constant_image(name: str, value: float) -> None:
    images = np.full((1, 9, 12), value)
    restored = load_restorer(name).restore(images, sampling=0.2)
    np.testing.assert_allclose(restored, images, rtol=1e-12)
