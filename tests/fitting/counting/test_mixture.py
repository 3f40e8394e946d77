"""Statistical counting and the bias-corrected bound against simulated estimators."""

import numpy as np
import pytest

from fitting import (
    ColumnModel,
    FitOptions,
    bias_corrected,
    bias_gradient,
    count_by_mixture,
    cramer_rao,
    fit_batch,
)
from stembench.errors import InputError


def columns(sigma, *, seed=0, n=400, largest=8):
    rng = np.random.default_rng(seed)
    count = rng.integers(1, largest + 1, n)
    return count, 0.03 * count + rng.normal(0, sigma, n)


@pytest.mark.parametrize("sigma", [0.002, 0.005])
def test_well_separated_thicknesses_are_all_counted(sigma):
    truth, scs = columns(sigma)
    found = count_by_mixture(scs, max_components=14)
    assert len(found.means) == 8
    np.testing.assert_allclose(found.means, 0.03 * np.arange(1, 9), atol=4 * sigma / np.sqrt(30))
    assert found.sigma == pytest.approx(sigma, rel=4 / np.sqrt(2 * 400))
    wrong = np.mean(found.table["count"] != truth)
    # half a step is 3 sigma at worst: 0.3 % of columns lie beyond
    assert wrong <= 0.0027 + 4 * np.sqrt(0.0027 / 400)
    assert found.icl.idxmin() == 8


def test_expected_fraction_correct_is_what_is_achieved():
    """Binomial error of 400 columns, k = 4."""
    truth, scs = columns(0.0075, seed=3)
    found = count_by_mixture(scs, max_components=14)
    assert len(found.means) == 8
    achieved = np.mean(found.table["count"] == truth)
    assert abs(found.expected_correct - achieved) < 4 * np.sqrt(0.05 * 0.95 / 400)
    assert found.expected_correct < 0.99


def test_too_much_scatter_is_not_counted():
    """Negative control: steps below two sigma leave no peaks to count."""
    _, scs = columns(0.03)
    assert len(count_by_mixture(scs, max_components=14).means) < 8


def test_one_thickness_is_one_component():
    scs = np.random.default_rng(1).normal(0.1, 0.01, 200)
    found = count_by_mixture(scs, first=5)
    assert len(found.means) == 1
    assert (found.table["count"] == 5).all()
    assert found.expected_correct == 1.0


def test_the_number_of_components_can_be_given():
    _, scs = columns(0.005)
    coarse, chosen = count_by_mixture(scs, components=4), count_by_mixture(scs, max_components=14)
    assert (len(coarse.means), len(chosen.means)) == (4, 8)
    assert coarse.sigma > 2 * chosen.sigma
    assert coarse.icl[4] > chosen.icl[8]


@pytest.mark.parametrize(("sigma", "components"), [(0.004, 8), (0.008, 8), (0.03, 1)])
def test_mixture_is_the_maximum_that_scikit_learn_finds(sigma, components):
    """Log-likelihood, parameters, posterior and ICL of an independent implementation."""
    mixture = pytest.importorskip("sklearn.mixture")
    _, scs = columns(sigma, seed=7)
    data = scs[:, None] / 0.03  # its regularisation is absolute
    twin = mixture.GaussianMixture(
        components,
        covariance_type="tied",
        n_init=6,
        tol=1e-6,
        max_iter=500,
        reg_covar=1e-12,
        random_state=0,
    ).fit(data)
    ours = count_by_mixture(scs, components=components, max_components=9)
    order = np.argsort(twin.means_[:, 0])
    np.testing.assert_allclose(ours.means / 0.03, twin.means_[order, 0], atol=2e-3)
    np.testing.assert_allclose(ours.weights, twin.weights_[order], atol=1e-3)
    assert ours.sigma / 0.03 == pytest.approx(float(np.sqrt(twin.covariances_[0, 0])), rel=1e-3)
    posterior = twin.predict_proba(data)[:, order]
    assert (ours.table["count"] == posterior.argmax(axis=1) + 1).mean() > 0.995
    np.testing.assert_allclose(ours.table["probability"], posterior.max(axis=1), atol=0.02)
    entropy = -np.sum(posterior * np.log(np.maximum(posterior, 1e-300)))
    # the likelihood of data in other units differs by the logarithm of the unit
    icl = twin.bic(data) + 2 * entropy + 2 * len(scs) * np.log(0.03)
    assert ours.icl[components] == pytest.approx(icl, abs=0.2)
    assert abs(ours.icl[components + 1] - icl) > 2  # negative control


def test_failed_columns_keep_their_rows():
    _, scs = columns(0.003)
    scs[7] = np.nan
    found = count_by_mixture(scs, max_components=14)
    assert len(found.table) == 400
    assert np.isnan(found.table["count"][7])
    assert found.table["count"].notna().sum() == 399


def test_equal_values_do_not_break_it():
    found = count_by_mixture(np.full(20, 0.2))
    assert (found.table["count"] == 1).all()


def test_bad_input_is_named():
    with pytest.raises(InputError, match="8 or more"):
        count_by_mixture([0.1, 0.2])
    with pytest.raises(InputError, match="max_components"):
        count_by_mixture(np.arange(20.0), max_components=0)
    with pytest.raises(InputError, match="components must be 1 to 5"):
        count_by_mixture(np.arange(20.0), components=6)
    with pytest.raises(InputError, match="shape"):
        count_by_mixture(np.zeros((3, 3)))


def test_a_prior_scatters_below_the_bound_and_at_the_corrected_one():
    """Maximum likelihood pulled half-way to a lattice site: b' = -0.5.

    3 displacements x 300 draws; the rms ratio has a standard error of 1/sqrt(2 * 900) = 0.024,
    k = 4.
    """
    rng = np.random.default_rng(5)
    dose, pull = 2e4, 0.5
    truth, estimates, bounds = [], [], []
    for shift in (-0.4, 0.0, 0.4):
        model = ColumnModel(
            x=np.array([12.0 + shift]),
            y=np.array([12.0]),
            height=np.array([0.2]),
            sigma=np.array([2.4]),
            shape=(25, 25),
            background=(0.02,),
        )
        images = rng.poisson(model.image() * dose * 0.04, (300, 25, 25)) / (dose * 0.04)
        options = FitOptions(estimator="poisson")
        fits = fit_batch(images, [(12.0, 12.0)], sampling=0.2, options=options, dose=dose)
        x = np.array([fit.table["x"][0] for fit in fits])
        truth.append(np.full(300, shift))
        estimates.append(pull * (x - 12.0))
        bounds.append(cramer_rao(model, dose=dose, sampling=0.2)["x_crb"][0])
    gradient = bias_gradient(truth, estimates)
    assert abs(gradient.slope + 0.5) < 4 * gradient.slope_err
    bound = np.mean(bounds)
    scatter = np.sqrt(np.mean([np.var(e, ddof=1) for e in estimates]))
    assert scatter / bound < 1 - 4 * 0.024  # below the bound of unbiased estimators
    assert abs(scatter / bias_corrected(bound, gradient) - 1) < 4 * 0.024


def test_bias_gradient_by_hand():
    gradient = bias_gradient([0, 1, 2, 3], [0.5, 1.3, 2.1, 2.9])
    assert gradient.slope == pytest.approx(-0.2)
    assert gradient.slope_err == pytest.approx(0.0, abs=1e-12)
    assert bias_corrected(2.0, gradient) == pytest.approx(1.6)
    assert bias_corrected(np.array([1.0, 2.0]), -1.5).tolist() == [0.5, 1.0]
    with pytest.raises(InputError, match="true values"):
        bias_gradient([1, 1, 1], [1, 2, 3])
    with pytest.raises(InputError, match="do not match"):
        bias_gradient([1, 1, 1], [1, 2])
