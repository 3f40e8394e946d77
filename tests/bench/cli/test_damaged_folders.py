"""Each command that reads a run folder or a baseline, on each kind of damage: one sentence."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from typer.testing import CliRunner

from bench.cli.app import app
from bench.run import verification
from bench.run.block import BlockResult
from reports import load_run
from stembench.sealed_json import HASH, content_hash
from tests.made_run import make_run
from tests.records_factory import Estimator, change_records, change_run

NOISE = {"raw": Estimator(std_pm=30.0, scs_std_pct=20.0), "gaussian": Estimator(std_pm=9.0)}


def call(*arguments: object) -> tuple[int, list[str]]:
    """Exit code and lines of a command; an exception that it does not turn into them is raised."""
    result = CliRunner().invoke(app, [str(a) for a in arguments], env={"COLUMNS": "220"})
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, [line for line in result.output.splitlines() if line.strip()]


def made(folder: Path) -> Path:
    return make_run(
        folder, realizations=3, thicknesses=(2,), cases=("pt_bulk",), estimators=NOISE, bounds=True
    )


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A whole run, one of another seed, and a baseline."""
    place = tmp_path_factory.mktemp("damaged")
    change_run(made(place / "foreign"), seed=7)
    made(place / "whole")
    code, _ = call("baseline", place / "whole", "--restorer", "gaussian", "-o", place / "b.json")
    assert code == 0
    return place


def one_record(run: Path) -> Path:
    return sorted((run / "records").iterdir())[0]


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 4
    path.write_bytes(content)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def as_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def exchange(run: Path, name: str) -> None:
    """Put the file of another run in place of one."""
    shutil.copyfile(run.parent / "foreign" / name, run / name)


def without_sampling(run: Path) -> None:
    def zero(rows: pd.DataFrame) -> pd.DataFrame:
        return rows.assign(sampling=0.0)

    change_records(run, zero)


def with_a_stranger(run: Path) -> None:
    def rename(rows: pd.DataFrame) -> pd.DataFrame:
        return rows.assign(image="z99")

    change_records(run, rename)


#: Kind of damage, how it is done, what the sentence says.
DAMAGE: dict[str, tuple[Callable[[Path], object], str]] = {
    "bit of a block": (lambda run: flip(one_record(run)), "is damaged"),
    "block cut off": (lambda run: cut(one_record(run)), "is damaged"),
    "empty block": (lambda run: one_record(run).write_bytes(b""), "is damaged"),
    "missing block": (lambda run: one_record(run).unlink(), "is missing"),
    "block a folder": (lambda run: as_folder(one_record(run)), "records"),
    "foreign block": (
        lambda run: exchange(run, f"records/{one_record(run).name}"),
        "of another run (seed 7 there, 0 in this run)",
    ),
    "sampling of 0": (without_sampling, "sampling that is not positive"),
    "unlisted image": (with_a_stranger, "hold an image z99"),
    "bit of run.json": (lambda run: flip(run / "run.json"), "run.json"),
    "run.json cut off": (lambda run: cut(run / "run.json"), "run.json cannot be read"),
    "run.json no text": (
        lambda run: (run / "run.json").write_bytes(bytes(range(256))),
        "run.json cannot be read",
    ),
    "foreign run.json": (lambda run: exchange(run, "run.json"), "of another run"),
    "no run.json": (lambda run: (run / "run.json").unlink(), "holds no run.json"),
    "run.json a folder": (lambda run: as_folder(run / "run.json"), "run.json"),
    "missing examples": (lambda run: (run / "examples.h5").unlink(), "lacks examples.h5"),
}
#: Words of the command that reads `run`; `whole` is an undamaged one.
COMMANDS: dict[str, Callable[[Path, Path], tuple[object, ...]]] = {
    "report": lambda run, _: ("report", run),
    "compare, new": lambda run, whole: ("compare", whole, run, "--restorer", "gaussian"),
    "compare, old": lambda run, whole: ("compare", run, whole, "--restorer", "gaussian"),
    "compare with a baseline": lambda run, whole: ("compare", whole.parent / "b.json", run),
    "compare --run": lambda run, _: ("compare", "raw", "gaussian", "--run", run),
    "baseline": lambda run, whole: (
        "baseline", run, "--restorer", "gaussian", "-o", whole.parent / "made.json"
    ),
    "power": lambda run, _: ("power", run, "raw", "gaussian"),
    "verify-fit": lambda run, _: ("verify-fit", run, "-n", "1"),
}  # fmt: skip


@pytest.fixture(autouse=True)
def _records_in_place_of_fits(monkeypatch: pytest.MonkeyPatch, place: Path) -> None:
    """What verify-fit would fit for minutes is taken from the whole run."""

    def again(block, _: object) -> BlockResult:
        rows = load_run(place / "whole").records
        own = (rows["restorer"] == block.restorer) & (rows["dose"] == block.dose)
        return BlockResult(rows[own & (rows["realization"] == block.start)], seconds={})

    monkeypatch.setattr(verification, "run_block", again)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_whole_run_is_read(place: Path, tmp_path: Path, command: str) -> None:
    run = Path(shutil.copytree(place / "whole", tmp_path / "run"))
    (run / "records" / "stray.parquet").write_text("not of this run, and not listed")
    code, lines = call(*COMMANDS[command](run, place / "whole"))
    assert code == 0, lines
    assert not any(line.startswith("stembench: ") and "damaged" in line for line in lines)


@pytest.mark.parametrize("kind", DAMAGE)
def test_every_reader_refuses_damage_in_one_sentence(place: Path, kind: str) -> None:
    run = Path(shutil.copytree(place / "whole", place / "run"))
    damage, said = DAMAGE[kind]
    damage(run)
    (place / "made.json").unlink(missing_ok=True)
    before = {path for path in run.rglob("*") if path.is_file()}
    try:
        for command, words in COMMANDS.items():
            code, lines = call(*words(run, place / "whole"))
            assert (code, len(lines)) == (2, 1), (command, lines)
            assert lines[0].startswith("stembench: "), command
            assert said in lines[0], command
            assert str(run) in lines[0], command
        assert {path for path in run.rglob("*") if path.is_file()} == before
        assert not (place / "made.json").exists()
    finally:
        shutil.rmtree(run)


def test_a_report_names_a_damaged_table_that_others_do_not_read(place: Path) -> None:
    for name in ("bounds.parquet", "examples.h5"):
        for damage in (flip, cut):
            run = Path(shutil.copytree(place / "whole", place / "run"))
            damage(run / name)
            code, lines = call("report", run)
            shutil.rmtree(run)
            assert (code, len(lines)) == (2, 1), lines
            assert f"{run / name} is damaged" in lines[0]


def _without_errors(content: dict[str, Any]) -> None:
    del content["cells"][0]["values"]["position_rmse"]


def _shorter(content: dict[str, Any]) -> None:
    content["cells"][0]["values"]["position_rmse"].pop()


#: Changes of a baseline whose hash fits again, what the sentence says.
BASELINES: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "no errors": (_without_errors, "stands without position_rmse"),
    "a value less": (_shorter, "2 values for 3 realizations"),
    "no cells": (lambda content: content.pop("cells"), "cells"),
    "absurd": (lambda content: content["cells"][0].update(dose=-1), "dose"),
    "another type": (lambda content: content.update(cases=[]), "cases"),
    "another format": (lambda content: content.update(format_version=99), "format 99"),
}


@pytest.mark.parametrize("kind", [*BASELINES, "bit", "cut off", "empty", "foreign"])
def test_a_baseline_that_is_damaged_is_refused_in_one_sentence(
    place: Path, tmp_path: Path, kind: str
) -> None:
    path = tmp_path / "baseline.json"
    shutil.copyfile(place / "b.json", path)
    said = "baseline.json"
    if kind in BASELINES:
        change, said = BASELINES[kind]
        content = json.loads(path.read_text())
        change(content)
        content[HASH] = content_hash({key: content[key] for key in content if key != HASH})
        path.write_text(json.dumps(content))
    elif kind == "foreign":
        shutil.copyfile(place / "whole" / "run.json", path)
    else:
        {"bit": flip, "cut off": cut, "empty": lambda one: one.write_bytes(b"")}[kind](path)
    for words in (
        ("compare", path, place / "whole"),
        ("regression", "gaussian", "--baseline", path, "--out", tmp_path / "run", "--jobs", "1"),
    ):
        code, lines = call(*words)
        assert (code, len(lines)) == (2, 1), lines
        assert str(path) in lines[0]
        assert said in lines[0]
    assert not (tmp_path / "run").exists()
