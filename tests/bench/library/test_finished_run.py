"""Runs and reports from Python."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import stembench
from bench.library import FinishedRun
from reports import load_run
from reports.summaries.summary import summarise
from stembench.errors import InputError


def test_a_run_is_that_of_the_command(tmp_path: Path) -> None:
    done = stembench.run(
        "gaussian", tmp_path / "run", profile="quick", cases="pt_bulk", images="z05", doses=5e3,
        realizations=2, jobs=1,
    )  # fmt: skip
    assert (done.complete, done.failures) == (True, ())
    run = load_run(tmp_path / "run")
    assert set(run.info.restorers) >= {"raw", "gaussian"}
    told = summarise(run.records).set_index(["restorer", "metric"])
    assert set(done.table["dose_e_per_A2"]) == {5e3}
    for row in done.table.itertuples():
        value = told.loc[(row.restorer, "position_std_pm"), "value"]
        assert row.position_std_pm == pytest.approx(value, nan_ok=True)
    kept = done.image("pt_bulk", "z05", dose=5e3)
    assert kept.pixels.shape == done.image("pt_bulk", "z05").pixels.shape
    assert kept.sampling == run.case("pt_bulk").sampling
    with pytest.raises(InputError, match="kept no image"):
        done.image("pt_bulk", "z05", dose=7.0)
    # another run is not written over
    with pytest.raises(InputError, match="another run"):
        stembench.run("gaussian", tmp_path / "run", profile="quick", cases="pt_bulk", images="z05",
                      doses=5e3, realizations=2, jobs=1, seed=1)  # fmt: skip


def test_arguments_are_refused_in_words_of_python(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="jobs must be between"):
        stembench.run("raw", tmp_path, jobs=0)
    with pytest.raises(InputError, match="leave it out with scheduler or cluster"):
        stembench.run("raw", tmp_path, dask=True, scheduler="tcp://h:1")


def test_the_table_has_a_row_per_cell_and_the_numbers_of_the_summary(small_run: Path) -> None:
    table = FinishedRun(folder=small_run).table
    told = summarise(load_run(small_run).records)
    cells = ["case", "image", "dose", "restorer"]
    assert len(table) == len(told.drop_duplicates(cells))
    wide = table.rename(columns={"dose_e_per_A2": "dose"}).set_index(cells)
    assert {"position_rmse_pm", "scs_rmse_pct"} <= set(wide.columns)
    for row in told.itertuples():
        key = (row.case, row.image, row.dose, row.restorer)
        for end, name in (("", row.value), ("_low", row.low), ("_high", row.high)):
            assert wide.loc[key, f"{row.metric}{end}"] == pytest.approx(name, nan_ok=True)
    assert table["resolved"].all()


def test_what_is_not_resolved_has_no_numbers(small_run, monkeypatch: pytest.MonkeyPatch) -> None:
    import reports.words.cell_table as module

    (image,) = set(load_run(small_run).records["image"])
    doses = sorted(load_run(small_run).records["dose"].unique())
    lost = ("pt_bulk", image, doses[0], "net")
    monkeypatch.setattr(module, "unresolved_cells", lambda *_: frozenset([lost]))
    table = FinishedRun(folder=small_run).table.set_index(["restorer", "dose_e_per_A2"])
    assert not table.loc[("net", doses[0]), "resolved"]
    assert np.isnan(table.loc[("net", doses[0]), "position_rmse_pm"])
    others = table.drop(index=[("net", doses[0])])
    assert others["resolved"].all()
    assert others["position_rmse_pm"].notna().all()


def test_a_report_is_written_and_found(small_run: Path, tmp_path: Path) -> None:
    done = stembench.report(FinishedRun(folder=small_run), tmp_path / "report")
    assert done.page == tmp_path / "report" / "report.html"
    assert done.page.is_file()
    assert str(done.page) in done._repr_html_()
    written = pd.read_csv(tmp_path / "report" / "summary.csv")
    rows = written[written["metric"] == "position_rmse_pm"].set_index(["dose", "restorer"])["value"]
    for row in done.table.itertuples():
        assert row.position_rmse_pm == pytest.approx(rows[(row.dose_e_per_A2, row.restorer)])


def test_a_folder_that_is_no_run(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no run folder"):
        FinishedRun(folder=tmp_path / "none").table  # noqa: B018
