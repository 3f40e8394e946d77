"""Contrast: equations (23) to (26) and the background."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from training.images.image_contrast import Background, Contrast

NOTHING = Background("plane", 0.0, 1.0, 0.0, 0.3)
IMAGE = np.random.default_rng(0).random((30, 40)) * 3 + 5


def test_each_equation_written_out():
    inverted = Contrast(True, 1.0, NOTHING, 0.1).applied(IMAGE)
    # The ratio of max(y) - y is beyond 0.35: (25) brings it to what was drawn.
    y = IMAGE.max() - IMAGE
    assert y.std() / y.mean() > 0.35
    y = y + (y.std() / 0.1 - y.mean())
    assert inverted == pytest.approx(y / y.max())
    curved = Contrast(False, 1.4, NOTHING, 0.1).applied(IMAGE)
    assert curved == pytest.approx(IMAGE**1.4 / IMAGE.max() ** 1.4)


def test_a_plane_rises_from_0_to_its_height():
    values = Background("plane", 0.4, 0.3, -2.0, 0.3).values((30, 40))
    assert values.min() == 0.0
    assert values.max() == 1.0
    assert np.diff(values, 2, axis=0) == pytest.approx(0.0, abs=1e-12)
    assert np.diff(values, axis=0) == pytest.approx(values[1, 0] - values[0, 0])


def test_a_gaussian_has_its_centre_and_width():
    values = Background("gaussian", 0.4, 0.5, 0.5, 0.3).values((31, 41))
    assert values[15, 20] == pytest.approx(1.0)
    assert values[15, 20 + 9] == pytest.approx(np.exp(-0.5 * (9 / (0.3 * 31)) ** 2))


@given(seed=st.integers(0, 2**32), kind=st.sampled_from(["noise", "points", "flat", "empty"]))
@settings(deadline=None, max_examples=120)
def test_images_are_normalised_and_in_the_paper_s_range(seed, kind):
    rng = np.random.default_rng(seed)
    image = np.zeros((32, 24))
    if kind == "noise":
        image = rng.random(image.shape) ** 3
    elif kind == "points":
        image[rng.integers(32), rng.integers(24)] = 7.0
    elif kind == "flat":
        image += 2.0
    contrast = Contrast.sample(rng)
    y = contrast.applied(image)
    assert y.max() == 1.0
    assert y.min() >= -1e-12
    ratio = y.std() / y.mean()
    if contrast.background.height > 0.01 or kind in ("noise", "points"):
        assert ratio <= 0.35 + 1e-9
        # An image that is nearly even cannot reach 0.01 beyond taking off all of its offset.
        assert ratio >= 0.01 - 1e-9 or y.min() <= 1e-9


def test_probabilities_are_the_paper_s():
    rng = np.random.default_rng(3)
    n = 2000
    drawn = [Contrast.sample(rng) for _ in range(n)]
    bound = 4 * np.sqrt(0.25 / n)
    assert abs(np.mean([each.inverted for each in drawn]) - 0.5) < bound
    assert abs(np.mean([each.beta != 1.0 for each in drawn]) - 0.5) < bound
    assert abs(np.mean([each.background.kind == "plane" for each in drawn]) - 0.5) < bound
    assert all(0.5 <= each.beta <= 1.5 for each in drawn)
    assert all(0.0 <= each.background.height <= 0.5 for each in drawn)
    assert all(0.2 <= each.background.width <= 0.6 for each in drawn)
