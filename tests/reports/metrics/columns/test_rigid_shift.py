"""Position errors without the image's rigid shift, against errors made with and without one."""

import numpy as np
import pandas as pd
import pytest

from reports.summaries.summary import summarise
from tests.records_factory import Estimator, Layout, make_records

REALIZATIONS, STD_PM = 30, 4.0


def shifted(records: pd.DataFrame, *, std_pm: float) -> pd.DataFrame:
    """Records whose images are each shifted as a whole."""
    rng = np.random.default_rng(5)
    shift = rng.normal(size=(REALIZATIONS, 2)) * std_pm / (100 * records["sampling"].iloc[0])
    number = records["realization"].to_numpy()
    return records.assign(
        x_fit=records["x_fit"] + shift[number, 0], y_fit=records["y_fit"] + shift[number, 1]
    )


def values(records: pd.DataFrame) -> pd.Series:
    return summarise(records).set_index("metric")["value"]


def test_a_rigid_shift_counts_in_the_absolute_errors_alone() -> None:
    records = make_records(
        Layout(), {"raw": Estimator(std_pm=STD_PM, failure=0.1)}, realizations=REALIZATIONS, seed=2
    )
    still, moved = values(records), values(shifted(records, std_pm=20.0))
    for name in ("position_mae_unshifted_pm", "position_rmse_unshifted_pm"):
        assert moved[name] == pytest.approx(still[name], rel=1e-9)
    assert moved["position_rmse_pm"] > 3 * still["position_rmse_pm"]


def test_the_error_left_is_that_of_the_columns() -> None:
    records = make_records(
        Layout(), {"raw": Estimator(std_pm=STD_PM)}, realizations=REALIZATIONS, seed=2
    )
    found = values(shifted(records, std_pm=20.0))
    # The mean of 16 columns takes 1/16 of the variance; 30 x 15 x 2 deviations: 2.4 %, k = 4.
    expected = STD_PM * np.sqrt(15 / 16)
    assert found["position_rmse_unshifted_pm"] == pytest.approx(expected, rel=4 * 0.024)
    # Rayleigh distribution: mean sqrt(pi / 2) of one axis's standard deviation.
    assert found["position_mae_unshifted_pm"] == pytest.approx(
        expected * np.sqrt(np.pi / 2), rel=4 * 0.024
    )
