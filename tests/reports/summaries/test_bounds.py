"""Averages of bounds over columns, against numbers worked out by hand."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from reports.records.bounds import BOUND_KINDS, read_bounds, write_bounds_file
from reports.records.run_folder import load_run
from reports.summaries.bounds import drawn_bounds, summarise_bounds
from tests.made_run import make_run
from tests.records_factory import Estimator


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_run(
        tmp_path_factory.mktemp("run"),
        realizations=2,
        thicknesses=(2, 75),
        estimators={"raw": Estimator(std_pm=20.0, dose_exponent=-0.5)},
        bounds=True,
    )


def test_bounds_are_averaged_over_columns_in_the_metrics_units(folder: Path) -> None:
    """The factory's bounds at 500 e/Å²: 1.2 px and 11 % (background), 0.9 px and 20 % (hybrid)."""
    bounds = summarise_bounds(load_run(folder))
    at = bounds.set_index(["case", "kind", "thickness", "dose"]).sort_index()
    bulk = at.loc[("pt_bulk", "constant-background", 75, 500.0)]
    assert bulk["position_pm"] == pytest.approx(1.2 * 20)
    assert np.isnan(bulk["distance_pm"])
    assert bulk["scs_pct"] == pytest.approx(11)
    assert bulk["known"] == BOUND_KINDS["constant-background"].known
    core = at.loc[("edge_dislocation", "hybrid", 6, 50_000.0)]
    assert core["position_pm"] == pytest.approx(0.9 * 20 / 10)
    assert core["distance_pm"] == pytest.approx(0.9 * 20 / 10 * np.sqrt(np.pi / 2))
    assert core["scs_pct"] == pytest.approx(2)
    # the records' own: 24 and 22 of the square root of 2 over the thickness
    recorded = at.loc[("pt_bulk", "recorded", 2, 500.0)]
    assert recorded["position_pm"] == pytest.approx(24)
    assert recorded["scs_pct"] == pytest.approx(22)
    assert "recorded" not in set(bounds[bounds["case"] == "nanoparticle"]["kind"])


def test_unequal_columns_are_pooled_as_root_mean_squares(folder: Path, tmp_path: Path) -> None:
    run = load_run(folder)
    rows = read_bounds(folder, origin=run.origin)
    assert rows is not None
    rows = rows[(rows["case"] == "nanoparticle") & (rows["kind"] == "hybrid")].copy()
    one = rows["column"] == rows["column"].min()
    rows.loc[one, ["x", "distance"]] *= 3
    folder = tmp_path / "run"
    write_bounds_file(folder, rows, origin=run.origin)
    changed = summarise_bounds(type(run)(folder, run.records, run.info, run.examples))
    own = changed[(changed["kind"] == "hybrid") & (changed["dose"] == 500)].iloc[0]
    n = own["n_columns"]
    x = np.array([2.7] + (n - 1) * [0.9])
    assert own["position_pm"] == pytest.approx(20 * np.sqrt((x**2 + 0.81).mean() / 2))
    assert own["distance_pm"] == pytest.approx(20 * np.sqrt(np.pi / 2) * x.mean())


def test_a_run_without_the_file_has_the_recorded_bounds_alone(folder: Path, tmp_path: Path) -> None:
    run = load_run(folder)
    bare = type(run)(tmp_path, run.records, run.info, run.examples)
    bounds = summarise_bounds(bare)
    assert set(bounds["kind"]) == {"recorded"}
    assert drawn_bounds(bounds, case="pt_bulk", metric="scs_std_pct").empty
    unbounded = run.records[run.records["case"] == "nanoparticle"]
    none = summarise_bounds(type(run)(tmp_path, unbounded, run.info, run.examples))
    assert isinstance(none, pd.DataFrame)
    assert none.empty


def test_each_panel_gets_the_bound_of_what_it_shows(folder: Path) -> None:
    bounds = summarise_bounds(load_run(folder))
    core = drawn_bounds(bounds, case="edge_dislocation", metric="position_mae_pm")
    assert set(core["kind"]) == {"hybrid"}
    assert core["value"].tolist() == core["distance_pm"].tolist()
    less = drawn_bounds(bounds, case="edge_dislocation", metric="position_mae_unshifted_pm")
    assert set(less["kind"]) == {"hybrid-unshifted"}
    bulk = drawn_bounds(bounds, case="pt_bulk", metric="scs_std_pct")
    assert set(bulk["kind"]) == {"constant-background"}
    assert bulk["value"].tolist() == bulk["scs_pct"].tolist()
    assert drawn_bounds(bounds, case="pt_bulk", metric="scs_mpe_pct").empty
