"""Frames aligned and summed beside the shot: a row of their own, no restorer among restorers."""

import pytest

from reports.gate.evidence import evidence_of_run
from reports.records.run_folder import Run
from reports.summaries.leaderboard import leaderboard
from reports.summaries.summary import summarise
from reports.words.studies.frames import frames_sentences, frames_table
from tests.records_factory import Estimator, Layout, as_run, make_records, restorers_named

LAYOUT = Layout(case="edge_dislocation", image="core", thickness=6, bound_pm=None,
                scs_bound_pct=None)  # fmt: skip


def run_with(frames_pm: float) -> Run:
    how = {
        "raw": Estimator(std_pm=15.0), "gaussian": Estimator(std_pm=14.0),
        "cgrdn": Estimator(std_pm=8.0), "frames": Estimator(std_pm=frames_pm),
    }  # fmt: skip
    return as_run(make_records(LAYOUT, how, doses=(5000.0,), realizations=8, seed=3))


@pytest.mark.parametrize(
    ("frames_pm", "words", "kind"),
    [
        (3.0, "have a smaller MAE of position than one shot restored by CGRDN", "finding"),
        (14.0, "have a larger MAE of position than one shot restored by CGRDN", "finding"),
        (8.0, "cannot be told from that of one shot with CGRDN", "undecided"),
    ],
)
def test_the_sentence_follows_from_the_intervals(frames_pm: float, words: str, kind: str) -> None:
    run = run_with(frames_pm)
    (sentence,) = frames_sentences(run, summarise(run.records))
    assert words in sentence.text
    assert sentence.text.startswith("At 5000 e/Å², on Edge dislocation")
    assert sentence.kind == kind


def test_the_table_shows_raw_the_network_and_the_frames() -> None:
    run = run_with(8.0)
    table = frames_table(run, summarise(run.records))
    assert table is not None
    assert [row[2] for row in table.rows] == ["raw", "CGRDN", "10 frames aligned and summed"]
    assert all(len(row) == len(table.header) for row in table.rows)
    without = as_run(run.records.query("restorer != 'frames'"))
    assert frames_table(without, summarise(without.records)) is None


def test_frames_are_judged_and_ranked_nowhere_as_a_restorer() -> None:
    run = run_with(1.0)
    assert "frames" not in set(leaderboard(run)["restorer"])
    assert set(leaderboard(run)["restorer"]) == {"raw", "gaussian", "cgrdn"}
    assert set(evidence_of_run(run)) == {"raw", "gaussian", "cgrdn"}
    known = restorers_named("raw", "gaussian", "frames")
    assert known.judged(["frames", "gaussian", "raw"]) == ["gaussian"]
    assert known.main(["raw", "frames"]) is None
    assert known.judged(["raw", "frames"]) == []
    assert known.order(["frames", "gaussian", "raw"]) == ["raw", "gaussian", "frames"]
