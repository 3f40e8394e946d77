"""Bounds in words: where restorers stand to them, and what a run without them says."""

import shutil
import tempfile
from functools import cache
from pathlib import Path

import pytest

from reports.records.bounds import BOUND_KINDS, BOUNDS_FILE
from reports.records.run_folder import load_run
from reports.summaries.bounds import summarise_bounds
from reports.summaries.summary import summarise
from reports.words.verdict.bounds import bound_caption, bound_sentences, bound_table
from tests.made_run import make_run
from tests.records_factory import Estimator, change_run

#: Along each axis at 500 e/Å²; MAE is 1.25 times that. The factory's hybrid bound is 0.9 px: 18 pm.
ABOVE, BELOW = Estimator(std_pm=60.0, dose_exponent=-0.5), Estimator(std_pm=6.0, dose_exponent=-0.5)


@cache
def _made(cgrdn: Estimator) -> Path:
    """Run folder, made once for each estimator."""
    return make_run(
        Path(tempfile.mkdtemp()) / "run",
        realizations=6,
        thicknesses=(2, 75),
        estimators={"raw": Estimator(std_pm=40.0), "cgrdn": cgrdn},
        bounds=True,
    )


def run_with(folder: Path, *, cgrdn: Estimator) -> Path:
    return Path(shutil.copytree(_made(cgrdn), folder))


def said(folder: Path) -> list[str]:
    run = load_run(folder)
    sentences = bound_sentences(run, summarise(run.records))
    assert {sentence.topic for sentence in sentences} == {"Bounds"}
    return [f"{sentence.kind}: {sentence.text}" for sentence in sentences]


@pytest.mark.parametrize(
    ("estimator", "there", "not_there"),
    [(BELOW, "below it at 500", "above it"), (ABOVE, "above it at 500", "below it")],
)
def test_restorers_are_held_against_the_hybrid_bound(
    tmp_path: Path, estimator: Estimator, there: str, not_there: str
) -> None:
    sentences = said(run_with(tmp_path / "run", cgrdn=estimator))
    own = [text for text in sentences if "CGRDN" in text]
    assert len(own) == 2  # the dislocation and the particle
    for text in own:
        assert text.startswith("finding: ")
        assert there in text
        assert not_there not in text


def test_a_restorer_at_the_bound_is_undecided(tmp_path: Path) -> None:
    at_it = Estimator(std_pm=16.0, dose_exponent=-0.5)
    sentences = said(run_with(tmp_path / "run", cgrdn=at_it))
    assert sum("undecided: " in text for text in sentences) >= 1


def test_bounds_of_scs_are_said_side_by_side(tmp_path: Path) -> None:
    (text,) = (text for text in said(run_with(tmp_path / "run", cgrdn=BELOW)) if "SCS" in text)
    # 22 % of the square root of 2/75 as recorded; 11 and 60 % in the factory's bounds
    assert "3.59 % with one width" in text
    assert "11.0 % if a constant background" in text
    assert "60.0 % with a width for each column" in text


def test_a_run_without_the_file_says_so(tmp_path: Path) -> None:
    folder = run_with(tmp_path / "run", cgrdn=BELOW)
    (folder / BOUNDS_FILE).unlink()
    change_run(folder, files=("examples.h5",))
    (text,) = said(folder)
    assert "holds no bounds.parquet" in text
    assert bound_caption(load_run(folder), case="nanoparticle", metric="position_mae_pm") == ""


def test_assumptions_stand_beside_every_bound(tmp_path: Path) -> None:
    run = load_run(run_with(tmp_path / "run", cgrdn=BELOW))
    bounds = summarise_bounds(run)
    bulk = bound_table(bounds[bounds["case"] == "pt_bulk"], title="bulk")
    assert all(len(row) == len(bulk.header) for row in bulk.rows)
    for kind in ("recorded", "constant-background", "column-widths"):
        own = [row for row in bulk.rows if row[1] == BOUND_KINDS[kind].label]
        # position and SCS of the thinnest and the thickest image, said once for each
        assert [row[-1] for row in own] == 2 * [BOUND_KINDS[kind].known, ""]
    core = bound_table(bounds[bounds["case"] == "edge_dislocation"], title="core")
    assert core.header[2:4] == ("500 e/Å²", "1000 e/Å²")
    assert len(core.rows) == 4 * 3
    (line,) = (row for row in core.rows if row[:2] == ("hybrid bound", "MAE of position (pm)"))
    assert line[2] == "22.6"  # 0.9 px of 20 pm times sqrt(pi/2)
    caption = bound_caption(run, case="nanoparticle", metric="position_mae_pm")
    assert "Hybrid bound: taken as known is that columns are Gaussians" in caption
