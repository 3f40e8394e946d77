"""Errors in rings about a dislocation's core: the ring that was disturbed shows it, no other."""

import numpy as np
import pandas as pd
import pytest

from bench.measures.core_distance import EDGES, RIM, errors_by_distance
from bench.reference import reference_table
from cases import get_case, to_pixels

CASE = get_case("edge_dislocation")


@pytest.fixture(scope="module")
def reference() -> pd.DataFrame:
    return reference_table(CASE, "core", dose=5e3)


@pytest.fixture(scope="module")
def distance(reference: pd.DataFrame) -> np.ndarray:
    centre = to_pixels(CASE, np.zeros((1, 2)))[0]
    return np.hypot(*(reference[["x_ref", "y_ref"]].to_numpy() - centre).T) * CASE.sampling


def fit_of(reference: pd.DataFrame) -> pd.DataFrame:
    return reference[["x_ref", "y_ref", "scs_ref"]].set_axis(["x", "y", "scs"], axis=1)


def test_the_ring_that_is_disturbed_shows_it(reference, distance) -> None:
    table = fit_of(reference)
    near = distance < 3.5
    table.loc[near, "x"] += 0.03 / CASE.sampling  # 3 pm
    table.loc[near, "y"] += 0.04 / CASE.sampling  # 4 pm
    table.loc[~near & (distance < 8), "scs"] *= 0.9
    found = errors_by_distance(CASE, reference, [fit_of(reference), table])
    assert np.allclose(found.loc[found["image_number"] == 0, ["mae_pm", "mpe_pct"]], 0, atol=1e-9)
    disturbed = found[found["image_number"] == 1]
    np.testing.assert_allclose(disturbed["mae_pm"], [5, 0, 0], atol=1e-6)
    np.testing.assert_allclose(disturbed["mpe_pct"], [0, 10, 0], atol=1e-6)
    assert list(zip(disturbed["from_A"], disturbed["to_A"], strict=True)) == [
        (0.0, 3.5), (3.5, 8.0), (8.0, np.inf),
    ]  # fmt: skip


def test_rings_hold_the_columns_of_the_frame_without_its_rim(reference, distance) -> None:
    found = errors_by_distance(CASE, reference, [fit_of(reference)])
    places = reference[["x_ref", "y_ref"]].to_numpy()
    inner = ((places >= RIM) & (places <= np.array(CASE.shape[::-1]) - 1 - RIM)).all(axis=1)
    numbers = np.histogram(distance[inner], bins=EDGES)[0]
    np.testing.assert_array_equal(found["n_columns"], numbers)
    # The measured columns are those within 8 Å, and there are more beyond.
    assert numbers[:2].sum() == reference["measured"].sum()
    assert numbers[2] > 30


def test_a_rigid_shift_is_taken_off_and_failed_fits_are_left_out(reference) -> None:
    table = fit_of(reference)
    table[["x", "y"]] += [0.7, -0.4]
    lost = np.flatnonzero(reference["measured"])[::3]
    table.iloc[lost] = np.nan
    found = errors_by_distance(CASE, reference, [table, table * np.nan])
    first, second = found[found["image_number"] == 0], found[found["image_number"] == 1]
    np.testing.assert_allclose(first["mae_unshifted_pm"], 0, atol=1e-6)
    np.testing.assert_allclose(first["mae_pm"], np.hypot(0.7, 0.4) * 100 * CASE.sampling)
    assert first["n_fitted"].sum() == first["n_columns"].sum() - len(lost)
    assert second["mae_pm"].isna().all()
