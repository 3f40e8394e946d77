"""The references: images without the information that is asked for."""

import numpy as np
import pytest

from restore import is_raw, is_reference, load_restorer


def test_they_keep_the_electrons_and_nothing_of_the_columns() -> None:
    image = np.random.default_rng(3).poisson(4.0, (2, 6, 7)).astype(float)
    flat = load_restorer("flat").restore(image, sampling=0.2)
    rows = load_restorer("row-mean").restore(image, sampling=0.2)
    for made in (flat, rows):
        assert made.sum(axis=(1, 2)) == pytest.approx(image.sum(axis=(1, 2)))
    assert np.ptp(flat, axis=(1, 2)) == pytest.approx(0)
    assert np.ptp(rows, axis=2) == pytest.approx(0)
    assert rows[:, :, 0] == pytest.approx(image.mean(axis=2))


def test_they_are_of_a_family_of_their_own() -> None:
    for name in ("flat", "row-mean"):
        assert load_restorer(name).metadata.family == "reference"
        assert is_reference(name)
        assert not is_raw(name)
    assert not is_reference("gaussian")
