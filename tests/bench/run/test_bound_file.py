"""The file of bounds: written once, completed where cells are missing."""

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from bench.executor.placement import Placement
from bench.measures.bounds import bounds_of
from bench.plan.profiles import Profile, Selection
from bench.run.bound_file import write_bounds
from reports.records.bounds import BOUND_COLUMNS, BOUNDS_FILE, read_bounds, write_bounds_file
from reports.records.run_files import Origin
from stembench.errors import InputError

ORIGIN = Origin(schema_version=4, identity="of this run", seed=1)
PROFILE = Profile(
    name="small",
    summary="for tests",
    selections=(
        Selection("pt_bulk", ("z02", "z05"), (5e2, 5e4), 1),
        Selection("particle_adatoms", ("particle",), (5e3,), 1),
    ),
    restorers=("raw",),
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_bounds(tmp_path, PROFILE, placement=Placement(jobs=1), announce=print, origin=ORIGIN)
    return tmp_path


def _sorted(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.sort_values(["case", "image", "dose", "kind", "column"]).reset_index(drop=True)


def test_it_holds_every_cell_for_which_a_bound_is_stated(folder: Path) -> None:
    rows = read_bounds(folder, origin=ORIGIN)
    assert rows is not None
    assert list(rows) == list(BOUND_COLUMNS)
    cells = rows.groupby(["case", "image", "dose"]).ngroups
    assert cells == 4
    assert set(rows["case"]) == {"pt_bulk"}
    own = rows[(rows["image"] == "z05") & (rows["dose"] == 5e2)].reset_index(drop=True)
    pd.testing.assert_frame_equal(own, bounds_of("pt_bulk", "z05", 5e2))


def test_a_whole_file_is_left_alone_and_a_partial_one_completed(folder: Path) -> None:
    path = folder / BOUNDS_FILE
    whole, written = read_bounds(folder, origin=ORIGIN), path.stat().st_mtime_ns
    assert whole is not None
    write_bounds(folder, PROFILE, placement=Placement(jobs=1), announce=print, origin=ORIGIN)
    assert path.stat().st_mtime_ns == written
    # one cell missing, and one kind of another
    kept = ~((whole["image"] == "z02") & (whole["dose"] == 5e4))
    kept &= ~((whole["image"] == "z05") & (whole["kind"] == "column-widths"))
    write_bounds_file(folder, whole[kept], origin=ORIGIN)
    write_bounds(folder, PROFILE, placement=Placement(jobs=1), announce=print, origin=ORIGIN)
    again = read_bounds(folder, origin=ORIGIN)
    assert again is not None
    pd.testing.assert_frame_equal(_sorted(again), _sorted(whole))


def test_a_damaged_file_is_named_and_made_again(folder: Path) -> None:
    whole = read_bounds(folder, origin=ORIGIN)
    (folder / BOUNDS_FILE).write_bytes(b"no parquet")
    said: list[str] = []
    write_bounds(
        folder,
        PROFILE,
        placement=Placement(jobs=1),
        announce=print,
        origin=ORIGIN,
        note=said.append,
    )
    assert "bounds.parquet is damaged" in said[0]
    pd.testing.assert_frame_equal(read_bounds(folder, origin=ORIGIN), whole)


def test_bounds_of_another_run_are_refused(folder: Path) -> None:
    with pytest.raises(InputError, match=r"of another run .seed 1 there, 2 in this run"):
        write_bounds(
            folder,
            PROFILE,
            placement=Placement(jobs=1),
            announce=print,
            origin=replace(ORIGIN, seed=2),
        )


def test_worker_processes_find_the_same(tmp_path: Path) -> None:
    """Two doses of a case that takes long go to processes of their own."""
    profile = Profile(
        name="small",
        summary="for tests",
        selections=(Selection("edge_dislocation", ("core",), (5e3, 5e4), 1),),
        restorers=("raw",),
    )
    write_bounds(tmp_path, profile, placement=Placement(jobs=2), announce=print, origin=ORIGIN)
    rows = read_bounds(tmp_path, origin=ORIGIN)
    assert rows is not None
    own = rows[rows["dose"] == 5e4].reset_index(drop=True)
    pd.testing.assert_frame_equal(own, bounds_of("edge_dislocation", "core", 5e4), rtol=1e-9)
