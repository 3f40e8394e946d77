"""Responses and lags of estimators that are known: linear smoothers of the columns' changes."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from cases import get_case
from reports.metrics.response.edited_pairs import EditedPairs
from reports.metrics.response.lags import held_bound, lag_response, lags
from reports.metrics.response.responses import amplitudes, projected, responses

CASE = get_case("response")
STEPS = (1.9621, 1.9621)
N = 12


def _places() -> np.ndarray:
    j, i = np.meshgrid(np.arange(-5, 6), np.arange(-5, 6), indexing="ij")
    return np.stack([i.ravel(), j.ravel()], axis=1)


def _smoother(own: float, neighbour: float) -> np.ndarray:
    """Matrix of an estimator that follows each column and its four nearest ones."""
    places = _places()
    steps = np.abs(places[:, None] - places[None]).sum(axis=-1)
    return own * (steps == 0) + neighbour * (steps == 1)


def _pairs(name: str, *, own: float = 1.0, neighbour: float = 0.0, noise: float = 0.0):  # type: ignore[no-untyped-def]
    edits = CASE.structure.edits_on_host
    edit = edits.edit_of(f"z10-{name}")
    places = _places()
    sites = edits.site_numbers(places)
    blank = EditedPairs(
        case="response",
        base="z10",
        image=f"z10-{name}",
        thickness=10,
        dose=5e2,
        restorer="made",
        edit=edit,
        realizations=np.arange(N),
        places=places,
        sites=sites,
        found=np.empty(0),
        true=np.empty(0),
    )
    true = blank.declared(steps=STEPS)
    found = np.einsum("mn,nk->mk", _smoother(own, neighbour), true)
    rng = np.random.default_rng(8)
    found = found + noise * rng.normal(size=(N, *found.shape))
    return replace(blank, found=found, true=true)


@pytest.mark.parametrize("name", ["shift15", "scs10", "shiftwaves-x", "scswaves-diagonal"])
def test_a_faithful_restorer_has_response_one(name: str) -> None:
    for response in responses(_pairs(name)):
        np.testing.assert_allclose(response.per_realization, 1.0, atol=1e-9)


def test_a_smoother_damps_short_waves_as_its_transfer_says() -> None:
    """Columns that follow a half themselves and an eighth each neighbour."""
    for direction in ("x", "y"):
        pairs = _pairs(f"shiftwaves-{direction}", own=0.5, neighbour=0.125)
        inner = (np.abs(pairs.places) < 5).all(axis=1)  # rim columns lack neighbours
        pairs = replace(
            pairs,
            places=pairs.places[inner],
            sites=pairs.sites[inner],
            found=pairs.found[:, inner],
            true=pairs.true[inner],
        )
        waves = [r for r in responses(pairs) if r.polarisation == ""]
        assert [wave.wavelength for wave in waves] == [2, 3, 4, 6, 8, 12]
        for wave in waves:
            transfer = 0.5 + 0.25 + 0.25 * np.cos(2 * np.pi / wave.wavelength)
            np.testing.assert_allclose(wave.per_realization, transfer, atol=1e-9)


def test_lags_of_a_smoother_are_found_from_its_isolated_changes() -> None:
    for name, k in (("shift15", 2), ("scs10", 1)):
        found = lag_response(_pairs(name, own=0.6, neighbour=0.07), steps=STEPS)
        assert found.shape == (N, 25, k, k)
        distance = np.abs(lags()).sum(axis=1)
        expected = np.where(distance == 0, 0.6, np.where(distance == 1, 0.07, 0.0))
        for axis in range(k):
            np.testing.assert_allclose(found[0, :, axis, axis], expected, atol=1e-9)


def _covariance(correlation: float) -> pd.DataFrame:
    steps = np.arange(-4, 5)
    rows = []
    for j in steps:
        for i in steps:
            distance = abs(i) + abs(j)
            value = {0: 1.0, 1: correlation}.get(int(distance), 0.0)
            rows.append({"i": i, "j": j, "xx": 4 * value, "yy": 4 * value, "xy": 0.0, "yx": 0.0,
                         "scs": 9 * value})  # fmt: skip
    return pd.DataFrame(rows)


@pytest.mark.parametrize(("name", "unit"), [("shift15", 4.0), ("scs10", 9.0)])
def test_the_bound_of_a_smoother_is_gcg_of_a_dense_twin(name: str, unit: float) -> None:
    own, neighbour, correlation = 0.6, 0.07, 0.2
    variance = held_bound(
        lag_response(_pairs(name, own=own, neighbour=neighbour), steps=STEPS),
        _covariance(correlation),
    )
    places = _places()
    steps = np.abs(places[:, None] - places[None]).sum(axis=-1)
    joint = unit * ((steps == 0) + correlation * (steps == 1))
    middle = int(np.flatnonzero((places == 0).all(axis=1))[0])
    gradient = _smoother(own, neighbour)[middle]
    expected = float(gradient @ joint @ gradient)
    assert variance is not None
    np.testing.assert_allclose(variance, expected, rtol=1e-9)
    # The column's own slope alone would state less.
    assert expected > 1.05 * unit * own**2


def test_noise_of_the_measured_response_does_not_raise_the_bound() -> None:
    """Of an estimator that follows nothing the mean of g C g' is 0, of one noisy g it is not."""
    pairs = _pairs("shift15", own=0.0, noise=8.0)
    measured = lag_response(pairs, steps=STEPS)
    variance = held_bound(measured, _covariance(0.0))
    assert variance is not None
    naive = 4 * float(np.mean(np.sum(measured**2, axis=(1, 2, 3)))) / 2
    left_out = variance[1:]
    error = np.sqrt((N - 1) / N * np.sum((left_out - left_out.mean()) ** 2))
    assert abs(variance[0]) < 4 * error
    assert naive > 4 * error


def test_failed_fits_are_left_out_and_an_image_without_fits_has_no_response() -> None:
    pairs = _pairs("shift15", own=0.5)
    found = pairs.found.copy()
    found[0, pairs.sites == 3] = np.nan
    found[1] = np.nan
    (response,) = responses(replace(pairs, found=found))
    assert response.per_realization[0] == pytest.approx(0.5)
    assert np.isnan(response.per_realization[1])
    waves = _pairs("scswaves-x", own=0.5, neighbour=0.0)
    spoiled = waves.found.copy()
    spoiled[0, 7] = np.nan
    first = next(iter(responses(replace(waves, found=spoiled))))
    np.testing.assert_allclose(first.per_realization, 0.5, atol=1e-9)


def test_slopes_and_amplitudes_are_those_of_least_squares() -> None:
    rng = np.random.default_rng(0)
    true = rng.normal(size=(30, 2))
    found = 0.3 * true + rng.normal(size=(4, 30, 2))
    for number, value in enumerate(projected(found, true)):
        solution = np.linalg.lstsq(true.reshape(-1, 1), found[number].ravel(), rcond=None)[0]
        assert value == pytest.approx(solution[0])
    bases = rng.normal(size=(3, 30))
    design = np.column_stack([bases.T, np.ones(30)])
    expected = np.linalg.lstsq(design, found[0], rcond=None)[0][:-1]
    np.testing.assert_allclose(amplitudes(found, bases)[0], expected, atol=1e-10)
