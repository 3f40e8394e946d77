"""SCS error that all columns share: found by the raw image, and part of what is stated."""

from dataclasses import replace

import numpy as np
import pytest

from bench.assessment.column_fits import ColumnFitting
from bench.assessment.errors.column_errors import column_errors
from bench.assessment.errors.shared_scs import shared_scs
from fitting import fit_own_image
from tests.bench.assessment.test_edits import lattice

_N, _DRAWS = 144, 40


def drawn(*, shared, own=0.03, noise=0.02, seed=3):
    """Truth, draws with a shared error that scatters by `shared`, and what raw draws say of it."""
    truth, rng = lattice(12), np.random.default_rng(seed)
    draws, steps = [], []
    for _ in range(_DRAWS):
        all_off = shared * rng.normal()
        scs = truth.scs * (1 + all_off + own * rng.normal(size=_N))
        draws.append(replace(truth, scs=scs))
        # raw minus restored, with the raw image's own error
        steps.append(scs * (-all_off + noise * rng.normal()))
    return truth, draws, steps


def test_an_error_that_the_draws_do_not_show_is_told_by_the_raw_image() -> None:
    truth, draws, steps = drawn(shared=0.01)
    found = shared_scs(truth, draws, towards_raw=-0.10 * truth.scs, drawn_towards_raw=steps)
    # the raw image's error of 2 %, of a median of columns 0.3 %; its mean of 40 draws a sixth
    assert found.against_raw.value == pytest.approx(10, abs=4 * 2 / np.sqrt(_DRAWS))
    half = found.against_raw.high - found.against_raw.value
    assert half == pytest.approx(1.96 * 2, rel=4 / np.sqrt(2 * _DRAWS) + 0.05)
    assert found.drawn == pytest.approx(1, rel=4 / np.sqrt(2 * _DRAWS) + 0.1)
    assert found.rms == pytest.approx(np.hypot(found.against_raw.value, half / 2.02), rel=0.02)
    mean = float(np.sqrt(np.mean(found.own**2)))
    assert mean == pytest.approx(3, rel=4 / np.sqrt(2 * _N * _DRAWS) + 0.02)
    assert (found.limit > 1.95 * found.stated).all()
    errors = column_errors(truth, draws, sampling=0.2)
    stated = found.within(errors.scs)
    np.testing.assert_allclose(stated.rms, np.hypot(found.own, found.rms))
    # a column of 10 + 3 % is not within the errors of the draws alone
    assert 1.96 * errors.scs.typical_rms < 8 < 1.96 * stated.typical_rms


def test_where_the_raw_image_agrees_the_draws_are_believed() -> None:
    truth, draws, steps = drawn(shared=0.05)
    found = shared_scs(truth, draws, towards_raw=0.0 * truth.scs, drawn_towards_raw=steps)
    assert found.rms == found.drawn == pytest.approx(5, rel=4 / np.sqrt(2 * _DRAWS))
    assert found.against_raw.low < 0 < found.against_raw.high


def test_draws_that_lose_all_columns_are_left_out() -> None:
    truth, draws, steps = drawn(shared=0.02)
    draws[0] = replace(truth, scs=np.full(_N, np.nan))
    found = shared_scs(truth, draws, towards_raw=0.0 * truth.scs, drawn_towards_raw=steps)
    assert np.isfinite([found.rms, found.drawn, found.against_raw.value]).all()
    none = [replace(truth, scs=np.full(_N, np.nan))] * 3
    empty = shared_scs(truth, none, towards_raw=0 * truth.scs, drawn_towards_raw=steps[:3])
    assert np.isnan(empty.against_raw.value)


def test_a_restorer_that_widens_columns_is_not_held_against_the_raw_image() -> None:
    truth, draws, steps = drawn(shared=0.02)
    for factor, compared in ((1.04, True), (1.2, False)):
        wide = [replace(one, sigma=factor * one.sigma) for one in draws]
        found = shared_scs(truth, wide, towards_raw=0 * truth.scs, drawn_towards_raw=steps)
        assert found.widened == pytest.approx(factor - 1)
        assert np.isfinite(found.against_raw.value) == compared
        assert found.rms >= found.drawn


def test_one_step_goes_all_the_way_where_little_differs() -> None:
    """Five per cent more light of one width: the step finds it, and is linear in counts."""
    y, x = np.mgrid[:72, :72]
    columns = np.zeros((72, 72))
    for row in range(6, 72, 12):
        for col in range(6, 72, 12):
            columns += np.exp(-((x - col) ** 2 + (y - row) ** 2) / (2 * 2.2**2))
    image = 4 + 30 * columns
    fitting = ColumnFitting.of(fit_own_image(image, sampling=0.2), sampling=0.2)
    scs = fitting.fitted(image).scs
    step = fitting.step_of_scs(image, 5 + 31.5 * columns)
    np.testing.assert_allclose(step / scs, 0.05, atol=2e-4)
    rng = np.random.default_rng(1)
    one, two = rng.normal(0, 2, (2, 72, 72))
    parts = [fitting.step_of_scs(image, image + each) for each in (one, two, one + two)]
    np.testing.assert_allclose(parts[0] + parts[1], parts[2], atol=0.02 * np.std(parts[2]))
