"""Light lost and added place by place: false alarms as stated, holes found."""

import numpy as np
import pytest

from bench.assessment.evidence.local_light import local_light

TRUTH = np.full((96, 96), 4.0)
VALID = np.ones(TRUTH.shape, dtype=bool)


def test_noise_alone_stands_out_in_one_image_of_twenty():
    """Of 200 images at most 5 % and 4 binomial errors show a place, with any change allowed."""
    rng = np.random.default_rng(1)
    shown = 0
    for _ in range(200):
        found = local_light(rng.poisson(TRUTH), TRUTH, VALID, power=TRUTH, size=8)
        limit = np.abs(found.change / found.error)
        assert found.change.shape == (12, 12)
        shown += (found.lost | found.added).any()
    assert shown / 200 < 0.05 + 4 * np.sqrt(0.05 * 0.95 / 200)
    # Errors are those of a mean of 64 Poisson counts.
    assert found.error == pytest.approx(np.full((12, 12), 1 / np.sqrt(64 * 4.0)), rel=0.01)
    assert limit.max() < 6


def test_a_dark_hole_is_found_where_it_is():
    restored = TRUTH.copy()
    restored[32:48, 64:80] -= 3.0
    raw = np.random.default_rng(2).poisson(TRUTH)
    found = local_light(raw, restored, VALID, power=TRUTH, size=16)
    assert list(map(tuple, np.argwhere(found.lost))) == [(2, 4)]
    assert not found.added.any()
    assert found.change[2, 4] == pytest.approx(-0.75, abs=4 * found.error[2, 4])
    turned = local_light(raw, 2 * TRUTH - restored, VALID, power=TRUTH, size=16)
    assert turned.added[2, 4]
    assert not turned.lost.any()


def test_places_without_pixels_and_offsets():
    """Masked places are not judged; an offset and a unit change nothing."""
    valid = VALID.copy()
    valid[:40] = False
    raw = np.random.default_rng(3).poisson(TRUTH).astype(float)
    raw[:40] = np.nan
    found = local_light(raw, TRUTH, valid, power=TRUTH, size=16)
    assert np.isnan(found.change[:2]).all()
    assert np.isfinite(found.change[3:]).all()
    scaled = local_light(50 + 3 * raw, 50 + 3 * TRUTH, valid, power=9 * TRUTH, size=16, offset=50.0)
    np.testing.assert_allclose(scaled.change, found.change, rtol=1e-9)
    np.testing.assert_allclose(scaled.error[3:], found.error[3:], rtol=1e-9)


def test_boxes_and_points_are_those_of_the_places():
    """Places of 100 x 70 px in squares of 16: edges meet, and each point lies in one."""
    light = np.full((100, 70), 4.0)
    restored = light.copy()
    restored[:20, 60:] = 8.0
    found = local_light(light, restored, light > 0, power=0.01 * light, size=16)
    left, top, right, bottom = found.boxes(found.added)[0]
    assert (top, right) == (-0.5, 69.5)
    assert left < 60 < right
    assert top < 16 <= bottom + 0.5
    x, y = np.array([69.4, 0.0, 200.0]), np.array([0.0, 99.0, -9.0])
    assert found.added[found.places(x, y)].tolist() == [True, False, True]
    np.testing.assert_allclose(found.change[found.places(x, y)][1], 0)
