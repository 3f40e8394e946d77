"""Errors of mean and median over columns, against the joint bound and against the scatter."""

import numpy as np
import pytest

from fitting import FitOptions, OwnImageOptions, fit_own_image, joint_covariance
from tests.fitting.search.own_image.made_images import SAMPLING, lattice

MADE = lattice(angle=0.09)
DOSE = 1e5


def whole_columns():
    """Sixteen columns on a spiral, which nothing continues, in beam fractions on no background."""
    y, x = np.mgrid[:96, :96]
    k = np.arange(16)
    places = 48 + 8.5 * np.sqrt(k) * np.array([np.cos(2.4 * k), np.sin(2.4 * k)])
    return sum(0.1 * np.exp(-((x - a) ** 2 + (y - b) ** 2) / 2 / 2.4**2) for a, b in places.T)


def test_error_of_the_mean_is_that_of_the_joint_covariance():
    """The dense inverse of the whole Fisher matrix, summed over all pairs of columns."""
    electrons = DOSE * SAMPLING**2
    image = np.random.default_rng(0).poisson(whole_columns() * electrons) / electrons
    options = OwnImageOptions(fit=FitOptions(estimator="poisson"), background="none")
    found = fit_own_image(image, sampling=SAMPLING, options=options, dose=DOSE)
    assert (len(found.table), found.hidden) == (16, 0)
    covariance = joint_covariance(found.fit, dose=DOSE)[:, 2, :, 2]
    assert found.mean_scs.mean_err == pytest.approx(np.sqrt(covariance.mean()), rel=0.01)
    own = found.table["scs_err"].to_numpy()
    assert np.sqrt(np.diag(covariance)) == pytest.approx(own, rel=0.01)
    # the negative control: a tenth less light would be seen
    less = joint_covariance(found.fit, dose=0.9 * DOSE)[:, 2, :, 2]
    assert found.mean_scs.mean_err != pytest.approx(np.sqrt(less.mean()), rel=0.03)


def test_columns_of_their_own_width_on_a_known_background_are_independent():
    image = np.random.default_rng(1).poisson(1e3 * whole_columns()).astype(float)
    options = OwnImageOptions(fit=FitOptions(width="column"), background="none")
    found = fit_own_image(image, sampling=SAMPLING, options=options)
    own = found.table["scs_err"].to_numpy()
    assert found.mean_scs.mean_err == pytest.approx(np.sqrt(np.mean(own**2) / 16), rel=0.05)
    assert found.mean_scs.median_err == pytest.approx(
        np.sqrt(np.pi / 2) * found.mean_scs.mean_err, rel=0.05
    )


def test_two_columns_have_no_mean():
    image = np.random.default_rng(1).poisson(1e3 * whole_columns()).astype(float)
    places = [[48.0, 48.0], [41.7, 53.7]]
    assert fit_own_image(image, places, sampling=SAMPLING).mean_scs is None


@pytest.mark.slow
def test_stated_errors_are_the_scatter():
    """Sixteen images: their standard deviation is known to 1 / sqrt(2 x 15), k = 4 of these."""
    fits = [fit_own_image(MADE.counts(seed), sampling=SAMPLING) for seed in range(16)]
    allowed = 4.0 / np.sqrt(2 * 15)
    naive = np.mean([np.sqrt(np.mean(f.table["scs_err"] ** 2) / len(f.table)) for f in fits])
    for name in ("mean", "median"):
        scatter = np.std([getattr(fit.mean_scs, name) for fit in fits], ddof=1)
        stated = np.mean([getattr(fit.mean_scs, f"{name}_err") for fit in fits])
        assert abs(scatter / stated - 1) < allowed
        # the negative control: errors of single columns over the root of their number
        assert scatter / naive - 1 > allowed
