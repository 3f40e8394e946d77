"""The command line: what works, and that bad input is one sentence and exit code 2."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

import stembench
from bench.cli.app import app
from bench.executor import environment
from restore import load_restorer
from tests.bench.cli.calling import call

ROOT = Path(__file__).parents[3]
COMMANDS = tuple(
    command.name or command.callback.__name__.replace("_", "-")
    for command in app.registered_commands
)


class TestHelp:
    @pytest.mark.parametrize("command", COMMANDS)
    def test_each_command_shows_an_example(self, command: str) -> None:
        assert f"stembench {command}" in call(command, "--help")

    def test_every_command_is_here(self) -> None:
        assert set(COMMANDS) == {
            "list", "run", "report", "compare", "baseline", "regression", "power", "fit", "restore",
            "check", "distort", "images", "simulate", "convergence", "noise-figures",
            "noise-ranges", "verify-fit", "plan", "assess", "pack", "figures", "pairs",
            "networks", "doctor",
        }  # fmt: skip

    def test_commands_are_grouped_by_use(self) -> None:
        # A command without a group would stand in typer's own, "Commands".
        assert "─ Commands ─" not in call("--help")
        panels = {command.rich_help_panel for command in app.registered_commands}
        assert panels == {
            "Look", "Judge a restorer", "Own images", "Ground truth and noise",
            "Figures of the paper", "Train", "Records of a run",
        }  # fmt: skip
        assert {f"─ {panel} ─" in call("--help") for panel in panels} == {True}

    def test_the_shell_completes_names_of_commands(self) -> None:
        done = subprocess.run(
            [sys.executable, "-c", "from bench.cli.app import app; app(prog_name='stembench')"],
            cwd=ROOT, capture_output=True, text=True, check=False,
            env={
                "PATH": "", "_STEMBENCH_COMPLETE": "complete_bash",
                "COMP_WORDS": "stembench noise", "COMP_CWORD": "1",
            },
        )  # fmt: skip
        assert done.stdout.split() == ["noise-figures", "noise-ranges"], done.stderr

    def test_help_loads_no_heavy_library(self) -> None:
        arguments = [["--help"], ["--version"], *([command, "--help"] for command in COMMANDS)]
        assert loaded_by(arguments) == "[]"

    def test_the_list_loads_no_heavy_library(self) -> None:
        assert loaded_by([["list"]]) == "[]"


def loaded_by(calls: list[list[str]]) -> str:
    """Heavy libraries that commands load in a process of their own."""
    code = (
        "import sys\n"
        "from typer.testing import CliRunner\n"
        "from bench.cli.app import app\n"
        f"for arguments in {calls}:\n"
        "    assert CliRunner().invoke(app, arguments).exit_code == 0, arguments\n"
        "heavy = {'tensorflow', 'keras', 'abtem', 'matplotlib', 'pandas', 'scipy', 'numba'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


class TestVersion:
    def test_the_version_is_printed(self) -> None:
        assert call("--version") == f"stembench {stembench.__version__}\n"

    def test_the_project_can_be_asked_for_it_anywhere(self, tmp_path: Path) -> None:
        code = (
            "import sys, stembench\n"
            "print(stembench.__version__)\n"
            "rooms = ('bench', 'cases', 'fitting', 'noise', 'reports', 'restore')\n"
            "assert not [name for name in sys.modules if name.partition('.')[0] in rooms]\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
        )
        assert done.stdout.strip() == stembench.__version__
        assert environment.versions()["stembench"] == stembench.__version__


class TestErrors:
    def test_verbose_adds_the_traceback_and_keeps_the_exit_code(self, tmp_path: Path) -> None:
        result = CliRunner().invoke(app, ["report", str(tmp_path / "none"), "--verbose"])
        assert result.exit_code == 2
        assert "Traceback" in result.output
        assert "stembench: " in result.output.splitlines()[-1]

    @pytest.mark.parametrize(
        ("command", "kept"),
        [("report", ""), ("run", "; what is finished is kept, and the same command continues")],
    )
    def test_an_interrupt_is_one_line(
        self, command: str, kept: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def interrupted(*_: object, **__: object) -> None:
            raise KeyboardInterrupt

        monkeypatch.setattr("reports.write_report", interrupted)
        monkeypatch.setattr("bench.output.progress.run_with_progress", interrupted)
        output = call(command, code=130)
        assert output.startswith(f"stembench: interrupted{kept}")
        assert output.count("\n") == 1


class TestList:
    def test_everything_there_is(self) -> None:
        output = call("list")
        for word in ("pt_bulk", "edge_dislocation", "nanoparticle", "quick", "paper", "cgrdn"):
            assert word in output

    def test_restorers_are_listed_with_their_label_and_family(self) -> None:
        rows = {line.split("│")[1].strip(): [cell.strip() for cell in line.split("│")[2:4]]
                for line in call("list").splitlines() if line.count("│") == 5}  # fmt: skip
        for name in ("raw", "gaussian", "cgrdn"):
            metadata = load_restorer(name).metadata
            assert rows[name] == [metadata.label, metadata.family]


class TestRestore:
    def test_a_gaussian_filter(self, gaussians, tmp_path: Path) -> None:
        image, _, _ = gaussians
        out = tmp_path / "out.npz"
        call("restore", image, "-r", "gaussian", "--sampling", 0.2, "-o", out)
        with np.load(out) as file:
            assert file["image"].shape == (31, 30)
            assert file["sampling"] == 0.2
            assert str(file["restored_by"]).startswith("gaussian, ")

    def test_its_mark_is_heard(self, gaussians, tmp_path: Path) -> None:
        image, positions, _ = gaussians
        common = ("--sampling", 0.2)
        for out in (tmp_path / "out.tif", tmp_path / "out.npz"):
            call("restore", image, "-r", "gaussian", *common, "-o", out)
            fitted = ("fit", out, "--positions", positions, "-o", tmp_path / "o.csv")
            assert "the file says that it was restored (gaussian, " in call(*fitted)
            told = call("assess", out, "-o", tmp_path / "a.html", code=2)
            assert "give the image as recorded" in told
        fitted = ("fit", image, "--positions", positions, *common, "-o", tmp_path / "o.csv")
        assert "was restored (" not in call(*fitted)

    def test_unknown_restorer(self, gaussians, tmp_path: Path) -> None:
        image, _, _ = gaussians
        out = call(
            "restore", image, "-r", "magic", "--sampling", 0.2, "-o", tmp_path / "o.npy", code=2
        )
        assert "magic" in out
        assert "cgrdn" in out


class TestDistort:
    def test_counts_of_the_stated_dose(self, tmp_path: Path) -> None:
        np.save(tmp_path / "clean.npy", np.full((64, 64), 0.2))
        common = ("distort", tmp_path / "clean.npy", "--preset", "poisson", "--dose", 5000)
        call(*common, "--sampling", 0.2, "--seed", 3, "-o", tmp_path / "a.npy")
        call(*common, "--sampling", 0.2, "--seed", 3, "-o", tmp_path / "b.npy")
        call(*common, "--sampling", 0.2, "--seed", 4, "-o", tmp_path / "c.npy")
        a, b, c = (np.load(tmp_path / f"{name}.npy") for name in "abc")
        assert np.array_equal(a, b)
        assert not np.array_equal(a, c)
        # 0.2 x 5000 e/Å² x 0.04 Å²/px = 40 electrons; k = 5, n = 4096
        assert abs(a.mean() - 40) < 5 * np.sqrt(40 / 4096)

    @pytest.mark.parametrize(
        ("change", "word"),
        [
            (("--preset", "storm"), "storm"),
            (("--dose=-5",), "dose"),
            (("--dose", "nan"), "dose"),
            (("--seed=-1",), "seed"),
        ],
    )
    def test_bad_choices(self, tmp_path: Path, change: tuple[str, ...], word: str) -> None:
        np.save(tmp_path / "clean.npy", np.full((8, 8), 0.2))
        out = tmp_path / "o.npy"
        common = ("distort", tmp_path / "clean.npy", "--dose", 5000, "--sampling", 0.2, "-o", out)
        assert word in call(*common, *change, code=2)
        assert not out.exists()


class TestRun:
    @pytest.mark.parametrize(
        ("arguments", "word"),
        [
            (("--case", "gold"), "gold"),
            (("--profile", "slow"), "slow"),
            (("--restorer", "magic"), "magic"),
            (("--restorer", "no/such.keras"), "no/such.keras"),
            (("--doses=-5",), "dose"),
            (("--doses", "5e2;1e3"), "--doses"),
            (("--doses", "500", "--doses", "500"), "named twice"),
            (("--doses", ""), "--doses"),
            (("--realizations", "0"), "realizations"),
            (("--seed=-1",), "seed"),
            (("--jobs", "0"), "jobs"),
        ],
    )
    def test_bad_choices(self, tmp_path: Path, arguments: tuple[str, ...], word: str) -> None:
        assert word in call("run", *arguments, "--out", tmp_path / "run", code=2)
        assert not (tmp_path / "run").exists()

    def test_run_report_and_compare(self, tmp_path: Path) -> None:
        common = (
            "--case", "edge_dislocation", "--doses", "5000", "--realizations", "2",
            "--restorer", "gaussian", "--jobs", "1",
        )  # fmt: skip
        old, new = tmp_path / "old", tmp_path / "new"
        call("run", *common, "--out", old)
        call("run", *common, "--seed", "7", "--out", new)
        assert "Report" in call("report", old)
        assert (old / "report" / "report.html").exists()
        output = call("compare", old, new, "--csv", tmp_path / "both.csv", code=2)
        assert "REFUSED" in output
        table = pd.read_csv(tmp_path / "both.csv")
        assert set(table["verdict"]) == {"not comparable"}
        assert table["why"].str.contains("seed").all()
        same = call("compare", old, old)
        assert "PASSED: equivalent" in same
        assert "another run" in call("run", *common, "--seed", "8", "--out", old, code=2)

    def test_folders_that_are_no_runs(self, tmp_path: Path) -> None:
        assert "run" in call("report", tmp_path / "none", code=2)
        assert "run" in call("compare", tmp_path, tmp_path, code=2)
