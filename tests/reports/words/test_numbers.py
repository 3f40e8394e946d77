"""Numbers in tables: intervals with a dash or 'to', shares in percent, decimals of the paper's."""

import math

import pandas as pd
import pytest

from reports.summaries.summary import summarise
from reports.words.numbers import metric_cell, metric_quantity, plain, quantity, tabulated
from tests.records_factory import Estimator, Layout, make_records

NAN = math.nan


@pytest.mark.parametrize(
    ("value", "low", "high", "expected"),
    [
        (6.1234, 5.82, 6.47, "6.1 (5.8–6.5)"),
        (5.0, NAN, NAN, "5.00"),
        (NAN, NAN, NAN, "n/a"),
        # A dash beside a minus sign would be misread: "0.1 (-0.4–0.6)", "-2 (-3–-1)".
        (0.1, -0.42, 0.61, "0.1 (-0.4 to 0.6)"),
        (-2.0, -3.0, -1.0, "-2.0 (-3.0 to -1.0)"),
        (0.5, 0.0, 1.0, "0.5 (0.0–1.0)"),
    ],
)
def test_a_dash_stands_between_positive_ends_alone(value, low, high, expected) -> None:
    assert tabulated(value, low, high) == expected


def test_decimals_may_be_those_of_the_papers_tables() -> None:
    assert tabulated(37.576, 34.2, 40.955, decimals=2) == "37.58 (34.20–40.95)"
    assert tabulated(0.94, NAN, NAN, decimals=3) == "0.940"
    assert tabulated(0.2, -1.0, 1.4, decimals=2) == "0.20 (-1.00 to 1.40)"
    assert tabulated(NAN, NAN, NAN, decimals=2) == "n/a"


def test_shares_are_in_percent_and_missing_metrics_empty() -> None:
    rows = pd.DataFrame(
        {"value": [0.5, -0.3, 0.97], "low": [0.46, -0.6, NAN], "high": [0.54, 0.1, NAN]},
        index=pd.Index(["count_accuracy", "scs_bias_pct", "f1"], name="metric"),
    )
    assert metric_cell(rows, "count_accuracy") == "50 (46–54)"
    assert metric_cell(rows, "scs_bias_pct") == "-0.3 (-0.6 to 0.1)"
    assert metric_cell(rows, "f1") == "97.0"
    assert metric_cell(rows, "position_mae_pm") == ""


def test_every_table_sets_a_negative_end_off() -> None:
    """A bias in the headline table, whose interval crosses zero."""
    summary = summarise(make_records(Layout(), {"raw": Estimator()}, realizations=6))
    rows = summary.set_index("metric")
    assert rows.loc["scs_bias_pct", "low"] < 0
    assert " to " in metric_cell(rows, "scs_bias_pct")


@pytest.mark.parametrize(
    ("value", "low", "high", "expected"),
    [
        (-0.01, -0.4, 0.38, "0.0 (-0.4 to 0.4)"),
        (0.2, -0.02, 0.42, "0.20 (-0.02 to 0.42)"),
        (0.4, -0.01, 0.8, "0.4 (0.0 to 0.8)"),
        (-1.2, -2.4, -0.0, "-1.2 (-2.4 to 0.0)"),
    ],
)
def test_what_rounds_to_zero_has_no_sign(value, low, high, expected) -> None:
    assert quantity(value, low, high) == expected
    assert tabulated(-0.001, -0.4, 0.4, decimals=2) == "0.00 (-0.40 to 0.40)"
    assert plain(-0.5) == "-0.500"


def test_an_estimate_clipped_at_zero_does_not_read_as_exact() -> None:
    """The rms bias, whose square may come out below zero; a share of 0 is an observation."""
    assert metric_quantity("position_bias_rms_pm", 0.0, 0.0, 1.62) == "below 1.6 pm"
    assert metric_quantity("position_bias_rms_pm", 0.3, 0.0, 1.62) == "0.3 (0.0 to 1.6) pm"
    assert metric_quantity("failure_rate", 0.0, 0.0, 0.0162) == "0.0 (0.0 to 1.6) %"
    rows = pd.DataFrame(
        {"value": [0.0], "low": [0.0], "high": [1.62]},
        index=pd.Index(["scs_bias_rms_pct"], name="metric"),
    )
    assert metric_cell(rows, "scs_bias_rms_pct") == "below 1.6"
