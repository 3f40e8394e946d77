"""What is left out of a user's own image before any column is known, and what is not."""

import numpy as np
import pytest
from scipy.ndimage import binary_dilation, gaussian_filter

from fitting.search.own_image.pixels.constant_areas import constant_areas
from fitting.search.own_image.pixels.marks import drawn_marks
from fitting.search.own_image.pixels.outliers import thin_outliers
from fitting.search.own_image.pixels.pixel_noise import measure_noise
from tests.fitting.search.own_image.made_images import lattice

EVERY = np.ones((80, 92), dtype=bool)


def _marks(image, valid=EVERY):
    return drawn_marks(image, valid, measure_noise(image, valid))


def _thin(image):
    return thin_outliers(image, EVERY, measure_noise(image, EVERY))


def _drawn(kind):
    """Pixels of a drawing."""
    rows, cols = np.mgrid[:80, :92]
    ring = np.abs(np.hypot(rows - 40, cols - 46) - 25) < 1.2
    frame = (np.maximum(np.abs(rows - 40) - 20, np.abs(cols - 46) - 26) + 1) // 2 == 0
    cross = (rows // 2 == 20) | (cols // 2 == 30)
    return {"ring": ring, "frame": frame, "cross": cross, "edge": (cols < 3)}[kind]


@pytest.mark.parametrize("kind", ["ring", "frame", "cross", "edge"])
@pytest.mark.parametrize("value", [0.0, 95.0, 255.0])
def test_drawings_of_one_value_are_marks(kind, value):
    drawn = _drawn(kind)
    image = np.where(drawn, value, lattice().counts(1))

    found = _marks(image)

    # A value of the lattice itself is seen where it is unlike what lies beside.
    assert np.mean(found[drawn]) > (0.9 if value in (0.0, 255.0) else 0.6)
    assert not (found & ~binary_dilation(drawn, np.ones((3, 3)), iterations=2)).sum() > 5


def test_dead_and_hot_pixels_of_one_value_are_marks():
    generator = np.random.default_rng(2)
    image = lattice().counts(1)
    dead = generator.random(image.shape) < 0.02
    image[dead] = 0.0

    found = _marks(image)

    assert np.mean(found[dead]) > 0.8
    assert not (found & ~dead).any()


@pytest.mark.parametrize("level", [0.02, 0.3, 3.0])
def test_vacuum_of_few_counts_holds_no_marks(level):
    made = lattice()
    image = np.random.default_rng(3).poisson(0.1 * (made.clean - 20.0) + level).astype(float)

    assert not _marks(image).any()


@pytest.mark.parametrize(
    "image",
    [
        lattice().counts(5),
        np.round(lattice().clean),
        np.round(lattice(width=1.2, background=-20.0).clean / 5.0),
        np.minimum(lattice().counts(5), 90.0),
        np.round(gaussian_filter(lattice().counts(5), 1.0)),
        lattice().clean,
    ],
    ids=["counts", "eight bits", "four bits", "cut off", "smoothed", "no noise"],
)
def test_images_without_a_drawing_hold_no_marks(image):
    areas = constant_areas(image, EVERY)

    found = _marks(image, EVERY & ~areas.areas & ~areas.saturated & ~areas.cut)

    assert found.sum() <= 1


def test_borders_of_very_different_values_are_both_areas():
    image = lattice().counts(4)
    image[:8] = 0.0
    image[:, -9:] = 65535.0

    areas = constant_areas(image, EVERY)

    assert areas.areas[:8].all()
    assert areas.areas[:, -9:].all()
    assert set(areas.values) == {0.0, 65535.0}


@pytest.mark.parametrize("spike", [3e3, 1e6])
def test_a_border_is_one_beside_spikes_and_hot_lines(spike):
    image = lattice().counts(4)
    image[:9] = 0.0
    image[30, 40] = spike
    image[:, 70] = spike

    assert constant_areas(image, EVERY).areas[:9, :60].all()


def test_a_box_with_text_in_it_is_an_area():
    image = lattice().counts(4)
    image[60:76, 40:84] = 0.0
    for column in range(46, 80, 5):
        image[65:72, column : column + 2] = 255.0
    box = np.zeros_like(EVERY)
    box[60:76, 40:84] = True

    assert constant_areas(image, EVERY).areas[box].mean() > 0.75


def test_the_value_of_a_scale_bar_is_no_largest_value():
    image = lattice().counts(4)
    image[70:74, 5:40] = np.sort(image.ravel())[-20]

    areas = constant_areas(image, EVERY)

    assert areas.areas[70:74, 5:40].all()
    assert not areas.cut.any()
    assert not areas.saturated.any()


def test_values_in_steps_of_any_size_are_those_of_counts():
    image = lattice().counts(5)

    for scale in (1.0, 0.37, 1e-12):
        assert not constant_areas(scale * image, EVERY).areas.any()


def test_pixels_where_hot_lines_meet_are_outliers():
    image = lattice().counts(5)
    image[12:40, 30] = 1e4
    image[39, 30:60] = 1e4 + np.arange(30.0)

    found = _thin(image)

    assert found[12:40, 30].all()
    assert found[39, 30:60].all()
    found[38:41] = found[:, 29:32] = False
    # The noise is not known well before hot pixels are left out.
    assert found.sum() <= 2


@pytest.mark.parametrize("offset", [-1e5, -50.0, 0.0, 3e4])
def test_noise_of_an_image_with_an_offset_grows_with_its_light(offset):
    made = lattice()
    image = made.counts(6)
    shifted = measure_noise(image + offset, EVERY).variance(made.clean + offset)

    # Differences give the variance in 12 groups of 600 pixels: each to about 8 %.
    assert np.allclose(shifted[made.clean > 100].mean(), 108.0, rtol=0.2)
    assert np.allclose(shifted[made.clean < 25].mean(), 22.0, rtol=0.2)


def test_noise_hidden_by_rounding_is_at_least_that_of_rounding():
    image = np.round(lattice().counts(6) / 25.0) * 25.0

    assert measure_noise(image, EVERY).floor >= 25.0**2 / 12.0
    assert measure_noise(lattice().counts(6), EVERY).slope == pytest.approx(1.0, rel=0.2)
