"""Errors over draws against what was drawn, and the columns that are trusted."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from bench.assessment.errors.column_errors import column_errors, mean_interval, nan_median
from bench.assessment.evidence.image_noise import Estimate
from bench.assessment.injected import Injected
from bench.assessment.trust import trust_in
from tests.bench.assessment.test_edits import lattice

_SAMPLING = 0.2


def draws_of(truth, number, *, bias=0.0, sigma=0.1, shift=0.0, stated=1.0, seed=4):
    rng = np.random.default_rng(seed)
    n = len(truth.x)
    out = []
    for _ in range(number):
        moved = shift * rng.normal(size=2)
        out.append(
            replace(
                truth,
                x=truth.x
                + bias * np.where(np.arange(n) % 2, 1, -1)
                + rng.normal(0, sigma, n)
                + moved[0],
                y=truth.y + rng.normal(0, sigma, n) + moved[1],
                scs=truth.scs * (1 + rng.normal(0, sigma, n)),
                x_err=np.full(n, stated * sigma),
                y_err=np.full(n, stated * sigma),
                scs_err=truth.scs * sigma * stated,
            )
        )
    return out


def test_bias_scatter_and_coverage_are_those_drawn() -> None:
    truth, number = lattice(12), 40
    errors = column_errors(truth, draws_of(truth, number, bias=0.2, shift=3.0), sampling=_SAMPLING)
    n, pm = len(truth.x), 100 * _SAMPLING
    # Root mean variance of n columns of 40 draws: relative error 1 / sqrt(2 n 39); 4 of them.
    mean = np.sqrt(np.mean(errors.y.scatter**2))
    assert mean == pytest.approx(0.1 * pm, rel=4 / np.sqrt(2 * n * (number - 1)))
    # Biases of +-0.2 px of which each mean of 40 draws is off by 0.1 / sqrt(40).
    assert errors.x.typical_bias == pytest.approx(0.2 * pm, rel=4 * 0.5 / np.sqrt(40 * n) + 0.01)
    assert errors.y.typical_bias < 0.1 * pm / np.sqrt(number)
    np.testing.assert_allclose(
        errors.x.rms**2,
        errors.x.bias**2 + errors.x.scatter**2 * (number - 1) / number,
    )
    assert abs(errors.y.coverage.value - 0.95) < 4 * np.sqrt(0.95 * 0.05 / (n * number))
    assert errors.x.coverage.value < 0.6  # the bias is twice the stated error
    assert (errors.found == 1).all()


def test_errors_stated_at_half_cover_less() -> None:
    truth = lattice(12)
    errors = column_errors(truth, draws_of(truth, 20, stated=0.5), sampling=_SAMPLING)
    expected = stats.norm.cdf(0.98) - stats.norm.cdf(-0.98)
    n = 20 * len(truth.x)
    assert abs(errors.scs.coverage.value - expected) < 4 * np.sqrt(expected * (1 - expected) / n)


def test_columns_that_are_lost_have_nan_and_no_warning() -> None:
    truth = lattice(4)
    lost = [
        replace(
            one,
            x=np.where(np.arange(16) == 0, np.nan, one.x),
            scs=np.where(np.arange(16) == 0, np.nan, one.scs),
        )
        for one in draws_of(truth, 5)
    ]
    errors = column_errors(truth, lost, sampling=_SAMPLING)
    assert errors.found[0] == 0
    assert np.isnan(errors.x.rms[0])
    assert np.isfinite(errors.x.rms[1:]).all()
    assert np.isfinite(errors.x.typical_rms)


def test_the_interval_is_students() -> None:
    values = np.random.default_rng(2).normal(3, 1, 9)
    found = mean_interval([*values, np.nan])
    expected = stats.t.interval(0.95, 8, values.mean(), stats.sem(values))
    np.testing.assert_allclose((found.low, found.high), expected)
    assert np.isnan(mean_interval([]).value)
    assert np.isnan(mean_interval([1.0]).low)
    np.testing.assert_array_equal(
        nan_median(np.array([[1.0, np.nan], [np.nan, np.nan], [5.0, 7.0]]), axis=1), [1, np.nan, 6]
    )


def injected(position=1.0, scs=1.0):
    def exact(value):
        return Estimate(value=value, low=value, high=value)

    return Injected(
        position=exact(position), scs=exact(scs), vacancy=exact(1.0), filled=0.0, numbers={},
        vacancies=np.zeros(0),
    )  # fmt: skip


def test_trust_needs_support_small_errors_and_response() -> None:
    truth = lattice(6)
    errors = column_errors(truth, draws_of(truth, 15, sigma=0.05), sampling=_SAMPLING)
    supported = np.ones(36, dtype=bool)
    supported[3] = False
    trust = trust_in(errors, injected(), supported=supported)
    assert trust.share == pytest.approx(35 / 36)
    assert trust.reasons[3] == "no support"
    erased = trust_in(errors, injected(position=0.1), supported=supported)
    assert erased.share == 0
    assert erased.reasons[0] == "position"
    # Of 15 pm 6 pm are lost, which with errors of about 1 pm is within 7.5.
    assert trust_in(errors, injected(position=0.6), supported=supported).share > 0.9
    assert trust_in(errors, injected(scs=np.nan), supported=supported).share == 0
