"""The registry of metrics: one declaration each, from which all other tables follow."""

from dataclasses import replace

import pytest

from reports.gate.margins import default_margins, default_text, parse_margins
from reports.metrics.table import GATE_METRICS, GATES, METRICS, by_name, in_gate, metrics_of
from reports.summaries.board_columns import board_columns


def test_names_are_unique_also_in_the_gate() -> None:
    rmse = METRICS["position_rmse_pm"]
    assert rmse.gate is not None
    with pytest.raises(ValueError, match="found twice: position_rmse_pm"):
        by_name([rmse, rmse])
    with pytest.raises(ValueError, match=r"found twice: position_rmse$"):
        by_name([rmse, replace(rmse, name="other_pm")])


def test_every_subject_has_metrics_that_say_what_they_are() -> None:
    subjects = (
        "columns", "counts", "defects", "core", "distance", "search", "intensity", "images",
        "response",
    )  # fmt: skip
    assert sum(len(metrics_of(subject)) for subject in subjects) == len(METRICS)
    for subject in subjects:
        assert metrics_of(subject)
    for name, metric in METRICS.items():
        assert metric.name == name
        assert metric.label
        assert metric.definition
        suffix = {"pm": "_pm", "px": "_px", "%": "_pct", "dB": "_db"}.get(metric.unit, "")
        # Information is one quantity, whatever it is the information about.
        assert name.endswith((suffix, "_information"))


def test_a_bias_follows_the_error_that_it_is_part_of() -> None:
    assert list(GATE_METRICS) == [
        "position_rmse", "position_bias", "scs_rmse", "scs_bias", "count_accuracy", "at_limit_rate",
        "contrast_kept", "total_intensity", "vacuum_low", "negative_share", "defect_error",
        "position_response", "scs_response",
    ]  # fmt: skip
    with pytest.raises(ValueError, match="no error that position_bias is part of"):
        in_gate([METRICS["position_bias_rms_pm"]])


def test_the_margins_file_holds_what_the_metrics_declare() -> None:
    """The file that users start from, read as theirs, changes nothing."""
    text = default_text()
    assert parse_margins(text, source="default") == default_margins()
    assert parse_margins("", source="empty") == default_margins()
    for name, gate in GATES.items():
        assert f"\n{name} = {gate.margin}\n" in text
    assert max(map(len, text.splitlines())) <= 100


def test_the_leaderboard_has_a_column_for_every_metric_of_the_gate() -> None:
    names = [column.name for column in board_columns()]
    assert names == [
        "position_rmse_pm", "position_over_bound", "position_bias_share", "scs_rmse_pct",
        "scs_over_bound", "scs_bias_share", "count_accuracy", "at_limit_rate", "contrast_kept",
        "total_intensity", "vacuum_low", "negative_share", "defect_error", "vacancy_fidelity",
    ]  # fmt: skip
    headings = {column.name: column.heading for column in board_columns()}
    assert headings["scs_bias_share"] == "bias² of SCS / MSE (%)"
    assert headings["count_accuracy"] == "columns counted right (%)"
