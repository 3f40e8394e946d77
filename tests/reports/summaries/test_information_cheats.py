"""Restorers that draw what departs little, or erase what was changed, gain nothing by it."""

import numpy as np
import pandas as pd
import pytest

from bench.executor.placement import Placement
from bench.plan.profiles import Profile, Selection
from bench.run.run import run_benchmark
from cases import get_case, load_ground_truth
from reports.metrics.kept.resolution import contrast_by_cell, unresolved_cells
from reports.metrics.response.scatter_over_response import Information
from reports.records.run_folder import Run, load_run
from reports.summaries.leaderboard import leaderboard
from reports.summaries.response import information_by_cell, pairs_of
from reports.words.leaderboard import leaderboard_tables
from reports.words.verdict.response import response_phrases

_RESTORERS = """
from pathlib import Path

import numpy as np
from scipy.spatial import cKDTree

TRUTH = np.load(Path(__file__).with_name("truth.npz"))
CRYSTAL = 200.0 * TRUTH["image"]  # at 5000 e/A^2 and 0.2 A/px
PLACES = TRUTH["places"]
Y, X = np.mgrid[:128, :128]
OWNER = cKDTree(PLACES).query(np.stack([X.ravel(), Y.ravel()], axis=1))[1].reshape(128, 128)
DX, DY = X - PLACES[OWNER, 0], Y - PLACES[OWNER, 1]
SIGMA, PEAK = 2.436, 23.04
SHAPE = np.exp(-(DX**2 + DY**2) / (2 * SIGMA**2))


def _amplitude(image, shape):
    found = np.bincount(OWNER.ravel(), (image * shape).ravel())
    return found / np.bincount(OWNER.ravel(), (shape**2).ravel()) / PEAK


def snap(images, *, sampling):
    difference = images[0] - CRYSTAL
    moved = [20 * SIGMA**2 * _amplitude(difference, SHAPE * d) for d in (DX, DY)]
    brighter = 100 * _amplitude(difference, SHAPE)
    departs = (np.hypot(*moved) > 9) | (np.abs(brighter) > 7)  # pm, percent
    return np.where(departs[OWNER], images[0], CRYSTAL)[None]


def erase(images, *, sampling):
    brighter = np.abs(_amplitude(images[0] - CRYSTAL, SHAPE))
    lost = np.argsort(brighter)[-len(brighter) // 3 :]
    return np.where(np.isin(OWNER, lost), 0.0, images[0])[None]


def choose(images, *, sampling):
    # A fifth of the images is given back blank.
    return images if int(images.sum()) % 5 else 0 * images + images.mean()
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("cheats")
    (folder / "drawn_if_near.py").write_text(_RESTORERS)
    truth = load_ground_truth(get_case("response"))
    places = truth.columns("z10")[["x", "y"]].to_numpy()
    np.savez(folder / "truth.npz", image=truth.image("z10"), places=places)
    profile = Profile(
        name="made",
        summary="",
        selections=(Selection("response", ("z10", "z10-shift15", "z10-scs10"), (5e3,), 6),),
        restorers=("raw", *(f"drawn_if_near:{name}" for name in ("snap", "erase", "choose"))),
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        run_benchmark(profile, folder / "run", seed=3, placement=Placement(jobs=1))
    return load_run(folder / "run")


def test_drawing_what_departs_little_does_not_beat_raw(run: Run) -> None:
    told = {key[3:]: value for key, (value, _) in information_by_cell(run, pairs_of(run)).items()}
    board = leaderboard(run).set_index("restorer")
    snap = "drawn_if_near:snap"
    # It passes on nearly all and hardly scatters in the unedited image ...
    assert told[snap, "position"].response[0] > 0.8
    assert board.loc[snap, "position_rmse_pm"] < 0.5 * board.loc["raw", "position_rmse_pm"]
    # ... but where a column was changed it scatters as raw does, or more.
    for quantity in ("position", "scs"):
        ratio = told[snap, quantity].with_left_out[0] / told["raw", quantity].with_left_out[0]
        assert ratio > 0.9
    assert board.loc[snap, "rank"] >= board.loc["raw", "rank"]


def test_columns_that_are_erased_where_they_differ_count_as_not_passed_on(run: Run) -> None:
    (whole, erased) = (
        {key[4]: v for key, (v, _) in information_by_cell(run, pairs_of(run)).items()
         if key[3] == name}
        for name in ("raw", "drawn_if_near:erase")
    )  # fmt: skip
    assert erased["scs"].response[0] < 0.5 * whole["scs"].response[0]
    board = leaderboard(run).set_index("restorer")
    assert board.loc["drawn_if_near:erase", "rank"] > board.loc["raw", "rank"]


def test_images_that_are_given_back_blank_are_no_choice_of_the_better_ones(run: Run) -> None:
    kept = run.intensity
    own = kept[(kept["restorer"] == "drawn_if_near:choose") & (kept["image"] == "z10")]
    blank = own["contrast_kept"] < 0.1
    assert 0 < blank.sum() < len(own)
    assert own["contrast_kept"].mean() > 0.1
    cells = unresolved_cells(contrast_by_cell(kept), run.restorers)
    assert ("response", "z10", 5e3, "drawn_if_near:choose") in cells
    assert not any(cell[3] == "raw" for cell in cells)
    board = leaderboard(run).set_index("restorer")
    assert board.loc["drawn_if_near:choose", "rank"] > board.loc["raw", "rank"]


def test_what_does_not_scatter_at_all_has_no_information() -> None:
    """An image drawn with the change in it: 0 over 1 would rank first, and has no logarithm."""
    response = 1 + 1e-3 * np.linspace(-1, 1, 7)
    drawn = Information("position", "shift15", tuple(range(6)), np.zeros(7), response, 2.0)
    assert drawn.response_estimate.low > 0
    assert drawn.none
    assert np.isinf(drawn.with_left_out).all()


def test_a_run_of_two_realizations_says_that_they_are_too_few(run: Run) -> None:
    two = Run(
        folder=run.folder,
        fits=run.records[run.records["realization"] < 2],
        info=run.info,
        examples=run.examples,
        edited_fits=run.edited[run.edited["realization"] < 2],
    )
    board = leaderboard(two)
    assert board["rank"].isna().all()
    (table,) = leaderboard_tables(two, board)
    assert "no edited images" not in table.note
    assert "three realizations" in table.note


def test_a_sentence_quotes_the_response_at_the_dose_that_is_nearest() -> None:
    rows = pd.DataFrame(
        {
            "restorer": "made", "quantity": "position", "thickness": 10, "dose": [5e2, 5e3],
            "response": [0.1, 0.8], "response_low": [0.09, 0.79], "response_high": [0.11, 0.81],
            "over_bound": [2.0, 1.1], "over_bound_low": [1.9, 1.0], "over_bound_high": [2.1, 1.2],
        }
    )  # fmt: skip
    for dose, text in ((5e2, "500 e/Å²"), (5e3, "5000 e/Å²"), (5e4, "5000 e/Å²")):
        phrase = response_phrases(rows, dose=dose)["made", "position"]
        assert f"10 atoms, {text}" in phrase
