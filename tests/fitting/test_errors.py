"""Stated standard errors against the scatter of fits over noise draws."""

import numpy as np
import pytest

from fitting import ColumnModel, FitOptions, cramer_rao, fit_batch, fit_columns
from stembench.errors import InputError

DRAWS = 400


def scene(background=(0.02,), height=(0.1, 0.4)):
    """Nine overlapping columns, 3.3 widths apart."""
    rng = np.random.default_rng(0)
    starts = np.array([(10 + i * 7.6, 10 + j * 7.6) for j in range(3) for i in range(3)])
    starts += rng.uniform(-0.3, 0.3, starts.shape)
    return ColumnModel(
        x=starts[:, 0],
        y=starts[:, 1],
        height=rng.uniform(*height, 9),
        sigma=np.full(9, 2.3),
        shape=(36, 36),
        background=background,
    )


def draws(model, dose, *, seed=1, detector_sigma=0.0):
    rng = np.random.default_rng(seed)
    electrons = dose * 0.04
    counts = rng.poisson(model.image() * electrons, (DRAWS, *model.shape)).astype(float)
    counts += rng.normal(0, detector_sigma, counts.shape)
    return counts / electrons


def stacked(fits, name):
    return np.array([fit.table[name] for fit in fits])


def spread(fits, truth, name):
    """Pooled rms of (fit - truth) / stated error over draws and columns."""
    z = (stacked(fits, name) - truth) / stacked(fits, f"{name}_err")
    assert np.isfinite(z).all()
    return float(np.sqrt(np.mean(z**2)))


# 400 draws of nine columns. x and y of different columns are nearly independent: n = 3600 and
# the rms has a standard error of 1/sqrt(2 * 3600) = 0.012. SCS shares one width and background,
# so that only n = 400 is counted on: 0.035. k = 4 throughout.
@pytest.mark.parametrize("estimator", ["ls", "poisson"])
def test_scatter_equals_the_stated_error(estimator):
    model = scene()
    dose = 2e4
    starts = np.column_stack([model.x, model.y])
    options = FitOptions(estimator=estimator)
    fits = fit_batch(draws(model, dose), starts, sampling=0.2, options=options, dose=dose)
    scs = 2 * np.pi * model.height * model.sigma**2 * 0.04
    assert abs(spread(fits, model.x, "x") - 1) < 4 * 0.012
    assert abs(spread(fits, model.y, "y") - 1) < 4 * 0.012
    assert abs(spread(fits, scs, "scs") - 1) < 4 * 0.035
    assert abs(spread(fits, model.height, "height") - 1) < 4 * 0.035
    assert abs(spread(fits, model.sigma, "sigma") - 1) < 4 * 0.035


def test_residual_variance_misstates_the_error_of_shot_noise():
    """Negative control: without the dose the errors assume equal noise in all pixels."""
    model = scene(background=(0.002,))
    starts = np.column_stack([model.x, model.y])
    fits = fit_batch(draws(model, 2e4), starts, sampling=0.2)
    assert abs(spread(fits, model.x, "x") - 1) > 4 * 0.012


def test_detector_noise_enters_the_sandwich():
    model = scene()
    dose, sigma = 2e4, 6.0
    images = draws(model, dose, detector_sigma=sigma)
    starts = np.column_stack([model.x, model.y])
    fits = fit_batch(images, starts, sampling=0.2, dose=dose, detector_sigma=sigma)
    assert abs(spread(fits, model.x, "x") - 1) < 4 * 0.012
    ignorant = fit_batch(images, starts, sampling=0.2, dose=dose)
    assert spread(ignorant, model.x, "x") > 1.05


def test_poisson_likelihood_reaches_the_bound_and_least_squares_does_not():
    """Scatter over the bound: 1 within k = 4 errors for ML; least squares loses efficiency."""
    model = scene(background=(0.002,))
    dose = 2e4  # the weakest column has 1300 electrons
    images = draws(model, dose, seed=3)
    starts = np.column_stack([model.x, model.y])
    bound = cramer_rao(model, dose=dose, sampling=0.2)
    ratio = {}
    for estimator in ("ls", "poisson"):
        options = FitOptions(estimator=estimator)
        fits = fit_batch(images, starts, sampling=0.2, options=options, dose=dose)
        x = (stacked(fits, "x") - model.x) / bound["x_crb"].to_numpy()
        ratio[estimator] = float(np.sqrt(np.mean(x**2)))
    assert abs(ratio["poisson"] - 1) < 4 * 0.012
    assert ratio["ls"] > ratio["poisson"] + 4 * 0.012


def test_no_estimator_beats_the_bound_by_stating_small_errors():
    """Stated errors themselves never fall below the bound at the fitted model by over 1 %."""
    model = scene()
    starts = np.column_stack([model.x, model.y])
    for estimator in ("ls", "poisson"):
        options = FitOptions(estimator=estimator)
        fit = fit_columns(draws(model, 2e4)[0], starts, sampling=0.2, options=options, dose=2e4)
        bound = cramer_rao(fit, dose=2e4)
        for name in ("x", "y", "scs"):
            assert (fit.table[f"{name}_err"] > 0.99 * bound[f"{name}_crb"]).all()


def test_likelihood_of_one_column_is_the_centroid_and_its_excess_over_the_bound_is_exact():
    """Closed form of one Gaussian without background, whatever its free width.

    The likelihood's stationary point is the centroid of the electrons and their number, so that
    var(x) = sigma² E[1/N] exceeds the bound sigma² / E[N] by the finite number alone: by 1.0 % in
    standard deviation at 50 electrons. The SCS meets its bound exactly.
    """
    rng = np.random.default_rng(21)
    mean, sigma, draws_ = 50.0, 2.0, 1000
    height = mean / (2 * np.pi * sigma**2)
    x, y, heights, widths = (np.array([value]) for value in (14.3, 13.8, height, sigma))
    model = ColumnModel(x=x, y=y, height=heights, sigma=widths, shape=(29, 29))
    counts = rng.poisson(model.image(), (draws_, *model.shape)).astype(float)
    dose = 1 / 0.04  # one electron per pixel and unit of the image
    likelihood = FitOptions(estimator="poisson", background="none")
    fits = fit_batch(counts, [(14.3, 13.8)], sampling=0.2, options=likelihood, dose=dose)
    electrons = counts.sum(axis=(1, 2))
    centroid = (counts.sum(axis=1) @ np.arange(29)) / electrons
    x = stacked(fits, "x")[:, 0]
    # Where fewer than 1e-3 electrons are expected the logarithm continues as a parabola, so that
    # an electron out there pulls less than a centroid would let it; fits may be narrower.
    near = (counts * (model.image() < 6e-3)).sum(axis=(1, 2)) == 0
    assert near.mean() > 0.8
    np.testing.assert_allclose(x[near], centroid[near], atol=2e-3)
    np.testing.assert_allclose(stacked(fits, "scs")[near, 0] / 0.04, electrons[near], rtol=1e-3)

    n = np.arange(1, 400)
    weights = np.exp(n * np.log(mean) - mean - np.cumsum(np.log(n)))
    exact = np.sqrt(mean * np.sum(weights / n))
    assert exact == pytest.approx(1.0104, abs=1e-4)
    bound = cramer_rao(model, dose=dose, sampling=0.2, background="none")
    ratio = np.sqrt(np.mean((x - 14.3) ** 2)) / bound["x_crb"].to_numpy()[0]
    # n = 1000 draws, k = 4 errors of 1 / sqrt(2 n).
    assert abs(ratio / exact - 1) < 4 / np.sqrt(2 * draws_)
    spread_ = stacked(fits, "scs").std() / bound["scs_crb"].to_numpy()[0]
    assert abs(spread_ - 1) < 4 / np.sqrt(2 * draws_)
    # Negative control: least squares weighs empty pixels as much as full ones.
    least = FitOptions(background="none")
    squares = fit_batch(counts[:100], [(14.3, 13.8)], sampling=0.2, options=least)
    assert np.abs(stacked(squares, "x")[:, 0] - centroid[:100]).max() > 0.1


def test_fifty_counts_per_column_are_enough_for_the_bound():
    """100 draws of nine columns of 50 electrons: rms ratio to 1/sqrt(2 * 900) = 0.024, k = 4."""
    rng = np.random.default_rng(7)
    starts = np.array([(12 + i * 9.0, 12 + j * 9.0) for j in range(3) for i in range(3)])
    electrons = 400.0
    height = 50 / (electrons * 2 * np.pi * 2.4**2)
    model = ColumnModel(
        x=starts[:, 0] + 0.2,
        y=starts[:, 1] - 0.1,
        height=np.full(9, height),
        sigma=np.full(9, 2.4),
        shape=(42, 42),
        background=(0.02 * height,),
    )
    images = rng.poisson(model.image() * electrons, (100, *model.shape)) / electrons
    dose = electrons / 0.04
    likelihood = FitOptions(estimator="poisson")
    fits = fit_batch(images, starts, sampling=0.2, options=likelihood, dose=dose)
    bound = cramer_rao(model, dose=dose, sampling=0.2)
    for name in ("x", "y"):
        z = (stacked(fits, name) - getattr(model, name)) / bound[f"{name}_crb"].to_numpy()
        assert abs(float(np.sqrt(np.mean(z**2))) - 1) < 4 * 0.024
    squares = fit_batch(images, starts, sampling=0.2, dose=dose)
    z = (stacked(squares, "x") - model.x) / bound["x_crb"].to_numpy()
    assert float(np.sqrt(np.mean(z**2))) > 1 + 4 * 0.024  # negative control


@pytest.mark.parametrize(
    "given",
    [{"dose": 1e308}, {"dose": 1e-200}, {"sampling": 1e308}, {"sampling": 1e-300, "dose": 5e2}],
)
def test_scales_that_no_image_has_are_refused(given):
    """Squares of electrons per pixel overflow there, or vanish and are divided by."""
    with pytest.raises(InputError, match=r"(dose|sampling) must be between"):
        fit_columns(np.ones((20, 20)), [[10.0, 10.0]], **{"sampling": 0.2, **given})
