"""Own images of few counts: nothing invented beyond the frame, holes filled, a bias said."""

import numpy as np
import pytest

from bench.own_images.fit_words import cautions
from fitting import FitOptions, fit_columns, fit_own_image, score_detection
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


def test_cross_sections_of_few_counts_are_not_too_small():
    """Columns of 8 and 11 standard errors, 3 images each: the mean of the medians of 121 SCS.

    Such a median scatters by 3 and 1.5 % (4 images each): tolerated are 3 standard errors of
    means of three, 5.2 and 2.6 %. Negative control: without weights they are too small by more.
    """
    made, _ = few_counts(1.0)
    model = fit_own_image(made.clean, sampling=SAMPLING)
    true = float(np.median(model.table["scs"]))
    places = np.column_stack([model.fit.model.x, model.fit.model.y])
    for part, tolerance in ((0.025, 0.052), (0.05, 0.026)):
        off, plain = [], []
        for seed in range(3):
            _, image = few_counts(part, seed=seed)
            # values of a file: another gain, and no electron at 120
            table = fit_own_image(120 + 3.7 * image, sampling=SAMPLING).table
            off.append(float(table["scs"].median()) / (3.7 * part * true) - 1)
            table = fit_columns(
                image, places, sampling=SAMPLING, options=FitOptions(start_width=2.4)
            ).table[: len(model.table)]
            plain.append(float(table["scs"].median()) / (part * true) - 1)
        assert abs(np.mean(off)) < tolerance
        assert np.mean(plain) < -tolerance


def test_images_without_noise_that_grows_are_not_weighed():
    """Detector noise alone, and many counts: fits are those of least squares as they were."""
    made, bright = few_counts(5.0)
    even = made.clean + np.random.default_rng(1).normal(0, 30, made.clean.shape)
    for image in (bright, even):
        fit = fit_own_image(image, sampling=SAMPLING)
        places = np.column_stack([fit.fit.model.x, fit.fit.model.y])
        width = float(np.median(fit.fit.model.sigma))
        again = fit_columns(
            image, places, sampling=SAMPLING, mask=~fit.valid,
            options=FitOptions(start_width=width, background=fit.background.name),
        )  # fmt: skip
        # even noise has a slope of chance, of which weights differ by some per cent
        np.testing.assert_allclose(np.median(again.model.sigma), width, rtol=0.01)


def test_no_bias_of_noise_is_said_where_there_is_none():
    _, bright = few_counts(5.0)
    quiet = fit_own_image(bright, sampling=SAMPLING)
    assert quiet.noise_bias is None
    assert not any("follows the noise" in sentence for sentence in cautions(quiet, bright))


@pytest.mark.parametrize(("part", "faint"), [(0.012, True), (0.1, False)])
def test_a_fit_of_faint_columns_says_that_it_is_not_to_be_trusted(part, faint):
    _, image = few_counts(part)
    fit = fit_own_image(image, sampling=SAMPLING)
    relative = float((fit.table["scs_err"] / fit.table["scs"]).median())
    assert (relative > 0.12) == faint == fit.faint
    said = any("a search misses some" in sentence for sentence in cautions(fit, image))
    assert said == faint


def test_stated_errors_are_the_scatter_where_counting_makes_bright_pixels_noisier():
    """Of 36 x 12 columns: a standard error of the ratio of 1/sqrt(2 x 36 x 11) = 3.6 %, k = 4."""
    side = np.arange(18.0, 80.0, 12.0)
    places = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)
    y, x = np.mgrid[:96, :96]
    above = sum(np.exp(-((x - a) ** 2 + (y - b) ** 2) / 12.5) for a, b in places)
    clean = 6 * (8 + 40 * above)
    fits = [
        fit_own_image(np.random.default_rng([5, k]).poisson(clean) * 1.0, places, sampling=0.1)
        for k in range(12)
    ]
    for value in ("scs", "x"):
        found = np.array([fit.table[value] for fit in fits])
        scatter = float(np.sqrt(found.var(axis=0, ddof=1).mean()))
        stated = float(np.mean([fit.table[f"{value}_err"] for fit in fits]))
        assert scatter / stated == pytest.approx(1.0, abs=0.144)
    # The residual's own noise for all pixels alike, as it was: a negative control.
    alike = fit_columns(
        np.random.default_rng([5, 0]).poisson(clean) * 1.0, places, sampling=0.1,
        options=FitOptions(start_width=2.5, background="constant"),
    ).table["scs_err"].mean()  # fmt: skip
    assert alike < 0.8 * fits[0].table["scs_err"].mean()
