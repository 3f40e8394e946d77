"""Rates that are measured, kept for this machine and program, and measured again if damaged."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bench.cli.app import app
from bench.run.estimate import kept_rates
from bench.run.estimate.kept_rates import Keeper
from bench.run.estimate.rates import CaseRate
from bench.run.user_code import UserCode
from stembench.surroundings import kept_values

RATE = CaseRate(clean=1.5, bound=0.0, library=0.25)


@pytest.fixture(autouse=True)
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of rates of each test's own; compiled code stays where it is."""
    (tmp_path / "cache").mkdir(mode=0o700)
    monkeypatch.setattr(kept_values, "cache_root", lambda: tmp_path / "cache")
    return tmp_path / "cache" / "rates"


def keeper(notes: list[str] | None = None, *, again: bool = False) -> Keeper:
    return Keeper(UserCode([]), again=again, note=(notes if notes is not None else []).append)


def test_what_is_kept_comes_back_for_its_own_key_alone() -> None:
    keeper().write(RATE, "a", "b")
    assert keeper().read(CaseRate, "a", "b") == RATE
    assert keeper().read(CaseRate, "a", "c") is None
    assert keeper(again=True).read(CaseRate, "a", "b") is None


@pytest.mark.parametrize("what", ["program_hash", "versions", "hardware"])
def test_another_program_or_machine_has_other_rates(
    what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper().write(RATE, "a")
    before = getattr(kept_rates, what)
    changed = {
        "program_hash": lambda: "another",
        "versions": lambda names: {**before(names), "numpy": "0.0"},
        "hardware": lambda: {**before(), "processor": "another"},
    }
    monkeypatch.setattr(kept_rates, what, changed[what])
    assert keeper().read(CaseRate, "a") is None


@pytest.mark.parametrize("content", [b"", b"{}", b'{"clean": 1.0}', b"[1]", b"\xff"])
def test_a_damaged_rate_is_named_and_none(content: bytes, room: Path) -> None:
    keeper().write(RATE, "a")
    (path,) = room.glob("*.json")
    path.write_bytes(content)
    notes: list[str] = []
    assert keeper(notes).read(CaseRate, "a") is None
    (note,) = notes
    assert path.name in note


def test_a_changed_number_is_noticed(room: Path) -> None:
    keeper().write(RATE, "a")
    (path,) = room.glob("*.json")
    told = json.loads(path.read_text())
    path.write_text(json.dumps({**told, "clean": 1000.0}))
    notes: list[str] = []
    assert keeper(notes).read(CaseRate, "a") is None
    assert "altered" in notes[0]


def test_rates_are_not_kept_where_nothing_can_be_written(room: Path) -> None:
    notes: list[str] = []
    made = keeper(notes)
    room.rmdir()
    room.write_text("a file")
    made.write(RATE, "a")
    made.write(replace(RATE, clean=2.0), "b")
    assert len(notes) == 1


def test_a_plan_measures_once_and_runs_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    words = ["plan", "--case", "pt_bulk", "--doses", "500", "--restorer", "gaussian"]
    first = CliRunner().invoke(app, [*words, "--realizations", "2"])
    assert first.exit_code == 0, first.output
    assert "3 rates measured now, 0 of earlier calls" in first.output
    # More images of the same kind take no further measurement.
    second = CliRunner().invoke(app, [*words, "--realizations", "500", "--jobs", "2"])
    assert "0 rates measured now, 3 of earlier calls" in second.output
    assert "on 2 workers" in second.output
    assert list(tmp_path.iterdir()) == [tmp_path / "cache"]


def test_impossible_plans_end_in_one_sentence(tmp_path: Path) -> None:
    for more, said in (
        (["--realizations", "0"], "realizations must be at least 1, not 0"),
        (["--realizations", "1000000000"], "TB on disk"),
        (["--jobs", "0"], "jobs must be between"),
        (["--out", str(tmp_path / "cache" / "\0")], "null byte"),
        (["--case", "nothing"], "no case is named"),
    ):
        result = CliRunner().invoke(app, ["plan", "--restorer", "raw", *more])
        assert result.exit_code == 2, (more, result.output)
        assert said in result.output, more
