"""A run of real images: drawing what is expected gains nothing, mixing it in neither."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bench.executor.placement import Placement
from bench.plan.profiles import Profile, Selection
from bench.run.run import run_benchmark
from cases import get_case, load_ground_truth
from reports.gate.evidence import evidence_of_run
from reports.gate.gate import judge_versions
from reports.gate.margins import default_margins
from reports.gate.result import Verdict
from reports.records.run_folder import Run, load_run
from reports.summaries.information_rank import log_ratio
from reports.summaries.leaderboard import leaderboard
from reports.summaries.response import information_by_cell, pairs_of, summarise_response
from reports.words.leaderboard import leaderboard_tables

#: At 500 e/Å² and 0.2 Å/px.
_RESTORERS = """
from pathlib import Path

import numpy as np

CRYSTAL = 20.0 * np.load(Path(__file__).with_name("crystal.npy"))


def stamp(images, *, sampling):
    return 0 * images + CRYSTAL


def mix25(images, *, sampling):
    return 0.75 * images + 0.25 * CRYSTAL


def mix50(images, *, sampling):
    return 0.5 * images + 0.5 * CRYSTAL


def mix75(images, *, sampling):
    return 0.25 * images + 0.75 * CRYSTAL
"""
_MIXES = ("mix25", "mix50", "mix75")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("information")
    (folder / "drawn_crystal.py").write_text(_RESTORERS)
    np.save(folder / "crystal.npy", load_ground_truth(get_case("response")).image("z10"))
    names = tuple(f"drawn_crystal:{name}" for name in ("stamp", *_MIXES))
    profile = Profile(
        name="made",
        summary="",
        selections=(
            Selection(case="pt_bulk", images=("z10",), doses=(5e2,), realizations=3),
            Selection(
                case="response",
                images=("z10", "z10-shift15", "z10-scs10"),
                doses=(5e2,),
                realizations=12,
            ),
        ),
        restorers=("raw", *names),
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        run_benchmark(profile, folder / "run", seed=11, placement=Placement(jobs=2))
    return load_run(folder / "run")


def _name(short: str) -> str:
    return short if short == "raw" else f"drawn_crystal:{short}"


def test_a_perfect_stamp_ends_last_although_it_does_not_scatter(run: Run) -> None:
    board = leaderboard(run)
    bulk = board[board["case"] == "pt_bulk"].set_index("restorer")
    assert set(bulk["score"]) == {"information"}
    # Of errors that are exactly zero, as on some processors, the board has no geometric mean.
    assert (
        not bulk.loc[_name("stamp"), "position_rmse_pm"]
        > 1e-3 * bulk.loc["raw", "position_rmse_pm"]
    )
    fits = (
        run.fits[run.fits["case"] == "pt_bulk"]
        .groupby(["restorer", "column"])[["x_fit", "y_fit"]]
        .std()
    )
    assert (fits.loc[_name("stamp")] < 1e-3 * fits.loc["raw"]).all(axis=None)
    others = bulk["rank"].drop(_name("stamp"))
    assert bulk.loc[_name("stamp"), "rank"] > others.max()
    assert bulk.index[-1] == _name("stamp")


def test_the_note_says_what_the_rank_cannot_see(run: Run) -> None:
    notes = [table.note for table in leaderboard_tables(run, leaderboard(run))]
    ranked = [note for note in notes if note.startswith("Ranked by scatter over response")]
    assert ranked
    for note in ranked:
        assert "A rigid shift" in note
        assert "uses changes of 15 pm and 10 % alone" in note


def test_the_stamp_has_no_information_rather_than_nothing_over_nothing(run: Run) -> None:
    told = summarise_response(run).information
    stamp = told[told["restorer"] == _name("stamp")]
    assert len(stamp) == 2
    assert np.isinf(stamp["value"]).all()


@pytest.mark.parametrize("short", _MIXES)
@pytest.mark.parametrize("quantity", ["position", "scs"])
def test_mixing_the_stamp_into_raw_changes_no_information(
    run: Run, short: str, quantity: str
) -> None:
    told = {
        key[3]: value
        for key, (value, _) in information_by_cell(run, pairs_of(run)).items()
        if key[4] == quantity
    }
    mixed, raw = told[_name(short)], told["raw"]
    share = 1 - int(short[3:]) / 100
    # Scatter falls as much as the response does ...
    assert mixed.response[0] / raw.response[0] == pytest.approx(share, abs=0.06)
    assert mixed.scatter[0] / raw.scatter[0] == pytest.approx(share, abs=0.06)
    # ... so the 99.9 % interval (k = 4.4 at n = 12) of the log ratio holds 0, where that of the
    # scatters alone does not.
    effect = log_ratio(mixed, raw)
    assert abs(effect.value) < 4.4 * effect.error
    scatters = np.log(mixed.scatter) - np.log(raw.scatter)
    error = np.sqrt((scatters.size - 2) / (scatters.size - 1)) * np.sqrt(
        np.sum((scatters[1:] - scatters[1:].mean()) ** 2)
    )
    assert scatters[0] < -4.4 * error


def test_raw_is_faithful_within_its_interval(run: Run) -> None:
    told = summarise_response(run).responses
    raw = told[(told["restorer"] == "raw") & (told["pattern"] == "isolated")]
    assert sorted(raw["quantity"]) == ["position", "scs"]
    # 99.9 % intervals at n = 12 are twice as wide as those of 95 % (t of 4.44 over 2.20).
    middle, half = raw["value"], 2.02 * (raw["high"] - raw["value"])
    assert ((middle - half < 1) & (middle + half > 1)).all()
    assert (half < 0.4).all()


def test_a_run_without_edited_images_has_no_rank_for_bulk(run: Run) -> None:
    from dataclasses import replace

    info = replace(run.info, cases={"pt_bulk": run.info.cases["pt_bulk"]})
    alone = Run(
        folder=run.folder,
        fits=run.records[run.records["case"] == "pt_bulk"],
        info=info,
        examples=run.examples,
        edited_fits=run.edited.iloc[:0],
    )
    board = leaderboard(alone)
    assert board["rank"].isna().all()
    (table,) = leaderboard_tables(alone, board)
    assert table.note.startswith("Not ranked: this run has no edited images (case 'response')")


def test_the_bound_at_the_measured_response_of_raw_is_the_unbiased_one(run: Run) -> None:
    told = summarise_response(run).information
    raw = told[told["restorer"] == "raw"].set_index("quantity")
    for quantity in ("position", "scs"):
        row = raw.loc[quantity]
        assert row["held_bound_low"] < 1.06 * row["bound"]
        assert row["held_bound_high"] > 0.94 * row["bound"]
    stamp = told[told["restorer"] == _name("stamp")]
    assert (stamp["held_bound"] < 0.02 * stamp["bound"]).all()


def test_every_metric_of_the_response_stands_in_the_summary(run: Run) -> None:
    rows: pd.DataFrame = summarise_response(run).summary_rows
    assert set(rows["metric"]) == {
        f"{quantity}_{name}"
        for quantity in ("position", "scs")
        for name in ("response", "information", "information_over_bound")
    }
    assert Path(run.folder, "lag_covariance.parquet").is_file()


def test_the_gate_has_rows_of_responses_and_finds_a_drawn_crystal(run: Run) -> None:
    evidence = evidence_of_run(run)
    result = judge_versions([(evidence["raw"], evidence[_name("mix75")])], default_margins())
    rows = {
        (row.metric, row.image): row
        for row in result.rows
        if row.metric.endswith("_response") and row.image.startswith("z10")
    }
    assert set(rows) == {
        ("position_response", "z10-shift15"),
        ("scs_response", "z10-scs10"),
    }
    for row in rows.values():
        assert row.verdict is Verdict.WORSE
        assert row.change > 0.5
    same = judge_versions([(evidence["raw"], evidence["raw"])], default_margins())
    assert {row.verdict for row in same.rows} == {Verdict.EQUIVALENT}
