"""Cells whose columns are not resolved are withheld from the studies of a dislocation too."""

import numpy as np
import pytest
from matplotlib.figure import Figure as Drawing

from reports.figures.dislocation import _burgers, error_rings
from reports.page.parts.study_reports import report_dislocations
from reports.records.run_folder import Run, load_run
from reports.summaries.leaderboard import leaderboard
from reports.words.kept.losses import resolution_sentences
from reports.words.leaderboard import leaderboard_tables
from tests.made_run import make_run
from tests.records_factory import add_tables

CASE = "edge_dislocation"
N = 8


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Of which the Gaussian filter keeps 5 % of the contrast at 500 e/Å²."""
    folder = make_run(tmp_path_factory.mktemp("unresolved") / "run", realizations=N, cases=(CASE,))
    run = load_run(folder)
    records = run.records
    cells = records[["case", "image", "thickness", "dose", "restorer", "realization"]]
    images = cells.drop_duplicates().reset_index(drop=True)
    blurred = (images["restorer"] == "gaussian") & (images["dose"] == 500.0)
    run = add_tables(run, "intensity", images.assign(contrast_kept=np.where(blurred, 0.05, 0.9)))
    closure = {"closure_x": 2.8, "closure_y": 0.0, "closure_x_ref": 2.8, "closure_y_ref": 0.0}
    run = add_tables(run, "circuits", images.assign(**closure))
    errors = 10.0 + images["realization"].to_numpy()
    sizes = dict.fromkeys(("mae_pm", "mae_unshifted_pm", "mpe_pct"), errors)
    return add_tables(
        run,
        "core_distance",
        images.assign(from_A=0.0, to_A=3.5, n_columns=9, n_fitted=9, **sizes),
    )


@pytest.mark.parametrize("file", ["core_distance.csv", "dislocation_core.csv"])
def test_tables_of_a_dislocation_have_no_such_cell(run: Run, file: str) -> None:
    rows = report_dislocations(run, run.folder).csv[file]
    doses = rows.groupby("restorer")["dose"].unique()
    assert 500.0 in doses["raw"]
    assert 500.0 in doses["cgrdn"]
    assert sorted(doses["gaussian"]) == sorted(set(doses["raw"]) - {500.0})


def test_the_panel_of_distances_does_not_draw_it(run: Run) -> None:
    axes = Drawing().add_subplot()
    styles = run.restorers.styles(run.restorers.order(run.records["restorer"].unique()))
    error_rings(axes, run, case=CASE, styles=styles, label="Å")
    drawn = {str(text) for text in axes.get_legend_handles_labels()[1]}
    assert drawn == {run.restorers.label("raw"), run.restorers.label("cgrdn")}


def test_burgers_vectors_leave_it_out(run: Run) -> None:
    axes = Drawing().add_subplot()
    _burgers(axes, run, case=CASE, names=["raw", "gaussian"], alone=True)
    lines = axes.texts[0].get_text().splitlines()[2:]
    (low,) = [line for line in lines if " 500 e/" in line]
    assert "Gaussian" not in low
    assert all("Gaussian" in line for line in lines if line != low)


def test_the_leaderboard_hides_position_and_scs_and_states_the_rule(run: Run) -> None:
    board = leaderboard(run)
    own = board.set_index("restorer").filter(regex="^(position|count|scs)_")
    assert own.loc["gaussian"].isna().all()
    for start in ("position_", "scs_"):
        assert own.loc["raw"].filter(like=start).notna().any()
    (table,) = leaderboard_tables(run, board)
    assert "10 % of the contrast in the mean, or more than 5 % of them do" in table.note
    (sentence,) = resolution_sentences(run)
    assert "no position, no count and no SCS is reported there" in sentence.text
