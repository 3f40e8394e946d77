"""The region that is assessed: where columns are."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from bench.own_images.busiest_region import busiest_region
from tests.bench.assessment.test_edits import drawn, lattice


def test_it_holds_the_columns_and_not_the_bright_edge() -> None:
    rng = np.random.default_rng(0)
    image = np.full((256, 320), 20.0)
    image[:, :60] = 400.0  # a thick part without columns
    patch = drawn(lattice(7), 96)
    image[140:236, 200:296] = patch
    rows, cols = busiest_region(rng.poisson(image).astype(float), largest=96)
    assert abs(rows.start - 140) <= 24
    assert abs(cols.start - 200) <= 24


@given(rows=st.integers(5, 90), cols=st.integers(5, 90), largest=st.integers(5, 100))
@settings(max_examples=50, deadline=None)
def test_it_is_as_large_as_it_may_be_and_inside(rows, cols, largest) -> None:
    image = np.random.default_rng(rows * 100 + cols).normal(size=(rows, cols))
    high, wide = busiest_region(image, largest=largest)
    assert high.stop - high.start == min(rows, largest)
    assert wide.stop - wide.start == min(cols, largest)
    assert 0 <= high.start <= high.stop <= rows
    assert 0 <= wide.start <= wide.stop <= cols


@pytest.mark.parametrize("value", [0.0, 7.0])
def test_an_image_of_one_value_has_a_region_too(value) -> None:
    rows, cols = busiest_region(np.full((60, 60), value), largest=32)
    assert (rows.stop - rows.start, cols.stop - cols.start) == (32, 32)
