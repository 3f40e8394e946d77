"""Atom counts by library against cases worked out by hand."""

import numpy as np
import pytest
from scipy.stats import norm

from fitting import count_atoms
from stembench.errors import InputError

LIBRARY = {1: 0.02, 2: 0.05, 3: 0.08, 5: 0.15}


def test_the_nearest_library_value_counts():
    scs = [0.0, 0.034, 0.036, 0.08, 0.114, 0.116, 0.9, np.nan]
    counts = count_atoms(scs, LIBRARY)
    assert counts["count"].tolist()[:7] == [1, 1, 2, 3, 3, 5, 5]
    assert np.isnan(counts["count"][7])
    assert counts["probability"].isna().all()
    assert counts.index.name == "column"


def test_a_sequence_counts_from_one():
    assert count_atoms([0.049], [0.02, 0.05, 0.08])["count"].tolist() == [2]


def test_probability_is_bayes_with_equal_priors():
    scs, error = 0.06, 0.01
    density = {n: norm.pdf(scs, value, error) for n, value in LIBRARY.items()}
    expected = density[2] / sum(density.values())
    found = count_atoms([scs], LIBRARY, scs_err=[error])
    assert found["probability"][0] == pytest.approx(expected, rel=1e-12)


def test_probabilities_are_calibrated():
    """Of columns counted with mean probability p, a fraction p is right: n = 20000, k = 4."""
    rng = np.random.default_rng(0)
    library = np.cumsum(rng.uniform(0.02, 0.04, 12))
    truth = rng.integers(0, 12, 20_000)
    error = 0.012
    found = count_atoms(
        library[truth] + rng.normal(0, error, 20_000), library, scs_err=np.full(20_000, error)
    )
    right = (found["count"] == truth + 1).mean()
    claimed = found["probability"].mean()
    assert abs(right - claimed) < 4 * np.sqrt(right * (1 - right) / 20_000)
    # negative control: errors stated half as large claim too much
    boast = count_atoms(
        library[truth] + rng.normal(0, error, 20_000), library, scs_err=np.full(20_000, error / 2)
    )["probability"].mean()
    assert boast - right > 4 * np.sqrt(right * (1 - right) / 20_000)


def test_far_values_and_tiny_errors_do_not_overflow():
    found = count_atoms([5.0, -5.0], LIBRARY, scs_err=[1e-9, 1e-9])
    assert found["probability"].tolist() == [1.0, 1.0]


@pytest.mark.parametrize(
    ("library", "message"),
    [
        ({}, "at least one"),
        ([0.1, np.nan], "finite"),
        ([0.1, 0.1], "rise"),
        ({1: 0.2, 2: 0.1}, "rise"),
    ],
)
def test_a_bad_library_is_refused(library, message):
    with pytest.raises(InputError, match=message):
        count_atoms([0.1], library)


def test_errors_must_match_the_values():
    with pytest.raises(InputError, match="scs_err has shape"):
        count_atoms([0.1, 0.2], LIBRARY, scs_err=[0.1])
