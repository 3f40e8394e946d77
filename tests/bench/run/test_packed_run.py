"""A run in parts, packed: the report of the packs is that of the run as a whole."""

import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bench.executor.placement import Placement
from bench.plan.ladders import ONE_STEP, ablation, axes
from bench.plan.profiles import Profile, Selection, narrow
from bench.run.run import run_benchmark
from reports import evidence_of_run, load_run, open_run, write_pack, write_report
from reports.packs.pack import read_pack
from reports.packs.packed_values import KEPT
from reports.records.run_info import RunInfo
from reports.summaries.summary import summary_of
from stembench.describe import as_plain
from stembench.errors import InputError
from stembench.sealed_files import BLANK_SEAL, write_sealed

RUNG = {"dose": 5e3, "realizations": 2}
SMALL = Profile(
    name="small",
    summary="for tests",
    selections=(
        Selection("pt_bulk", ("z05", "z10"), (5e3,), 3),
        Selection("response", ("z10", "z10-shift15"), (5e3,), 3, raw_realizations=4),
    ),
    restorers=("raw", "gaussian", "flat"),
)
PARTS = {
    "thin": {"cases": ["pt_bulk"], "images": ["z05"]},
    "thick": {"cases": ["pt_bulk"], "images": ["z10"]},
    "changes": {"cases": ["response"]},
}
#: One of everything that a report shows.
LARGE = Profile(
    name="large",
    summary="for tests",
    selections=(
        *SMALL.selections,
        Selection("edge_dislocation", ("core",), (5e3,), 3),
        Selection("nanoparticle", ("particle",), (5e3,), 2),
        Selection("defect_ladder", ("z10",), (5e3,), 3),
    ),
    restorers=SMALL.restorers,
    ladders=(
        ablation("edge_dislocation", "core", **RUNG),
        *axes("edge_dislocation", "core", **RUNG, steps=ONE_STEP),
    ),
    scans=2,
)
LARGE_PARTS = {
    **PARTS,
    "core": {"cases": ["edge_dislocation"]},
    "particle": {"cases": ["nanoparticle", "defect_ladder"]},
}


def made(profile: Profile, folder: Path) -> Path:
    run_benchmark(profile, folder, seed=7, placement=Placement(jobs=1))
    return folder


def packed(profile: Profile, parts: dict[str, dict[str, list[str]]], folder: Path) -> Path:
    for name, part in parts.items():
        run = load_run(made(narrow(profile, **part), folder / name))
        write_pack(run, folder / f"{name}.pack")
    return folder


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(SMALL, tmp_path_factory.mktemp("whole") / "run")


@pytest.fixture(scope="module")
def packs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return packed(SMALL, PARTS, tmp_path_factory.mktemp("parts"))


def text(value: object) -> str:
    return str(list(value)) if isinstance(value, (list, np.ndarray)) else str(value)


def assert_same_rows(one: pd.DataFrame, other: pd.DataFrame, name: str) -> None:
    """The same rows to the last bit, in whatever order."""
    ordered = [
        rows.assign(**{c: [text(v) for v in rows[c]] for c in rows if rows[c].dtype == object})
        for rows in (one, other)
    ]
    keys = [column for column in one if one[column].dtype.kind not in "fc"]
    one, other = (rows.sort_values(keys, ignore_index=True) for rows in ordered)
    pd.testing.assert_frame_equal(
        one, other, check_exact=True, check_dtype=False, check_column_type=False, obj=name
    )


def test_packs_say_of_a_run_what_its_fits_say(whole: Path, packs: Path) -> None:
    run, joined = open_run(whole), open_run(packs)
    assert not run.packed
    assert joined.packed
    for kept in KEPT:
        expected, found = (kept.into(one.once(kept.of)) for one in (run, joined))
        assert expected.keys() == found.keys()
        for name, rows in expected.items():
            assert_same_rows(rows, found[name], name)
    assert len(run.once(summary_of)) > 100
    assert joined.info.cases["pt_bulk"].images == ("z05", "z10")


@pytest.mark.slow
def test_a_report_of_packs_is_the_report_of_the_run(tmp_path: Path) -> None:
    whole, packs = made(LARGE, tmp_path / "whole"), packed(LARGE, LARGE_PARTS, tmp_path)
    reports = whole / "report", tmp_path / "report"
    write_report(whole)
    write_report(packs, out=reports[1])
    expected, found = ({path.name: pd.read_csv(path) for path in report.glob("*.csv")}
                       for report in reports)  # fmt: skip
    assert expected.keys() == found.keys()
    assert {"information.csv", "ablation.csv", "axes.csv", "scan_fit.csv", "counts.csv",
            "core_distance.csv", "defects.csv", "leaderboard.csv"} <= found.keys()  # fmt: skip
    for name, rows in expected.items():
        # The time of a restoration is measured, and is another one.
        timed = [column for column in rows if column in ("seconds_per_image", "memory_bytes")]
        assert_same_rows(rows.drop(columns=timed), found[name].drop(columns=timed), name)
    one, other = ({path.name for path in report.glob("*.png")} for report in reports)
    assert one == other
    assert one


def test_a_gate_reads_packs(whole: Path, packs: Path) -> None:
    expected, found = (evidence_of_run(open_run(path)) for path in (whole, packs))
    assert expected.keys() == found.keys()
    for name, side in expected.items():
        assert side.cells.keys() == found[name].cells.keys()
        assert side.raw == found[name].raw
        for key, cell in side.cells.items():
            other = found[name].cells[key]
            assert cell.realizations == other.realizations
            assert (cell.columns, cell.failed) == (other.columns, other.failed)
            assert cell.by_metric.keys() == other.by_metric.keys()
            for metric, values in cell.by_metric.items():
                assert values.tobytes() == other.by_metric[metric].tobytes()


def test_a_pack_holds_no_fits_and_says_so(packs: Path) -> None:
    run = open_run(packs / "thin.pack")
    for ask in (lambda: run.records, lambda: run.edited, lambda: run.tables("intensity")):
        with pytest.raises(InputError, match="holds statistics of a run and no fits"):
            ask()
    with pytest.raises(InputError, match="packed already"):
        write_pack(run, packs / "again.pack")


def test_a_pack_twice_is_refused(packs: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / f"{name}.pack").write_bytes((packs / "thin.pack").read_bytes())
    with pytest.raises(InputError, match=r"one\.pack and .*two\.pack both hold image z05"):
        open_run(tmp_path)


def altered(pack: Path, target: Path, change: Callable[[RunInfo], RunInfo]) -> None:
    """Write a pack with another description."""
    with zipfile.ZipFile(io.BytesIO(pack.read_bytes())) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
        stamp = json.loads(archive.comment)
    info = as_plain(change(read_pack(pack).info))
    members["run.json"] = json.dumps(info).encode()
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, member in members.items():
            archive.writestr(name, member)
        archive.comment = json.dumps({**stamp, "seal": BLANK_SEAL}).encode()
    write_sealed(target, content.getvalue())


REFUSED: dict[str, tuple[Callable[[RunInfo], RunInfo], str]] = {
    "seed": (lambda info: replace(info, seed=8), "their seed differ"),
    "commit": (lambda info: replace(info, commit="another"), "their commit differ"),
    "source": (lambda info: replace(info, source_sha256="0" * 64), "their source differ"),
    "profile": (lambda info: replace(info, profile="other"), "their profile differ"),
    "arithmetic": (lambda info: replace(info, arithmetic={"numpy": "1"}), "what calculates differ"),
    "versions": (
        lambda info: replace(info, versions={**info.versions, "numpy": "1"}),
        "their versions differ",
    ),
    "fit engine": (lambda info: replace(info, fit_engine="lmfit"), "their fit engine differ"),
    "restorers": (
        lambda info: replace(
            info, restorers={n: r for n, r in info.restorers.items() if n != "flat"}
        ),
        "flat was run in one of them alone",
    ),
    "restorer": (
        lambda info: replace(
            info,
            restorers={n: replace(r, version="0") for n, r in info.restorers.items()},
        ),
        "is described otherwise",
    ),
    "doses": (
        lambda info: replace(
            info, cases={n: replace(c, realizations=9) for n, c in info.cases.items()}
        ),
        "doses or numbers of realizations of pt_bulk",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_packs_of_other_runs_are_not_joined(packs: Path, tmp_path: Path, name: str) -> None:
    change, sentence = REFUSED[name]
    (tmp_path / "a.pack").write_bytes((packs / "thin.pack").read_bytes())
    altered(packs / "thick.pack", tmp_path / "b.pack", change)
    with pytest.raises(InputError, match=sentence):
        open_run(tmp_path)
    altered(packs / "thick.pack", tmp_path / "b.pack", lambda info: info)  # negative control
    assert open_run(tmp_path).info.cases["pt_bulk"].images == ("z05", "z10")


def test_packs_of_other_definitions_are_not_joined(
    packs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.pack").write_bytes((packs / "thin.pack").read_bytes())
    monkeypatch.setattr("reports.packs.pack.definitions_hash", lambda: "0" * 64)
    write_pack(load_run(packs / "thick"), tmp_path / "b.pack")
    with pytest.raises(InputError, match="define metrics otherwise"):
        open_run(tmp_path)
    (tmp_path / "a.pack").unlink()
    assert open_run(tmp_path).info.versions["metrics (SHA-256)"] == "0" * 16


@pytest.mark.parametrize("place", [100, 5_000, -40])
def test_a_damaged_pack_is_refused(packs: Path, tmp_path: Path, place: int) -> None:
    content = bytearray((packs / "thin.pack").read_bytes())
    content[place] ^= 1
    damaged = tmp_path / "thin.pack"
    damaged.write_bytes(bytes(content))
    with pytest.raises(InputError, match=r"thin\.pack is damaged"):
        open_run(damaged)


def test_an_unfinished_run_is_not_packed(whole: Path, tmp_path: Path) -> None:
    run = load_run(whole)
    unfinished = replace(run, info=replace(run.info, complete=False))
    with pytest.raises(InputError, match="is not complete"):
        write_pack(unfinished, tmp_path / "run.pack")
    with pytest.raises(InputError, match=r"a pack is named \*\.pack"):
        write_pack(run, tmp_path / "run.zip")
