"""Runs of restorers that erase the columns: the first sentence, and a rank behind raw."""

from pathlib import Path

import pytest

from bench.executor.placement import Placement
from bench.plan.profiles import Profile, Selection
from bench.run.run import run_benchmark
from reports.metrics.kept.resolution import contrast_of, unresolved_cells, without_unresolved
from reports.records.run_folder import load_run
from reports.summaries.leaderboard import leaderboard
from reports.summaries.summary import paired_comparisons, summarise
from reports.words.verdict.verdict import verdict

ERASERS = """
import numpy as np
from scipy.ndimage import gaussian_filter

def _blurred(images, width):
    return np.stack([gaussian_filter(image, width, mode="mirror") for image in images])

def sharp(images, *, sampling):
    return _blurred(images, 0.3 / sampling)

def smooth(images, *, sampling):
    return _blurred(images, 1.2 / sampling)

def constant(images, *, sampling):
    return np.full(images.shape, images.mean(axis=(1, 2), keepdims=True))
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("erasers")
    (folder / "erasing.py").write_text(ERASERS)
    restorers = ("raw", "erasing:sharp", "erasing:smooth", "erasing:constant")
    profile = Profile(
        name="small",
        summary="for tests",
        selections=(
            Selection("pt_bulk", ("z10",), (5e2,), 2, raw_realizations=3),
            # Bulk is ranked by what these tell.
            Selection("response", ("z10", "z10-shift15", "z10-scs10"), (5e2,), 4),
        ),
        restorers=restorers,
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder)
        patch.setenv("PYTHONPATH", str(folder))
        run_benchmark(profile, folder / "run", seed=5, placement=Placement(jobs=1))
    return load_run(folder / "run")


def test_erasers_are_named_first_and_rank_behind_raw(run) -> None:
    every = leaderboard(run)
    board = every[every["case"] == "pt_bulk"].set_index("restorer")
    assert board["rank"]["erasing:smooth"] > board["rank"]["raw"]
    assert board["rank"]["erasing:constant"] > board["rank"]["raw"]
    assert board["rank"].notna().all()
    assert board["unresolved"].to_dict() == {
        "raw": 0, "raw/poisson": 0, "erasing:sharp": 0, "erasing:smooth": 1, "erasing:constant": 1,
    }  # fmt: skip
    assert board.loc[["erasing:smooth", "erasing:constant"], "position_rmse_pm"].isna().all()
    unresolved = unresolved_cells(run.once(contrast_of), run.restorers)
    summary = without_unresolved(summarise(run.records), unresolved)
    compared = without_unresolved(paired_comparisons(run.records), unresolved)
    first, second, *rest = verdict(run, summary, compared)
    assert first.text.startswith("erasing:constant: columns not resolved.")
    assert second.text.startswith("erasing:smooth: columns not resolved.")
    assert not any("not resolved" in sentence.text for sentence in rest)
    erased = summary[summary["restorer"].isin(["erasing:smooth", "erasing:constant"])]
    assert not erased["metric"].str.startswith(("position_std", "position_mae", "count_acc")).any()
    assert (erased["metric"] == "failure_rate").any()


def test_raw_has_its_own_realizations_and_comparisons_the_common_ones(run) -> None:
    bulk = run.records[run.records["case"] == "pt_bulk"]
    rows = summarise(bulk)
    number = rows.drop_duplicates("restorer").set_index("restorer")["n_realizations"]
    assert (number["raw"], number["raw/poisson"], number["erasing:sharp"]) == (3, 3, 2)
    board = leaderboard(run)
    board = board[board["case"] == "pt_bulk"]
    assert (board["n_realizations"] == 2).all()
    compared = paired_comparisons(bulk).set_index("restorer")
    assert (compared.loc["erasing:sharp", "n_realizations"] == 2).all()
    assert set(compared.loc["erasing:sharp/true-width", "baseline"]) == {"raw/true-width"}
    assert (Path(run.folder) / "intensity").is_dir()
