"""Own images of few counts: nothing invented beyond the frame, holes filled, a bias said."""

import numpy as np
import pytest

from bench.own_images.fit_words import cautions
from fitting import fit_own_image, score_detection
from tests.fitting.search.own_image.made_images import SAMPLING, lattice


def few_counts(part, seed=0, **more):
    made = lattice(shape=(128, 128), **more)
    return made, np.random.default_rng(seed).poisson(made.clean * part).astype(float)


@pytest.mark.parametrize("kind", ["square", "hexagonal", "oblique"])
@pytest.mark.parametrize("part", [0.02, 0.05])
def test_columns_beyond_the_frame_are_as_many_as_there_are(kind, part):
    made, image = few_counts(part, kind=kind)
    fit = fit_own_image(image, sampling=SAMPLING)
    rows, cols = image.shape
    beyond = made.places[
        ((made.places > -12) & (made.places < np.array([cols, rows]) + 11)).all(axis=1)
    ]
    assert fit.hidden <= len(beyond) - len(made.inside())
    assert np.isfinite(fit.goodness.image)


def test_holes_of_the_arrangement_are_looked_at_and_vacancies_stay():
    """Of columns at five standard errors half would be lost; at a vacancy nothing is invented."""
    made, _ = few_counts(1.0)
    inside = made.inside(margin=20.0)
    vacancies = inside[:: len(inside) // 4][:4]
    clean = made.clean.copy()
    y, x = np.mgrid[:128, :128]
    for place in vacancies:
        clean -= 100.0 * np.exp(-((x - place[0]) ** 2 + (y - place[1]) ** 2) / (2 * 2.4**2))
    image = np.random.default_rng(3).poisson(np.maximum(clean, 0) * 0.025).astype(float)
    fit = fit_own_image(image, sampling=SAMPLING)
    found = fit.table[["x", "y"]].dropna().to_numpy()
    there = made.inside(margin=3.0)
    there = there[np.hypot(*(there[:, None] - vacancies).transpose(2, 0, 1)).min(axis=1) > 1]
    score = score_detection(found, there, radius=4.0)
    assert score.recall > 0.9
    assert np.hypot(*(found[:, None] - vacancies).transpose(2, 0, 1)).min() > 4.0


def test_a_bias_of_noise_is_said_and_no_bias_is_not():
    _, dim = few_counts(0.025)
    _, bright = few_counts(5.0)
    said = fit_own_image(dim, sampling=SAMPLING)
    assert said.noise_bias is not None
    assert said.noise_bias.shown
    assert said.noise_bias.scs < 0
    assert any("follows the noise" in sentence for sentence in cautions(said, dim))
    quiet = fit_own_image(bright, sampling=SAMPLING)
    assert quiet.noise_bias is None
    assert not any("follows the noise" in sentence for sentence in cautions(quiet, bright))
