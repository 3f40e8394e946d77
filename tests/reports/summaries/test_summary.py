"""Summaries against closed forms, a brute-force twin and the coverage of their intervals."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st
from scipy import stats

from reports.metrics.cells import Cell, cells
from reports.metrics.table import METRICS, metrics_of
from reports.statistics.intervals import Replicates, estimate, paired_comparison, wilson
from reports.summaries.summary import paired_comparisons, statistics, summarise
from stembench.errors import InputError
from tests.records_factory import Estimator, Layout, make_records


def make_cell(error_pm: np.ndarray, scs_error_pct: np.ndarray, **changes: object) -> Cell:
    """A cell straight from its errors, shapes (2, n_r, n_c) and (n_r, n_c)."""
    shape = scs_error_pct.shape
    made = Cell(
        case="c",
        image="i",
        restorer="r",
        thickness=1,
        dose=500.0,
        sampling=0.2,
        realizations=np.arange(shape[0]),
        columns=np.arange(shape[1]),
        error_pm=error_pm,
        error_true_pm=error_pm + 3.0,
        scs_error_pct=scs_error_pct,
        stated_pm=np.full(error_pm.shape, 4.0),
        scs_stated_pct=np.full(shape, 5.0),
        bound_pm=np.full((2, shape[1]), 5.0),
        scs_bound_pct=np.full(shape[1], 6.0),
        counted_right=None,
        counted_right_clean=None,
        failed=~np.isfinite(scs_error_pct),
        flagged=~np.isfinite(scs_error_pct),
        at_limit=np.zeros(shape, dtype=bool),
        unresolved=np.zeros(shape[0], dtype=bool),
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def brute_force(cell: Cell) -> dict[str, float]:
    """The same metrics with loops over columns: slow, plain, for complete or failed fits."""
    x, y = cell.error_pm
    scs = cell.scs_error_pct

    def pooled(errors: np.ndarray) -> float:
        total = freedom = 0.0
        for j in range(errors.shape[1]):
            good = errors[np.isfinite(errors[:, j]), j]
            if good.size > 1:
                total += (good.size - 1) * np.var(good, ddof=1)
                freedom += good.size - 1
        return total / freedom

    def bias(errors: np.ndarray) -> float:
        means = [np.nanmean(c) for c in errors.T if np.isfinite(c).any()]
        return float(np.mean(means))

    def square_bias(errors: np.ndarray) -> float:
        found = []
        for column in errors.T:
            good = column[np.isfinite(column)]
            if good.size > 1:
                found.append(good.mean() ** 2 - np.var(good, ddof=1) / good.size)
        return float(np.mean(found))

    distance = np.hypot(x, y)
    still_x = np.array([row - np.nanmean(row) for row in x])
    still_y = np.array([row - np.nanmean(row) for row in y])
    xy, fitted = np.stack([x, y]), np.isfinite(x)
    return {
        "position_mae_unshifted_pm": float(np.nanmean(np.hypot(still_x, still_y))),
        "position_rmse_unshifted_pm": np.sqrt(np.nanmean(np.stack([still_x, still_y]) ** 2)),
        "position_coverage": float(np.mean(np.abs(xy[:, fitted]) <= 1.959964 * 4.0)),
        "scs_coverage": float(np.mean(np.abs(scs[fitted]) <= 1.959964 * 5.0)),
        "position_bias_x_pm": bias(x),
        "position_bias_y_pm": bias(y),
        "position_bias_rms_pm": (square_bias(x) + square_bias(y)) / 2,
        "position_std_x_pm": np.sqrt(pooled(x)),
        "position_std_y_pm": np.sqrt(pooled(y)),
        "position_std_pm": np.sqrt((pooled(x) + pooled(y)) / 2),
        "position_std_px": np.sqrt((pooled(x) + pooled(y)) / 2) / 20.0,
        "position_rmse_pm": np.sqrt(np.nanmean(np.stack([x, y]) ** 2)),
        "position_std_over_bound": np.sqrt((pooled(x) + pooled(y)) / 2) / 5.0,
        "position_rmse_over_bound": np.sqrt(np.nanmean(np.stack([x, y]) ** 2)) / 5.0,
        "position_mae_pm": float(np.nanmean(distance)),
        "position_mae_spread_pm": float(np.nanstd(distance, ddof=1)),
        "position_bias_x_true_pm": bias(x) + 3.0,
        "position_bias_y_true_pm": bias(y) + 3.0,
        "position_rmse_true_pm": np.sqrt(np.nanmean((np.stack([x, y]) + 3.0) ** 2)),
        "position_mae_true_pm": float(np.nanmean(np.hypot(x + 3.0, y + 3.0))),
        "scs_bias_pct": bias(scs),
        "scs_bias_rms_pct": square_bias(scs),
        "scs_std_pct": np.sqrt(pooled(scs)),
        "scs_rmse_pct": np.sqrt(np.nanmean(scs**2)),
        "scs_std_over_bound": np.sqrt(pooled(scs)) / 6.0,
        "scs_rmse_over_bound": np.sqrt(np.nanmean(scs**2)) / 6.0,
        "scs_mpe_pct": float(np.nanmean(np.abs(scs))),
        "scs_mpe_spread_pct": float(np.nanstd(np.abs(scs), ddof=1)),
        "failure_rate": float(np.mean(cell.failed)),
        "flagged_rate": float(np.mean(cell.flagged)),
        "at_limit_rate": float(np.mean(cell.at_limit)),
    }


@settings(max_examples=30, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    n_realizations=st.integers(4, 9),
    n_columns=st.integers(2, 6),
    failure=st.sampled_from([0.0, 0.15]),
    offset=st.sampled_from([0.0, 1e4]),
)
def test_statistics_equal_a_brute_force_twin_and_its_deletions(
    seed: int, n_realizations: int, n_columns: int, failure: float, offset: float
) -> None:
    rng = np.random.default_rng(seed)
    error = rng.normal(size=(2, n_realizations, n_columns)) * 3 + offset
    scs = rng.normal(size=(n_realizations, n_columns)) * 5
    lost = rng.random(scs.shape) < failure
    lost[:, 0] = False  # one column always fits, so that no deletion leaves nothing
    cell = make_cell(np.where(lost, np.nan, error), np.where(lost, np.nan, scs))
    found = statistics(cell)
    expected = brute_force(cell)
    assert {n for n in found if METRICS[n].scale != "exact"} == set(expected)
    for name, value in expected.items():
        assert found[name].value == pytest.approx(value, rel=1e-9, abs=1e-9), name
    for left_out in range(n_realizations):
        smaller = brute_force(cell.at(np.delete(cell.realizations, left_out)))
        for name, value in smaller.items():
            assert found[name].left_out[left_out] == pytest.approx(value, rel=1e-8, abs=1e-8), name


def test_known_errors_are_recovered_from_records() -> None:
    how = Estimator(std_pm=4.0, scs_std_pct=5.0, bias_pm=(2.0, -1.0), scs_bias_pct=3.0)
    n_realizations, n_columns = 200, 16
    records = make_records(
        Layout(), {"raw": how}, realizations=n_realizations, seed=1, reference_offset_pm=7.0
    )
    found = summarise(records).set_index("metric")["value"]
    n = n_realizations * n_columns
    # k = 4 standard errors of normal draws, n = 3200 per axis.
    assert found["position_bias_x_pm"] == pytest.approx(2.0, abs=4 * 4.0 / np.sqrt(n))
    assert found["position_bias_y_pm"] == pytest.approx(-1.0, abs=4 * 4.0 / np.sqrt(n))
    assert found["position_bias_x_true_pm"] == pytest.approx(9.0, abs=4 * 4.0 / np.sqrt(n))
    assert found["position_std_pm"] == pytest.approx(4.0, rel=4 / np.sqrt(2 * 2 * n))
    assert found["position_std_px"] == pytest.approx(found["position_std_pm"] / 20.0, rel=1e-12)
    assert found["position_std_over_bound"] == pytest.approx(0.8, rel=4 / np.sqrt(4 * n))
    assert found["scs_bias_pct"] == pytest.approx(3.0, abs=4 * 5.0 / np.sqrt(n))
    assert found["scs_std_pct"] == pytest.approx(5.0, rel=4 / np.sqrt(2 * n))
    # Folded normal: E|X| = s sqrt(2/pi) exp(-m^2/2s^2) + m (1 - 2 Phi(-m/s)).
    folded = 5 * np.sqrt(2 / np.pi) * np.exp(-9 / 50) + 3 * (1 - 2 * stats.norm.cdf(-0.6))
    spread = np.sqrt(34 - folded**2)
    assert found["scs_mpe_pct"] == pytest.approx(folded, abs=4 * spread / np.sqrt(n))
    # Mean square of both axes: variance + bias^2 = 16 + (4 + 1) / 2.
    assert found["position_rmse_pm"] == pytest.approx(np.sqrt(18.5), rel=0.03)
    assert found["position_bias_rms_pm"] == pytest.approx(np.sqrt(2.5), rel=0.1)


def test_scatter_is_no_bias() -> None:
    """The rms bias is corrected for scatter; the uncorrected one (control) is far from 0."""
    records = make_records(Layout(), {"raw": Estimator(std_pm=8.0)}, realizations=10, seed=2)
    row = summarise(records).set_index("metric").loc["position_bias_rms_pm"]
    assert row["low"] == 0.0
    (cell,) = cells(records)
    uncorrected = np.sqrt(np.mean(cell.error_pm.mean(axis=1) ** 2))
    assert uncorrected == pytest.approx(8 / np.sqrt(10), rel=4 / np.sqrt(2 * 32))
    assert row["value"] < uncorrected / 2


def _coverage(shared: float, *, trials: int, n_realizations: int, n_columns: int) -> pd.DataFrame:
    """Share of intervals that hold the truth: ours, and ones that take columns for trials."""
    rng = np.random.default_rng(7)
    truth = {
        "position_bias_x_pm": 0.0,
        "position_std_pm": 1.0,
        "position_rmse_pm": 1.0,
        "position_std_over_bound": 0.2,
        "scs_mpe_pct": np.sqrt(2 / np.pi),
    }
    hits = dict.fromkeys(truth, 0)
    naive = 0
    for _ in range(trials):
        own = rng.normal(size=(3, n_realizations, n_columns))
        common = rng.normal(size=(3, n_realizations, 1))
        z = np.sqrt(1 - shared) * own + np.sqrt(shared) * common
        found = statistics(make_cell(z[:2], z[2]))
        for name, value in truth.items():
            interval = estimate(found[name])
            hits[name] += bool(interval.low <= value <= interval.high)
        flat = z[0].ravel()
        naive += bool(abs(flat.mean()) <= 1.96 * flat.std(ddof=1) / np.sqrt(flat.size))
    return pd.Series({**hits, "naive": naive}).astype(float) / trials


def test_intervals_cover_with_independent_columns() -> None:
    # n = 600 trials: a share of 0.95 has standard error 0.0089; k = 3.
    found = _coverage(0.0, trials=600, n_realizations=8, n_columns=16)
    margin = 3 * np.sqrt(0.95 * 0.05 / 600)
    assert found["position_bias_x_pm"] == pytest.approx(0.95, abs=margin)
    assert found["position_rmse_pm"] == pytest.approx(0.95, abs=margin)
    assert found["scs_mpe_pct"] == pytest.approx(0.95, abs=margin)
    # The jackknife of a variance is wide by up to (n - 1) / (n - 2): never too narrow here.
    assert 0.95 - margin < found["position_std_pm"] < 0.99
    assert found["position_std_over_bound"] == found["position_std_pm"]


def test_intervals_cover_with_columns_that_err_together() -> None:
    # n = 600 trials, k = 3; logs of skewed squares cost up to 0.03 more at 20 realizations.
    found = _coverage(0.5, trials=600, n_realizations=20, n_columns=16)
    margin = 3 * np.sqrt(0.95 * 0.05 / 600)
    assert found["position_bias_x_pm"] == pytest.approx(0.95, abs=margin)
    ours = found.drop("naive")
    assert (ours > 0.95 - margin - 0.03).all()
    # Negative control: columns taken for independent trials.
    assert found["naive"] < 0.7


def test_one_realization_states_no_interval() -> None:
    one = summarise(make_records(Layout(), {"raw": Estimator()}, realizations=1))
    assert one[["low", "high"]].isna().all(axis=None)
    assert (one["method"] == "none").all()
    values = one.set_index("metric")["value"]
    assert np.isnan(values["position_std_pm"])
    assert values["position_mae_pm"] > 0


def test_two_realizations_state_no_interval_of_a_scatter() -> None:
    two = summarise(make_records(Layout(), {"raw": Estimator()}, realizations=2))
    two = two.set_index("metric")
    assert two.loc["position_std_pm", "value"] > 0
    assert np.isnan(two.loc["position_std_pm", "low"])
    assert np.isfinite(two.loc["position_mae_pm", ["low", "high"]].astype(float)).all()


def test_failed_columns_count_as_failures_and_as_miscounted() -> None:
    layout = Layout(counts=np.arange(1, 17), bound_pm=None, scs_bound_pct=None)
    sharp = Estimator(std_pm=1.0, scs_std_pct=0.1)
    records = make_records(layout, {"raw": sharp}, realizations=5)
    lost = (records["column"] == 3) | ((records["column"] == 4) & (records["realization"] == 0))
    records.loc[lost, ["x_fit", "y_fit", "scs"]] = np.nan
    found = summarise(records).set_index("metric")
    share = (5 + 1) / (5 * 16)
    assert found.loc["failure_rate", "value"] == pytest.approx(share)
    # A count left over from elsewhere does not rescue a column without a fit.
    assert found.loc["count_accuracy", "value"] == pytest.approx(1 - share)
    assert (found["n_failed"] == 6).all()
    assert (found["n_fits"] == 74).all()
    assert np.isfinite(found.loc["position_mae_pm", "value"])
    assert "position_std_over_bound" not in found.index


def test_all_fits_failed_leaves_the_cell_in_the_summary() -> None:
    records = make_records(
        Layout(counts=np.arange(1, 17)), {"raw": Estimator(), "bad": Estimator(failure=1.0)}
    )
    bad = summarise(records).query("restorer == 'bad'").set_index("metric")
    assert bad.loc["failure_rate", "value"] == 1.0
    assert bad.loc["failure_rate", "method"] == "wilson"
    assert bad.loc["count_accuracy", "value"] == 0.0
    assert np.isnan(bad.loc["position_mae_pm", "value"])


def test_a_lost_row_is_an_error() -> None:
    records = make_records(Layout(), {"raw": Estimator()}, realizations=3)
    with pytest.raises(InputError, match="rows were lost"):
        summarise(records.drop(index=5))


def test_unmeasured_columns_do_not_count() -> None:
    measured = np.arange(16) < 8
    records = make_records(Layout(measured=measured), {"raw": Estimator()})
    wild = ~records["measured"]
    records.loc[wild, "x_fit"] += 1000.0
    found = summarise(records).set_index("metric")
    assert (found["n_columns"] == 8).all()
    assert found.loc["position_rmse_pm", "value"] < 10


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    # Newcombe 1998, Statistics in Medicine 17, 857, table I, method 3.
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611),
     (1, 29, 0.0061, 0.1718)],
)  # fmt: skip
def test_wilson_equals_published_intervals(
    successes: int, trials: int, low: float, high: float
) -> None:
    assert wilson(successes, trials) == pytest.approx((low, high), abs=5e-5)


def test_newcombe_equals_a_published_interval() -> None:
    """Newcombe 1998, 17, 873, table II, method 10: 10/10 - 0/10 gives 0.6075 to 1."""
    ones = Replicates(1.0, np.ones(10), "fraction")
    none = Replicates(0.0, np.zeros(10), "fraction")
    found = paired_comparison(ones, none)
    assert found.method == "newcombe"
    assert (found.low, found.high) == pytest.approx((0.6075, 1.0), abs=5e-5)


def test_a_paired_comparison_uses_what_restorers_share() -> None:
    """Two restorers with nearly the same errors: the pair differs far less than each scatters."""
    records = make_records(Layout(), {"raw": Estimator(std_pm=6.0)}, realizations=12, seed=3)
    twin = records.assign(restorer="cgrdn")
    rng = np.random.default_rng(4)
    for name, reference in (("x_fit", "x_ref"), ("y_fit", "y_ref")):
        noise = rng.normal(size=len(twin)) * 0.01
        twin[name] = twin[reference] + 0.9 * (twin[name] - twin[reference]) + noise
    both = pd.concat([records, twin], ignore_index=True)
    row = paired_comparisons(both).set_index("metric").loc["position_rmse_pm"]
    assert row["low"] < row["value"] < row["high"]
    assert row["value"] == pytest.approx(0.9, abs=0.01)
    alone = summarise(both).query("metric == 'position_rmse_pm'").set_index("restorer")
    width = alone.loc["raw", "high"] / alone.loc["raw", "low"]
    assert row["high"] / row["low"] < 1 + (width - 1) / 4


def test_paired_comparisons_over_common_realizations_only() -> None:
    records = make_records(Layout(), {"raw": Estimator(), "cgrdn": Estimator()}, realizations=9)
    partial = records[(records["restorer"] == "raw") | (records["realization"] < 5)]
    found = paired_comparisons(partial)
    assert (found["n_realizations"] == 5).all()
    assert len(found) > 0


def test_every_metric_states_what_it_is() -> None:
    records = make_records(Layout(counts=np.arange(1, 17)), {"raw": Estimator()})
    assert list(summarise(records)["metric"].unique()) == [m.name for m in metrics_of("columns")]
    for name, metric in METRICS.items():
        assert name == metric.name
        assert metric.definition
        suffix = {"pm": "_pm", "px": "_px", "%": "_pct"}.get(metric.unit, "")
        assert name.endswith((suffix, "_information"))
