"""Statistics of lines and response, on images made by the model."""

from types import SimpleNamespace

import numpy as np
import pytest

from fitting import FitOptions, ScanModel, fit_columns
from fitting.scan.checks.response import isolated_sites, pulled_columns
from fitting.scan.preparation.lattice_pull import lattice_pull
from tests.fitting.scan.test_frames import PHI, SIGMA, deviations, shots

KNOWN = {"sigma_x": SIGMA, "sigma_y": SIGMA, "phi_x": PHI, "phi_y": PHI}


def image(seed):
    """Electrons of a frame that the model made, and the places of its columns."""
    frames, truth, _ = shots(seed, np.zeros((1, 2)))
    return frames[0], truth


def fit(counts, truth, **scan):
    return fit_columns(
        counts, np.round(truth), sampling=1.0, options=FitOptions(background="none"), dose=1.0,
        scan=ScanModel(profile="one", width_spread=0.0, **scan),
    )  # fmt: skip


def test_statistics_are_found_within_their_intervals():
    held = []
    for seed in range(100, 108):
        scan = fit(*image(seed)).scan
        for axis in (scan.x, scan.y):
            held += [
                axis.sigma_interval[0] <= SIGMA <= axis.sigma_interval[1],
                axis.phi_interval[0] <= PHI <= axis.phi_interval[1],
            ]
            # k = 4 of the stated standard error.
            error = np.log(axis.sigma_interval[1] / axis.sigma) / 1.96
            assert abs(np.log(axis.sigma / SIGMA)) < 4 * error
        assert not scan.warnings
    # 32 intervals of 95 %: k = 4 standard errors below.
    assert np.mean(held) > 0.95 - 4 * np.sqrt(0.95 * 0.05 / len(held))


def test_given_statistics_stay_unless_far_too_loose():
    counts, truth = image(100)
    assert fit(counts, truth, **KNOWN).scan.x.sigma == pytest.approx(SIGMA)
    loose = fit(counts, truth, **KNOWN | {"sigma_x": 5 * SIGMA}).scan
    assert loose.x.sigma < 2 * SIGMA
    assert loose.y.sigma == pytest.approx(SIGMA)
    assert "sigma_x" in loose.warnings[0]


def test_given_statistics_that_the_image_contradicts_are_told():
    counts, truth = image(100)
    assert not fit(counts, truth, **KNOWN).scan.warnings
    held = fit(counts, truth, **KNOWN | {"sigma_x": 0.0}).scan
    assert held.x.sigma == 0
    assert [s for s in held.warnings if "sigma_x of 0 Å is far below" in s]
    assert not [s for s in held.warnings if "sigma_y" in s]
    slow = fit(*image(101), **KNOWN | {"phi_y": 0.999}).scan
    assert [s for s in slow.warnings if "phi_y of 0.999 is far from" in s]


def test_intervals_of_columns_hold_the_truth():
    z = np.concatenate([
        deviations(fit(*(pair := image(seed)), **KNOWN), pair[1], 1) for seed in range(100, 106)
    ]).ravel()  # fmt: skip
    inside = np.mean(np.abs(z) < 1.96)
    # Errors of one image's columns share its lines: one in four counts; k = 4.
    assert inside > 0.95 - 4 * np.sqrt(0.95 * 0.05 / (len(z) / 4))
    assert np.mean(np.abs(z / 0.5) < 1.96) < 0.95 - 4 * np.sqrt(0.95 * 0.05 / (len(z) / 4))


@pytest.mark.parametrize(("prior", "low", "high"), [(None, 0.97, 1.03), (0.01, -0.05, 0.2)])
def test_response(prior, low, high):
    counts, truth = image(100)
    mean, error = fit(counts, truth, **KNOWN, lattice_prior=prior, response=True).scan.response
    assert low < mean < high
    assert error < 0.05


def test_response_is_stated_with_a_lattice_prior_alone():
    counts, truth = image(100)
    assert not fit(counts, truth, **KNOWN).scan.response
    assert len(fit(counts, truth, **KNOWN, lattice_prior=0.3).scan.response) == 2


def test_response_is_measured_on_columns_that_the_lattice_prior_draws():
    places = np.stack(np.meshgrid(np.arange(11), np.arange(11)), axis=-1).reshape(-1, 2) * 8.0 + 4.0
    # The column in the middle has one of its four neighbours left.
    gone = [5 * 11 + 4, 5 * 11 + 6, 4 * 11 + 5]
    places = np.delete(places, gone, axis=0)
    pull, _ = lattice_pull(places, width=1.0)
    setting = SimpleNamespace(priors=SimpleNamespace(pull=pull, columns=places))
    among = pulled_columns(setting)
    middle = int(np.argmin(np.hypot(*(places - 44.0).T)))
    assert not among[middle]
    assert not among[[0, 10, -11, -1]].any()
    # Two more, diagonal to it, lost a neighbour of either pair.
    assert among.sum() == len(places) - 7
    assert pulled_columns(SimpleNamespace(priors=SimpleNamespace(pull=None, columns=places))).all()
    free = np.ones(len(places), dtype=bool)
    assert middle in isolated_sites(places, (88, 88), without=[], among=free)
    assert middle not in isolated_sites(places, (88, 88), without=[], among=among)
