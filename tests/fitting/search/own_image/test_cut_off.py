"""Images cut off at their largest value: flagged in every type of number, and clean ones not."""

import numpy as np
import pytest

from fitting import SATURATED, fit_own_image
from fitting.search.own_image.pixels.constant_areas import constant_areas
from tests.fitting.search.own_image.made_images import SAMPLING, lattice

MADE = lattice(shape=(64, 80), width=2.6)
_Y, _X = np.mgrid[:64, :80]
#: Columns at the right are bright, those at the left are not cut off.
BRIGHT = np.where(_X > 40, 1.0, 0.6)


def numbers(image, kind):
    """Image cut off at 0.8 of its largest value, as numbers of a kind."""
    top = 0.8 * image.max()
    if kind.startswith("uint"):
        most = np.iinfo(kind).max
        return np.clip(np.round(image * most / top), 0, most).astype(kind)
    return np.minimum(image, top).astype(kind)


def flagged(image):
    fit = fit_own_image(image.astype(float), sampling=SAMPLING)
    table = fit.table[~fit.failed]
    return (table["flags"] & SATURATED) != 0, table["x"].to_numpy()


@pytest.mark.parametrize(
    ("kind", "hot"),
    [
        ("uint8", False), ("uint16", False), ("float32", False), ("float64", False),
        # a converter's largest number has none above it
        ("float32", True), ("float64", True),
    ],
)  # fmt: skip
def test_columns_cut_off_are_flagged(kind, hot):
    """Above the expected tops of the columns: noise alone is cut off, and few pixels touch.

    Negative control: the columns of 0.6 of the height beside, and the image as it was.
    """
    whole = np.random.default_rng(4).poisson(MADE.clean * BRIGHT).astype(float)
    image = numbers(whole, kind)
    if hot:
        image[20, 30] = 3 * image.max()
    marked, x = flagged(image)
    assert marked[x > 44].mean() > 0.8
    assert not marked[x < 36].any()
    if kind == "float64" and not hot:
        assert not flagged(whole)[0].any()


def test_every_column_cut_off_is_flagged():
    marked, _ = flagged(numbers(MADE.counts(5), "uint8"))
    assert marked.mean() > 0.8


def test_pixels_that_are_cut_off_take_part():
    """Left out, they would bias: noise has chosen them. Those of a flat top do not take part."""
    image = numbers(MADE.counts(5), "float64")
    areas = constant_areas(image, np.ones(image.shape, dtype=bool))
    assert min(areas.cut.sum(), areas.saturated.sum()) > 20
    assert not (areas.cut & areas.saturated).any()
    fit = fit_own_image(image, sampling=SAMPLING)
    assert fit.valid[fit.areas.cut].all()
    assert not fit.valid[fit.areas.saturated].any()


def test_clean_images_are_not_cut_off():
    """Of 240 images of counts, bright and dark, at most 2 % have a pixel that seems cut off."""
    rng = np.random.default_rng(6)
    valid = np.ones(MADE.clean.shape, dtype=bool)
    wrong = 0
    for electrons in (0.02, 0.1, 0.5, 2.0, 10.0, 100.0):
        for number in range(40):
            image = rng.poisson(electrons * (MADE.clean - 19.0) / 20).astype(float)
            image *= -1.0 if number % 2 else 3.7
            found = constant_areas(image, valid)
            wrong += bool(found.cut.any())
    assert wrong <= 0.02 * 240
