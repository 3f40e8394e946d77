"""The identity restorer."""

import numpy as np

from restore import load_restorer


def test_raw_and_its_alias_change_nothing() -> None:
    images = np.random.default_rng(7).normal(0, 5, (2, 6, 7))
    for name in ("raw", "identity"):
        restorer = load_restorer(name)
        assert restorer.metadata.name == "raw"
        np.testing.assert_array_equal(restorer.restore(images, sampling=0.1), images)
