"""Least squares with weights: the minimum, the same by both engines, errors by the weights."""

from dataclasses import replace

import numpy as np
import pytest

from fitting import FitOptions
from fitting.search.own_image.scene_fit import Scene, fit_scene

_NONE = np.zeros((0, 2))


def weighted(engine="joint", *, masked=False, sigma=2.0, seed=1, **options):
    """Nine columns whose noise is ten times as large in their left half, and the weights."""
    y, x = np.mgrid[:40, :40]
    places = np.array([(a, b) for b in (8.2, 20.0, 31.7) for a in (8.0, 20.3, 32.1)])
    clean = 20.0 + sum(
        100 * np.exp(-((x - a) ** 2 + (y - b) ** 2) / (2 * 2.4**2)) for a, b in places
    )
    rng = np.random.default_rng(seed)
    size = np.where(x < 20, 10 * sigma, sigma)
    valid = np.ones((40, 40), dtype=bool)
    if masked:
        valid[10:14, 14:30] = False
    scene = Scene(
        image=clean + size * rng.normal(size=size.shape), valid=valid, sampling=0.1,
        options=FitOptions(engine=engine, start_width=2.4, **options),
        precision=size**-2 / np.mean(size[valid] ** -2.0),
    )  # fmt: skip
    return scene, places


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("background", ["constant", "plane"])
def test_both_engines_find_the_weighted_minimum(masked, background):
    fits = []
    for engine in ("joint", "lmfit"):
        scene, places = weighted(engine, masked=masked, background=background)
        fits.append(fit_scene(scene, places, _NONE))
    ours, reference = fits
    assert np.nanmax(np.abs(ours.table["x"] - reference.table["x"])) < 1e-4
    np.testing.assert_allclose(ours.table["scs"], reference.table["scs"], rtol=1e-5)
    np.testing.assert_allclose(ours.rss, reference.rss, rtol=1e-8)
    for error in ("x_err", "scs_err", "height_err"):
        np.testing.assert_allclose(ours.table[error], reference.table[error], rtol=2e-3)
    scene, places = weighted(masked=masked, background=background)
    plain = fit_scene(replace(scene, precision=None), places, _NONE)
    assert np.nanmax(np.abs(ours.table["x"] - plain.table["x"])) > 1e-2


def test_weights_of_one_are_least_squares_as_they_were():
    scene, places = weighted()
    ones = fit_scene(replace(scene, precision=np.ones(scene.image.shape)), places, _NONE)
    plain = fit_scene(replace(scene, precision=None), places, _NONE)
    np.testing.assert_allclose(ones.table["scs"], plain.table["scs"], rtol=1e-6)
    np.testing.assert_allclose(ones.table["scs_err"], plain.table["scs_err"], rtol=2e-3)


def test_errors_are_those_of_each_half():
    """Stated errors of places against their scatter, 60 images, in the noisy and the clear half.

    The scatter of three columns in 60 images is known to 1 / sqrt(2 x 3 x 60) = 5.3 %; 4 of it.
    Negative control: the halves' errors differ by more than that.
    """
    places = weighted()[1]
    moved, stated = [], []
    for seed in range(60):
        table = fit_scene(weighted(seed=seed)[0], places, _NONE).table
        moved.append(table["x"].to_numpy() - places[:, 0])
        stated.append(table["x_err"].to_numpy())
    scatter = np.std(moved, axis=0, ddof=1)
    errors = np.sqrt(np.mean(np.square(stated), axis=0))
    noisy, clear = places[:, 0] < 12, places[:, 0] > 28
    for half in (noisy, clear):
        ratio = np.sqrt(np.mean(scatter[half] ** 2) / np.mean(errors[half] ** 2))
        assert ratio == pytest.approx(1, abs=4 * 0.053)
    assert np.mean(errors[noisy]) > 5 * np.mean(errors[clear])
