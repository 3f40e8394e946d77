"""The library and the noise-free count, on the shipped ground truth."""

from dataclasses import replace

import numpy as np
import pytest

from bench.reference import clean_fit, fit_options, scs_library
from cases import FitChoice, get_case
from cases.truth.ground_truth import load_ground_truth, load_version
from fitting import Bounds, FitOptions, count_atoms, fit_columns


@pytest.fixture(scope="module")
def particle():
    return get_case("nanoparticle")


@pytest.fixture(scope="module")
def library(particle):
    return scs_library(get_case("pt_bulk"), choice=particle.fit)


def test_a_choice_of_a_case_becomes_options_of_its_fits():
    choice = FitChoice(width="column", background="plane", width_factor=2.0, drift=0.5)
    noise_free = FitOptions(width="column", background="plane", bounds=Bounds(drift=0.5))
    assert fit_options(choice) == noise_free
    within = Bounds(drift=0.5, width=(1.5, 6.0))
    assert fit_options(choice, width=3.0) == replace(noise_free, start_width=3.0, bounds=within)


def test_the_library_rises_strictly_and_smoothly(library):
    assert library.size == 75
    steps = np.diff(library)
    assert (steps > 0).all()
    # The errors of neighbouring thicknesses are common to both, so that steps vary slowly.
    assert np.abs(np.diff(steps[4:])).max() < 0.25 * steps[4:].min()


def test_ninety_nine_of_a_hundred_columns_are_counted_right_without_noise(particle, library):
    truth = load_ground_truth(particle)
    right = _right(truth.columns("particle"), clean_fit(particle, "particle", choice=particle.fit),
                   library)  # fmt: skip
    assert right.size == 333
    assert right.mean() >= 0.99
    # Negative control: version 1, of fewer configurations, stays below.
    old = load_version("nanoparticle", 1)
    columns = old.columns("particle")
    fit = fit_columns(
        old.image("particle"),
        columns[["x", "y"]].to_numpy(),
        sampling=particle.sampling,
        options=fit_options(particle.fit),
    )
    assert _right(columns, fit, library).mean() < 0.97


def _right(columns, fit, library):
    found = count_atoms(fit.table["scs"].to_numpy(), library)["count"].to_numpy()
    return found == columns["count"].to_numpy()
