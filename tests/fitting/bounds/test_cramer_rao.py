"""The Cramér-Rao bound against an analytic case, brute force, and simulated likelihoods."""

from dataclasses import replace

import numpy as np
import pytest

from fitting import ColumnModel, cramer_rao, fit_columns
from fitting.bounds.pixel_information import information_per_electron
from stembench.errors import InputError


def one_column(**changes):
    values = {
        "x": np.array([60.3]),
        "y": np.array([59.8]),
        "height": np.array([0.2]),
        "sigma": np.array([8.0]),
        "shape": (121, 121),
        "width": "column",
    }
    return ColumnModel(**{**values, **changes})


def lattice(spacing=7.5, **changes):
    rng = np.random.default_rng(2)
    starts = np.array([(9 + i * spacing, 8 + j * spacing) for j in range(3) for i in range(4)])
    starts += rng.uniform(-0.4, 0.4, starts.shape)
    values = {
        "x": starts[:, 0],
        "y": starts[:, 1],
        "height": rng.uniform(0.03, 0.3, 12),
        "sigma": np.full(12, 2.3),
        "shape": (32, 41),
        "background": (0.015,),
        "width": "shared",
    }
    return ColumnModel(**{**values, **changes})


def test_one_finely_sampled_column_has_the_analytic_bound():
    """Without background N expected electrons give Var x = ρ²/N, Var ρ = ρ²/4N, Var N = N."""
    dose, sampling = 50.0, 0.7
    electrons = dose * 2 * np.pi * 0.2 * (8.0 * sampling) ** 2
    bound = cramer_rao(one_column(), dose=dose, sampling=sampling).iloc[0]
    assert bound.x_crb == pytest.approx(8.0 / np.sqrt(electrons), rel=1e-6)
    assert bound.y_crb == pytest.approx(8.0 / np.sqrt(electrons), rel=1e-6)
    assert bound.sigma_crb == pytest.approx(4.0 / np.sqrt(electrons), rel=1e-6)
    assert bound.scs_crb == pytest.approx(np.sqrt(electrons) / dose, rel=1e-6)
    held = cramer_rao(one_column(width="fixed"), dose=dose, sampling=sampling).iloc[0]
    assert held.scs_crb == pytest.approx(np.sqrt(electrons) / dose, rel=1e-6)
    assert np.isnan(held.sigma_crb)


@pytest.mark.parametrize("pixel", ["sampled", "integrated"])
@pytest.mark.parametrize("width", ["shared", "species", "column", "fixed"])
@pytest.mark.parametrize("background", [(0.015,), (0.02, 2e-4, -1e-4)])
def test_bound_equals_the_inverse_of_a_brute_force_fisher_matrix(pixel, width, background):
    species = np.arange(12) % 3
    model = lattice(pixel=pixel, width=width, background=background, species=species)
    dose, sampling = 3e3, 0.2
    jacobian = model.jacobian()
    weight = dose * sampling**2 / model.image().ravel()
    covariance = np.linalg.inv(jacobian.T @ (jacobian * weight[:, None]))
    error = np.sqrt(np.diag(covariance))
    bound = cramer_rao(model, dose=dose, sampling=sampling)
    n = 12
    np.testing.assert_allclose(bound.x_crb, error[:n], rtol=1e-6)
    np.testing.assert_allclose(bound.y_crb, error[n : 2 * n], rtol=1e-6)
    np.testing.assert_allclose(bound.height_crb, error[2 * n : 3 * n], rtol=1e-6)
    area = 2 * np.pi * sampling**2
    for k in range(n):
        gradient = np.zeros(len(error))
        gradient[2 * n + k] = area * model.sigma[k] ** 2
        if width != "fixed":
            at = 3 * n + {"shared": 0, "species": species[k], "column": k}[width]
            gradient[at] = 2 * area * model.height[k] * model.sigma[k]
            assert bound.sigma_crb[k] == pytest.approx(error[at], rel=1e-6)
        assert bound.scs_crb[k] == pytest.approx(
            np.sqrt(gradient @ covariance @ gradient), rel=1e-6
        )


def test_overlap_raises_the_bound_above_that_of_lone_columns():
    near = lattice(spacing=5.0)
    joint = cramer_rao(near, dose=1e3, sampling=0.2)
    middle = 5
    alone = replace(
        near,
        **{name: getattr(near, name)[[middle]] for name in ("x", "y", "height", "sigma")},
    )
    lone = cramer_rao(alone, dose=1e3, sampling=0.2)
    assert joint.x_crb[middle] > 1.2 * lone.x_crb[0]


def test_bound_falls_as_the_root_of_the_dose():
    low, high = (cramer_rao(lattice(), dose=d, sampling=0.2) for d in (500, 5e4))
    np.testing.assert_allclose(low / high, 10.0, rtol=1e-9)


def test_fewer_free_parameters_lower_the_bound():
    model = lattice(background=(0.015, 0.0, 0.0))
    plane = cramer_rao(model, dose=1e3, sampling=0.2, width="column")
    constant = cramer_rao(model, dose=1e3, sampling=0.2, width="column", background="constant")
    shared = cramer_rao(model, dose=1e3, sampling=0.2, width="shared", background="constant")
    known = cramer_rao(model, dose=1e3, sampling=0.2, width="fixed", background="none")
    for name in ("x_crb", "scs_crb"):
        assert (plane[name] > constant[name]).all()
        assert (constant[name] > shared[name]).all()
        assert (shared[name] > known[name]).all()


@pytest.mark.parametrize("sigma", [0.1, 0.5, 2.0])
@pytest.mark.parametrize("rate", [0.05, 1.0, 30.0])
def test_detector_information_is_the_variance_of_the_score(sigma, rate):
    """Brute force: draw counts with noise, differentiate the log density numerically.

    n = 40000 draws give the variance of the score to about sqrt((kurtosis - 1)/n); k = 4 with
    the kurtosis measured.
    """
    rng = np.random.default_rng(4)
    n = 40_000
    y = rng.poisson(rate, n) + rng.normal(0, sigma, n)
    counts = np.arange(0, int(rate + 12 * np.sqrt(rate) + 25))
    log_factorial = np.cumsum(np.log(np.maximum(counts, 1)))

    def log_density(r):
        log_p = counts * np.log(r) - r - log_factorial
        terms = log_p[None, :] - 0.5 * ((y[:, None] - counts) / sigma) ** 2
        top = terms.max(axis=1)
        return top + np.log(np.exp(terms - top[:, None]).sum(axis=1))

    step = 1e-4 * rate
    score = (log_density(rate + step) - log_density(rate - step)) / (2 * step)
    value = float(information_per_electron(np.array([rate]), sigma=sigma)[0])
    stderr = np.std(score**2) / np.sqrt(n)
    assert abs(np.mean(score**2) - value) < 4 * stderr
    if sigma >= 0.5:  # negative control: the Poisson value would be told apart
        assert abs(np.mean(score**2) - 1 / rate) > 4 * stderr or rate == 30.0


def test_detector_information_has_its_limits():
    rate = np.array([1e-3, 0.3, 7.0, 200.0, 5e3])
    np.testing.assert_allclose(information_per_electron(rate, sigma=0.0), 1 / rate, rtol=1e-14)
    # well separated peaks: counts can be read off, so that nothing is lost
    np.testing.assert_allclose(information_per_electron(rate, sigma=0.05), 1 / rate, rtol=2e-3)
    # much noise: a Gaussian of variance λ + σ²
    wide = information_per_electron(rate, sigma=30.0)
    np.testing.assert_allclose(wide, 1 / (rate + 900), rtol=2e-3)
    assert (np.diff(wide) < 0).all()


def test_detector_noise_raises_the_bound():
    quiet, noisy = (
        cramer_rao(lattice(), dose=1e3, sampling=0.2, detector_sigma=s) for s in (0.0, 1.0)
    )
    assert (noisy.x_crb > 1.05 * quiet.x_crb).all()


def test_bound_of_a_fit_has_a_row_for_every_position():
    model = lattice()
    starts = np.column_stack([model.x, model.y])
    starts = np.vstack([starts, [-30.0, 5.0]])
    fit = fit_columns(model.image(), starts, sampling=0.2)
    bound = cramer_rao(fit, dose=1e3)
    assert len(bound) == 13
    assert bound.iloc[12].isna().all()
    expected = cramer_rao(model, dose=1e3, sampling=0.2)
    np.testing.assert_allclose(bound.iloc[:12], expected, rtol=1e-5)


def test_masked_pixels_hold_no_information():
    model = lattice()
    starts = np.column_stack([model.x, model.y])
    mask = np.zeros(model.shape, dtype=bool)
    mask[:, 18:21] = True
    fit = fit_columns(model.image(), starts, sampling=0.2, mask=mask)
    bound = cramer_rao(fit, dose=1e3)
    jacobian = model.jacobian()[~mask.ravel()]
    weight = 1e3 * 0.04 / model.image()[~mask]
    error = np.sqrt(np.diag(np.linalg.inv(jacobian.T @ (jacobian * weight[:, None]))))
    np.testing.assert_allclose(bound.x_crb, error[:12], rtol=1e-5)
    full = cramer_rao(model, dose=1e3, sampling=0.2)
    assert (bound.x_crb[[1, 2]] > 1.02 * full.x_crb[[1, 2]]).any()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"dose": -1.0}, "dose must be a positive"),
        ({"sampling": None}, "give sampling="),
        ({"width": "wide"}, "width must be"),
        ({"background": "bowl"}, "background must be"),
        ({"detector_sigma": np.nan}, "detector_sigma"),
    ],
)
def test_bad_arguments_are_named(changes, message):
    arguments = {"dose": 1e3, "sampling": 0.2, **changes}
    with pytest.raises(InputError, match=message):
        cramer_rao(lattice(), **arguments)


def test_a_column_of_no_height_has_no_bound_of_its_position():
    """Nothing depends on where it is: NaN, not the 1 px that a filled-in diagonal would give."""
    model = lattice()
    model = replace(model, height=np.where(np.arange(12) == 5, 0.0, model.height))
    bound = cramer_rao(model, dose=1e3, sampling=0.2)
    assert bound.loc[5, ["x_crb", "y_crb"]].isna().all()
    jacobian = np.delete(model.jacobian(), [5, 12 + 5], axis=1)
    weight = 1e3 * 0.04 / model.image().ravel()
    error = np.sqrt(np.diag(np.linalg.inv(jacobian.T @ (jacobian * weight[:, None]))))
    np.testing.assert_allclose(bound.x_crb.drop(5), error[:11], rtol=1e-6)
    np.testing.assert_allclose(bound.height_crb, error[22:34], rtol=1e-6)


def test_an_image_that_is_not_positive_has_no_bound():
    with pytest.raises(InputError, match="not positive"):
        cramer_rao(lattice(background=(-0.01,)), dose=1e3, sampling=0.2)
