"""Coverage of stated errors: against the normal distribution, and what the verdict makes of it."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from reports.metrics.cells import cells
from reports.metrics.table import METRICS
from reports.page.parts.summary_reports import report_coverage
from reports.summaries.summary import summarise
from reports.words.studies.stated_errors import coverage_sentences
from tests.records_factory import Estimator, Layout, as_run, make_records, restorers_named

STD_PM, SCS_STD_PCT = 4.0, 5.0


def records_stating(share_of_truth: float, *, realizations: int = 40) -> pd.DataFrame:
    """Records whose stated errors are this part of the true standard deviations."""
    layout = Layout()
    how = {"raw": Estimator(), "cgrdn": Estimator(std_pm=STD_PM, scs_std_pct=SCS_STD_PCT)}
    records = make_records(layout, how, realizations=realizations, seed=3)
    true_px = STD_PM / (100 * layout.sampling)
    true_scs = records["scs_ref"] * SCS_STD_PCT / 100
    share = np.where(records["restorer"] == "cgrdn", share_of_truth, 1.0)
    return records.assign(x_err=true_px * share, y_err=true_px * share, scs_err=true_scs * share)


@pytest.mark.parametrize("share", [1.0, 0.5, 0.1])
def test_coverage_is_that_of_the_normal_distribution(share: float) -> None:
    summary = summarise(records_stating(share)).set_index(["restorer", "metric"])
    expected = 2 * norm.cdf(1.959964 * share) - 1
    # 40 realizations x 16 columns, positions twice: k = 4 standard errors of a share.
    for metric, n in (("position_coverage", 1280), ("scs_coverage", 640)):
        tolerance = 4 * np.sqrt(expected * (1 - expected) / n)
        for restorer, right in (("cgrdn", expected), ("raw", 0.95)):
            found = summary.loc[(restorer, metric), "value"]
            assert found == pytest.approx(right, abs=max(tolerance, 4 * 0.0086))
        assert summary.loc[("cgrdn", metric), "low"] < expected
        assert summary.loc[("cgrdn", metric), "high"] > expected


def test_a_fit_that_states_no_error_states_no_interval() -> None:
    records = records_stating(1.0, realizations=6)
    lost = records["column"] < 8
    without = records.assign(
        x_err=records["x_err"].where(~lost), y_err=records["y_err"].where(~lost), scs_err=np.nan
    )
    whole, part = cells(records)[0], cells(without)[0]
    position, scs = METRICS["position_coverage"].of, METRICS["scs_coverage"].of
    kept = records[(records["restorer"] == part.restorer) & ~lost]
    right = [
        (np.abs(kept[f"{axis}_fit"] - kept[f"{axis}_ref"]) <= 1.959964 * kept[f"{axis}_err"]).mean()
        for axis in "xy"
    ]
    assert position(part)[0] == pytest.approx(np.mean(right))
    assert scs(part) is None
    assert scs(whole) is not None


@pytest.mark.parametrize(
    ("share", "kind", "words"),
    [(0.1, "warning", "too small"), (1.0, "undecided", "No lack"), (3.0, "finding", "too large")],
)
def test_the_sentence_follows_the_interval(share: float, kind: str, words: str) -> None:
    (sentence,) = coverage_sentences(
        summarise(records_stating(share, realizations=90)),
        title="Bulk",
        restorer="cgrdn",
        restorers=restorers_named("raw", "cgrdn"),
    )
    assert sentence.kind == kind
    assert words in sentence.text
    assert ("empties the residuals" in sentence.text) == (kind == "warning")


def test_table_and_csv_hold_every_restorer() -> None:
    records = records_stating(0.5, realizations=5)
    report = report_coverage(as_run(records), summarise(records))
    assert set(report.csv["coverage.csv"]["metric"]) == {"position_coverage", "scs_coverage"}
    (table,) = report.tables
    assert [row[2] for row in table.rows] == ["raw", "CGRDN"]
    assert "coverage of position (%)" in table.header
