"""Data of charts: every finite number of the summary once, with its bound; shares in percent."""

import hashlib
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from reports.page.charts.chart_data import chart_data
from reports.page.charts.libraries import vega_script
from reports.records.run_folder import Run, load_run
from reports.summaries.response import ResponseSummary, summarise_response
from reports.summaries.summary import summary_of
from tests.made_run import make_run


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("charts") / "run"
    cases = ("pt_bulk", "nanoparticle")
    return load_run(make_run(folder, realizations=3, thicknesses=(2, 75), cases=cases))


def _chart(data: dict, case: str, heading: str) -> dict:
    (found,) = [one for one in data["charts"] if (one["case"], one["heading"]) == (case, heading)]
    return found


def test_points_are_the_rows_of_the_summary(run: Run) -> None:
    summary = run.once(summary_of)
    data = chart_data(run, summary)
    title = run.title("pt_bulk")
    chart = _chart(data, title, "RMSE of position (pm)")
    labels = [one["label"] for one in data["series"]]
    assert [axis["name"] for axis in chart["axes"]] == ["dose", "thickness"]
    rows = summary[(summary["case"] == "pt_bulk") & (summary["metric"] == "position_rmse_pm")]
    drawn = {(labels[row[0]], row[1], row[2]): row for row in chart["rows"]}
    for row in rows.itertuples():
        own = drawn.pop((run.restorers.label(row.restorer), row.dose, row.thickness))
        np.testing.assert_allclose(own[3:6], [row.value, row.low, row.high], rtol=1e-4)
        assert own[6] == row.n_realizations
    # what is left is the bound, once at each place
    places = rows[["dose", "thickness"]].drop_duplicates()
    assert len(drawn) == len(places)
    assert {key[0] for key in drawn} == {"Cramér-Rao bound"}
    bound = summary[(summary["case"] == "pt_bulk") & (summary["metric"] == "position_bound_pm")]
    for (_, dose, thickness), own in drawn.items():
        there = bound[(bound["dose"] == dose) & (bound["thickness"] == thickness)]
        assert own[3] == pytest.approx(there["value"].iloc[0], rel=1e-4)
        assert own[4:6] == [None, None]
    assert data["series"][-1]["line"]


def test_shares_are_in_percent_and_what_is_not_finite_is_counted(run: Run) -> None:
    summary = run.once(summary_of).copy()
    is_count = (summary["case"] == "nanoparticle") & (summary["metric"] == "count_accuracy")
    summary.loc[summary.index[is_count][0], "value"] = np.nan
    chart = _chart(chart_data(run, summary), run.title("nanoparticle"), "columns counted right (%)")
    shares = summary.loc[is_count, "value"].dropna()
    assert sorted(row[2 + 1] for row in chart["rows"]) == pytest.approx(
        sorted(100 * shares), rel=1e-4
    )
    assert chart["left_out"] == 1
    assert len(chart["rows"]) == is_count.sum() - 1


def test_points_of_fits_at_their_limit_are_hollow(run: Run) -> None:
    summary = run.once(summary_of)
    one = summary[(summary["metric"] == "position_rmse_pm") & (summary["restorer"] == "cgrdn")]
    limited = one.iloc[[0]].assign(metric="at_limit_rate", value=1.0)
    summary = summary[summary["metric"] != "at_limit_rate"]
    data = chart_data(run, pd.concat([summary, limited]))
    labels = [look["label"] for look in data["series"]]
    hollow = [
        (chart["case"], labels[row[0]], row[1])
        for chart in data["charts"] if chart["heading"] == "RMSE of position (pm)"
        for row in chart["rows"] if row[-1]
    ]  # fmt: skip
    assert hollow == [(run.title(str(one["case"].iloc[0])), "CGRDN", one["dose"].iloc[0])]


def test_waves_of_all_directions_are_averaged(run: Run) -> None:
    wave = {
        "case": "pt_bulk", "image": "z75-waves", "thickness": 75, "dose": 500.0,
        "restorer": "cgrdn", "quantity": "position", "pattern": "wave", "amplitude": 10.0,
        "wavelength": 4.0, "polarisation": "", "method": "t", "n_realizations": 3, "n_columns": 9,
    }  # fmt: skip
    ends = [("x", 0.2), ("y", 0.4)]
    rows = pd.DataFrame(
        [
            {**wave, "direction": way, "value": value, "low": value - 0.1, "high": value + 0.1}
            for way, value in ends
        ]
    )
    kept = {**run.kept, summarise_response: ResponseSummary(rows, pd.DataFrame())}
    told = replace(run, kept=kept)
    data = chart_data(told, run.once(summary_of))
    chart = _chart(data, run.title("pt_bulk"), "response: waves of displacement")
    (row,) = chart["rows"]
    assert row[1:4] == [4.0, 500.0, 75.0]
    assert row[4:7] == pytest.approx([0.3, 0.2, 0.4])
    assert chart["levels"] == [1.0]


def test_shipped_libraries_are_the_builds_that_their_headings_name() -> None:
    script = vega_script()
    parts = re.split(r"(?m)^/\* (\S+) ([\d.]+), build/\S+ of the npm package, .*\*/\n", script)
    assert parts[1::3] == ["vega", "vega-lite", "vega-embed"]
    digests = re.findall(r"(?m)^/\* \S+ .* sha256 ([0-9a-f]{64});", script)
    for text, digest in zip(parts[3::3], digests, strict=True):
        assert hashlib.sha256(text.encode()).hexdigest() == digest
    folder = Path(__file__).parents[4] / "reports" / "data"
    licences = (folder / "vega-licences.txt").read_text(encoding="utf-8")
    for name, version in zip(parts[1::3], parts[2::3], strict=True):
        assert f"{name} {version} (BSD-3-Clause)" in licences
