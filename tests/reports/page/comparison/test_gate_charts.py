"""Charts of a comparison: points are the gate's rows, intervals those over realizations."""

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from reports.gate.gate import judge_versions
from reports.gate.gate_matrix import deciding
from reports.gate.result import FAILURES, POOLED
from reports.metrics.table import GATE_METRICS, GATES
from reports.page.comparison.gate_charts import gate_charts
from tests.reports.gate.made_sides import MARGINS, changed, made_records, side


@pytest.fixture(scope="module")
def pairs() -> list:
    records = made_records()
    return [(side(records), side(changed(records, 1.05, scatter=0.01)))]


@pytest.fixture(scope="module")
def result(pairs: list):
    return judge_versions(pairs, MARGINS)


@pytest.fixture(scope="module")
def data(pairs: list, result) -> dict:
    return gate_charts(result, pairs)


def chart(data: dict, case: str, heading: str) -> dict:
    (found,) = [one for one in data["charts"] if (one["case"], one["heading"]) == (case, heading)]
    return found


def points(data: dict, one: dict) -> dict:
    """Rows by their series and dose."""
    labels = [look["label"] for look in data["series"]]
    return {(labels[row[0]], row[1]): row for row in one["rows"]}


def test_points_are_the_rows_of_the_gate(data: dict, result) -> None:
    drawn = 0
    for row in result.rows:
        if row.metric == FAILURES or row.image == POOLED:
            continue
        metric, case = GATE_METRICS[row.metric], row.case.replace("_", " ")
        values = points(data, chart(data, case, metric.heading))
        for name, value in (("old: net", row.old), ("new: net", row.new)):
            own = values[name, row.dose]
            assert own[3] == pytest.approx(metric.factor * value, rel=1e-4)
            assert own[6] == row.n
            drawn += 1
        (heading,) = {
            one["heading"]
            for one in data["charts"]
            if one["heading"].startswith(f"change of {metric.label} (")
        }
        change = points(data, chart(data, case, heading))["change: net", row.dose]
        ends = [100 * end for end in (row.change, row.low, row.high)]
        assert change[3:6] == pytest.approx(ends, rel=1e-4)
        assert row.verdict.value in change[7]
    assert drawn > 20


def test_intervals_of_values_are_those_over_realizations(data: dict, pairs: list) -> None:
    """Shares and squares against Student's t and a jackknife that are written out here."""
    old, _ = pairs[0]
    cell = next(one for one in old.cells.values() if one.case == "pt_bulk")
    own = points(data, chart(data, "pt bulk", GATE_METRICS["position_rmse"].heading))
    squares = cell.by_metric["position_rmse"]
    n = squares.size
    logs = [0.5 * math.log(np.delete(squares, k).mean()) for k in range(n)]
    error = math.sqrt((n - 1) / n * np.sum((np.array(logs) - np.mean(logs)) ** 2))
    half = stats.t.ppf(0.975, n - 1) * error
    value = math.sqrt(squares.mean())
    ends = [value, value * math.exp(-half), value * math.exp(half)]
    assert own["old: net", cell.dose][3:6] == pytest.approx(ends, rel=1e-4)


def test_a_bias_has_the_interval_of_a_product_of_errors(data: dict, pairs: list) -> None:
    """Leaving one out of the products is the same as computing them without it."""
    old, _ = pairs[0]
    cell = next(one for one in old.cells.values() if one.case == "pt_bulk")
    bias = next(name for name, gate in GATES.items() if gate.error == "position_rmse")
    products = cell.by_metric[bias]
    n = products.size
    left_out = (n * products.mean() - 2 * products) / (n - 2)
    error = math.sqrt((n - 1) / n * np.sum((left_out - left_out.mean()) ** 2))
    high = math.sqrt(products.mean() + stats.t.ppf(0.975, n - 1) * error)
    own = points(data, chart(data, "pt bulk", GATE_METRICS[bias].heading))
    assert own["old: net", cell.dose][5] == pytest.approx(high, rel=1e-3)


def test_margins_are_drawn_where_the_gate_has_them(data: dict, result) -> None:
    margin = next(row.margin for row in result.rows if row.metric == "position_rmse")
    label = GATE_METRICS["position_rmse"].label
    lower, upper = chart(data, "pt bulk", f"change of {label} (%)")["levels"]
    assert upper == pytest.approx(100 * margin)
    assert math.log1p(lower / 100) == pytest.approx(-math.log1p(margin))


def test_the_chart_that_decided_comes_first(data: dict, result) -> None:
    first = next(row for row in deciding(result) if row.metric != FAILURES)
    shown = data["charts"][0]
    assert shown["case"] == first.case.replace("_", " ")
    assert shown["heading"].startswith(GATE_METRICS[first.metric].heading)


def test_the_bound_is_drawn_once_where_a_run_states_it(data: dict, pairs: list) -> None:
    one = chart(data, "pt bulk", GATE_METRICS["position_rmse"].heading)
    bound = [key for key in points(data, one) if key[0] == "Cramér-Rao bound"]
    assert len(bound) == len({dose for _, dose in points(data, one)})
    packed = [(replace(old, run=None), replace(new, run=None)) for old, new in pairs]
    bare = gate_charts(judge_versions(packed, MARGINS), packed)
    one = chart(bare, "pt bulk", GATE_METRICS["position_rmse"].heading)
    assert {key[0] for key in points(bare, one)} == {"old: net", "new: net"}


def test_what_cannot_be_compared_has_the_values_that_there_are() -> None:
    records = made_records()
    refused = [(side(records), side(records, seed=7))]
    data = gate_charts(judge_versions(refused, MARGINS), refused)
    assert not [one for one in data["charts"] if one["heading"].startswith("change")]
