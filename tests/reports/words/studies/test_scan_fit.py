"""Fits that know the scan in reports: drawn, told beside networks, never ranked."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from reports.names import LATTICE_FIT, SCAN_FIT
from reports.page.parts.summary_reports import report_scan_fits
from reports.records.bounds import write_bounds_file
from reports.records.run_folder import Run
from reports.summaries.leaderboard import leaderboard
from reports.summaries.scan_fit import summarise_scans
from reports.summaries.summary import paired_comparisons, summarise
from reports.words.captions import case_settings_text
from reports.words.leaderboard import NO_RANK, leaderboard_tables
from reports.words.sentences import Sentence
from reports.words.studies.scan_fit import UNMEASURED
from reports.words.verdict.verdict import verdict
from tests.made_run import make_bounds
from tests.records_factory import Estimator, Layout, add_tables, as_run, make_records

CORE = Layout(case="edge_dislocation", image="core", bound_pm=None, scs_bound_pct=None)
DOSES = (500.0, 5000.0, 50000.0)
NAMES = ("raw/scan", "raw/scan-10pm")
#: Falls faster than the network's error: above it at the lowest dose, below it at the highest.
HOW = {
    "raw": Estimator(std_pm=30.0, dose_exponent=-0.2),
    "cgrdn": Estimator(std_pm=10.0, dose_exponent=-0.1),
    "raw/scan": Estimator(std_pm=20.0, dose_exponent=-0.4),
    "raw/scan-10pm": Estimator(std_pm=9.0, dose_exponent=-0.35),
}


def records(realizations: int = 12, scanned: int = 12) -> pd.DataFrame:
    made = make_records(CORE, HOW, doses=DOSES, realizations=realizations, seed=3)
    return made[~made["restorer"].isin(NAMES) | (made["realization"] < scanned)]


def scans(rows: pd.DataFrame, *, response: float | None) -> pd.DataFrame:
    """What the fits told of their images, as a run keeps it."""
    images = rows[rows["restorer"].isin(NAMES)].drop_duplicates(["dose", "restorer", "realization"])
    told = images[["case", "image", "thickness", "dose", "restorer", "realization"]]
    tight = told["restorer"] == NAMES[1]
    around = np.where(told["realization"] % 2, 0.02, -0.02)
    return told.assign(
        found=True, converged=told["realization"] > 0, warnings="", steps=told["realization"] + 10,
        jitter_x_pm=18.0, jitter_y_pm=19.0, lines_y_pm=4.0, misfit=0.97,
        lines_x_pm=np.where(told["realization"] % 2, 1.0, 7.0),
        sigma_x=0.15, sigma_y=0.15, phi_x=0.6, phi_y=0.6, response_error=0.01,
        response=np.where(tight, np.nan if response is None else response + around, np.nan),
    )  # fmt: skip


def run_of(folder: Path, rows: pd.DataFrame, *, response: float | None = 0.8) -> Run:
    # The description names the further fits itself.
    run = replace(as_run(rows[~rows["restorer"].isin(NAMES)], folder), fits=rows)
    write_bounds_file(folder, make_bounds(rows), origin=run.origin)
    return add_tables(run, "scan", scans(rows, response=response))


def said(run: Run) -> dict[str, Sentence]:
    """The sentence of each scan fit."""
    spoken = verdict(run, summarise(run.records), paired_comparisons(run.records))
    own = [sentence for sentence in spoken if sentence.text.startswith("Without a network")]
    assert [sentence.topic for sentence in own] == [run.title("edge_dislocation")] * 2
    return dict(zip(NAMES, own, strict=True))


def test_names_looks_and_ranks() -> None:
    run = as_run(records().query("restorer in ('raw', 'cgrdn')"))
    names = ["raw/scan-10pm", "cgrdn", "raw/scan", "raw"]
    restorers = run.restorers
    assert (restorers.label(NAMES[0]), restorers.label(NAMES[1])) == (
        "scan fit", "scan fit, lattice 10 pm",
    )  # fmt: skip
    assert restorers.shown(names) == ["raw", *NAMES, "cgrdn"]
    assert restorers.ranked(names) == ["raw", "cgrdn"]
    assert restorers.judged(names) == ["cgrdn"]
    assert restorers.beside(names) == list(NAMES)
    looks = {
        (style.colour, style.marker, str(style.line)) for style in restorers.styles(names).values()
    }
    assert len(looks) == 4
    assert {restorers.by_name[name].fit for name in NAMES} == {SCAN_FIT, LATTICE_FIT}


def test_the_sentence_is_decided_by_the_paired_intervals(tmp_path: Path) -> None:
    spoken = said(run_of(tmp_path, records()))
    text = spoken["raw/scan"].text
    assert "smaller at 50\u202f000 (0." in text
    assert "larger at 500 (" in text
    assert "not told apart at 5000" in text
    assert spoken["raw/scan"].kind == "finding"
    assert "response" not in text
    assert "passes on" not in text


def test_with_a_lattice_the_response_stands_in_the_same_sentence(tmp_path: Path) -> None:
    known = said(run_of(tmp_path / "known", records()))["raw/scan-10pm"]
    # ± 0.02 in turn over 12 images: a standard error of 0.02 / sqrt(11) = 0.006.
    assert "of an isolated shift of 15 pm it passes on 0.80 ± 0.01 at 500, " in known.text
    assert known.kind == "finding"
    assert UNMEASURED not in known.text
    unknown = said(run_of(tmp_path / "unknown", records(), response=None))["raw/scan-10pm"]
    assert unknown.text.endswith(f"{UNMEASURED}.")
    assert unknown.kind == "warning"


def test_the_summary_averages_images(tmp_path: Path) -> None:
    found = summarise_scans(run_of(tmp_path, records())).set_index(["dose", "restorer"])
    assert len(found) == 6
    one = found.loc[(500.0, "raw/scan-10pm")]
    assert one["lines_x_pm"] == pytest.approx(5.0)  # rms of 1 and 7, not their mean 4
    assert one["steps"] == pytest.approx(15.5)
    assert one["response"] == pytest.approx(0.8)
    assert one["response_error"] == pytest.approx(0.02 / np.sqrt(11))
    assert (one["n_images"], one["n_found"], one["n_converged"]) == (12, 12, 11)
    assert np.isnan(found.loc[(500.0, "raw/scan"), "response"])
    # The synthetic hybrid bound falls as the root of the dose.
    bounds = found["bound_pm"].groupby("dose").first()
    assert bounds[500.0] / bounds[50000.0] == pytest.approx(10.0)


def test_the_table_has_every_dose_and_fit(tmp_path: Path) -> None:
    run = run_of(tmp_path, records())
    report = report_scan_fits(run, summarise(run.records))
    (table,) = report.tables
    assert len(table.rows) == 6 == len(report.csv["scan_fit.csv"])
    by_label = {row[:2]: dict(zip(table.header, row, strict=True)) for row in table.rows}
    row = by_label["500", "scan fit, lattice 10 pm"]
    assert (row["response"], row["converged"]) == ("0.80 ± 0.01", "11 of 12")
    assert row["lines, x (pm)"] == "5.00 of 18.0"
    assert by_label["500", "scan fit"]["response"] == ""
    assert "taken as known" in table.note


def test_a_run_without_scan_fits_says_nothing_of_them(tmp_path: Path) -> None:
    run = as_run(records().query("restorer in ('raw', 'cgrdn')"), tmp_path)
    assert report_scan_fits(run, summarise(run.records)).tables == ()
    spoken = verdict(run, summarise(run.records), paired_comparisons(run.records))
    assert spoken
    assert not [sentence for sentence in spoken if "scan fit" in sentence.text]


def test_the_leaderboard_lists_them_last_and_unranked(tmp_path: Path) -> None:
    rows = records(realizations=12, scanned=5)
    run = run_of(tmp_path, rows)
    board = leaderboard(run).set_index("restorer")
    alone = leaderboard(replace(run, fits=rows[~rows["restorer"].isin(NAMES)]))
    # A fit of fewer realizations takes none from the others.
    shared = list(alone.columns.drop("restorer"))
    pd.testing.assert_frame_equal(
        board.loc[alone["restorer"], shared], alone.set_index("restorer")[shared],
        check_exact=True,
    )  # fmt: skip
    assert list(board.index[-2:]) == list(NAMES)
    assert board.loc[list(NAMES), "rank"].isna().all()
    assert list(board["n_realizations"]) == [12, 12, 5, 5]
    (table,) = leaderboard_tables(run, leaderboard(run))
    assert [row[0] for row in table.rows][-2:] == [NO_RANK] * 2
    assert "over 5 realizations" in table.note


def test_a_lost_image_is_told_where_the_fit_is_drawn(tmp_path: Path) -> None:
    rows = records()
    lost = (rows["restorer"] == "raw/scan") & (rows["dose"] == 500.0) & (rows["realization"] == 0)
    rows.loc[lost, ["x_fit", "y_fit", "scs"]] = np.nan
    rows.loc[lost, "flags"] = 1
    run = run_of(tmp_path, rows)
    summary = summarise(rows)
    footer = case_settings_text(run, summary, case="edge_dislocation")
    assert "failed fits up to 8.33 % (scan fit, core, 500 e/Å²)" in footer
    assert "told how lines jitter" in footer
    spoken = verdict(run, summary, paired_comparisons(rows))
    assert [s for s in spoken if s.text.startswith("Fits failed: scan fit up to 8")]
    without = summary[~summary["restorer"].isin(NAMES)]
    assert "told how lines" not in case_settings_text(run, without, case="edge_dislocation")
