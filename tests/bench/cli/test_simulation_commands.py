"""`stembench simulate` and `convergence` at toy size: files, progress, and bad input."""

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from bench.cli.app import app
from cases import Case
from cases.simulation.convergence import Variation
from cases.truth.truth_file import read_scan
from tests.toy_cases import tiny_particle

#: On a column and between columns of the toy particle.
POINTS = np.array([[4, 0], [2, 2]])


def call(*arguments: object, code: int = 0) -> str:
    result = CliRunner().invoke(app, [str(a) for a in arguments], env={"COLUMNS": "200"})
    assert result.exit_code == code, result.output
    assert "Traceback" not in result.output
    return result.output


@pytest.fixture
def toy(monkeypatch: pytest.MonkeyPatch) -> Case:
    """Let the command line find the toy particle in place of any case."""
    case = tiny_particle()
    monkeypatch.setattr("cases.get_case", lambda _: case)
    return case


class TestSimulate:
    def test_a_file_is_written_and_progress_is_shown(self, toy: Case, tmp_path: Path) -> None:
        out = tmp_path / "toy.h5"
        common = ("simulate", "toy", "--folder", tmp_path / "cache", "--output", out)
        output = call(*common, "--configurations", "4", "--coarse", "0")
        assert f"Simulating {toy.name}" in output
        assert "100%" in output
        assert str(out) in output
        scan, provenance, _ = read_scan(out)
        assert provenance["configurations"] == 4
        quiet = ("--configurations", "4", "--coarse", "0", "--quiet")
        told = CliRunner().invoke(app, [str(a) for a in (*common, *quiet, "--json")])
        assert "Simulating" not in told.output
        assert json.loads(told.stdout)["files"] == [{"case": toy.name, "file": str(out)}]
        assert read_scan(out)[0].hash == scan.hash

    def test_mistakes_are_named(self, tmp_path: Path) -> None:
        folder = ("--folder", tmp_path / "cache")
        output = call("simulate", "nanoparticle", "--configurations", "3", *folder, code=2)
        assert "multiple of 16" in output
        assert "no case is named 'gold'" in call("simulate", "gold", *folder, code=2)
        output = call("simulate", "--output", tmp_path / "x.h5", *folder, code=2)
        assert "name one case" in output
        assert not list(tmp_path.iterdir())


class TestConvergence:
    def test_what_is_printed_is_recorded(
        self, toy: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = tmp_path / "toy.h5"
        call("simulate", "toy", "--folder", tmp_path / "cache", "--output", path,
             "--configurations", "4", "--coarse", "0")  # fmt: skip
        same = Variation("none", "same", toy)
        monkeypatch.setattr("cases.simulation.convergence.variations", lambda _: (same,))
        monkeypatch.setattr("cases.simulation.convergence.places", lambda _: POINTS)
        monkeypatch.setattr("cases.simulation.convergence.default_path", lambda _: path)
        assert "none (same): rms 0.00%" in call("convergence", "toy")
        assert "convergence" not in read_scan(path)[1]
        written = json.loads(call("convergence", "toy", "--record", "--json"))
        (recorded,) = read_scan(path)[1]["convergence"]
        assert recorded["variation"] == "none"
        assert recorded["rms"] == 0
        assert written["deviations"] == [recorded]

    def test_mistakes_are_named(self) -> None:
        output = call("convergence", "pt_bulk", "--record", "--variation", "grid", code=2)
        assert "leave out --variation" in output
        assert "no case is named 'gold'" in call("convergence", "gold", code=2)
        output = call("convergence", "defect_ladder", code=2)
        assert "measure the convergence of that one" in output
        output = call("convergence", "pt_bulk", "--variation", "aperture", code=2)
        assert "variations are grid, supercell, slices" in output
        output = call("convergence", "pt_bulk", "--configurations", "0", code=2)
        assert "at least 1 configuration" in output
