"""The command line: what works, and that bad input is one sentence and exit code 2."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

import stembench
from bench import environment
from bench.cli.app import app
from restore import load_restorer

ROOT = Path(__file__).parents[3]
COMMANDS = tuple(
    command.name or command.callback.__name__.replace("_", "-")
    for command in app.registered_commands
)


def call(*arguments: object, code: int = 0) -> str:
    wide = {"COLUMNS": "200"}  # a narrow terminal breaks the lines of tables
    result = CliRunner().invoke(app, [str(argument) for argument in arguments], env=wide)
    assert result.exit_code == code, result.output
    assert "Traceback" not in result.output
    return result.output


@pytest.fixture
def gaussians(tmp_path: Path) -> tuple[Path, Path, np.ndarray]:
    """Write an image of four Gaussian columns and their rounded positions."""
    truth = np.array([[9.3, 8.6], [21.8, 9.1], [8.7, 20.4], [21.2, 21.9]])
    y, x = np.mgrid[:31, :30]
    image = 0.02 + sum(
        0.3 * np.exp(-((x - cx) ** 2 + (y - cy) ** 2) / (2 * 2.1**2)) for cx, cy in truth
    )
    np.save(tmp_path / "image.npy", image)
    pd.DataFrame(truth.round(), columns=["x", "y"]).to_csv(tmp_path / "start.csv", index=False)
    return tmp_path / "image.npy", tmp_path / "start.csv", truth


class TestHelp:
    @pytest.mark.parametrize("command", COMMANDS)
    def test_each_command_shows_an_example(self, command: str) -> None:
        assert f"stembench {command}" in call(command, "--help")

    def test_every_command_is_here(self) -> None:
        assert set(COMMANDS) == {
            "list", "run", "report", "compare", "baseline", "regression", "power", "fit", "restore",
            "check", "distort", "images", "simulate", "convergence", "noise-figures",
            "noise-ranges", "verify-fit", "plan", "assess",
        }  # fmt: skip

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
        monkeypatch.setattr("bench.progress.run_with_progress", interrupted)
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


class TestFit:
    def test_known_columns_come_back(self, gaussians, tmp_path: Path) -> None:
        image, start, truth = gaussians
        out = tmp_path / "columns.csv"
        call("fit", image, "--sampling", 0.12, "--positions", start, "-o", out)
        table = pd.read_csv(out)
        assert table[["x", "y"]].to_numpy() == pytest.approx(truth, abs=1e-6)
        # 2 pi eta rho² in px², times (0.12 Å/px)²
        assert table["scs"].to_numpy() == pytest.approx(2 * np.pi * 0.3 * 2.1**2 * 0.12**2)

    def test_poisson_likelihood_by_option(self, gaussians, tmp_path: Path) -> None:
        image, start, truth = gaussians
        out = tmp_path / "columns.csv"
        common = ("fit", image, "--sampling", 0.12, "--positions", start, "-o", out)
        call(*common, "--estimator", "poisson", "--dose", 5e4)
        assert pd.read_csv(out)[["x", "y"]].to_numpy() == pytest.approx(truth, abs=1e-5)
        assert "needs the dose" in call(*common, "--estimator", "poisson", code=2)
        assert "entropy" in call(*common, "--estimator", "entropy", code=2)

    def test_lmfit_by_option(self, gaussians, tmp_path: Path) -> None:
        image, start, truth = gaussians
        out = tmp_path / "columns.csv"
        common = ("fit", image, "--sampling", 0.12, "--positions", start, "-o", out)
        assert "lmfit takes about" in call(*common, "--engine", "lmfit")
        table = pd.read_csv(out)
        call(*common)
        joint = pd.read_csv(out)
        assert table[["x", "y"]].to_numpy() == pytest.approx(truth, abs=1e-6)
        # Another engine: the same minimum, not the same bits.
        assert table["scs"].to_numpy() == pytest.approx(joint["scs"].to_numpy(), rel=1e-6)
        assert not (table["scs"] == joint["scs"]).all()
        assert "joint, lmfit" in call(*common, "--engine", "gpu", code=2)

    def test_columns_are_found_where_none_are_given(self, gaussians, tmp_path: Path) -> None:
        image, _, truth = gaussians
        out = tmp_path / "columns.csv"
        assert "4 columns found" in call("fit", image, "--sampling", 0.12, "-o", out)
        assert pd.read_csv(out)[["x", "y"]].to_numpy() == pytest.approx(truth, abs=1e-6)

    def test_nothing_to_find(self, tmp_path: Path) -> None:
        np.save(tmp_path / "flat.npy", np.ones((30, 30)))
        assert "no column" in call("fit", tmp_path / "flat.npy", "--sampling", 0.1, code=2)

    def test_positions_outside_the_image(self, gaussians) -> None:
        image, start, _ = gaussians
        common = ("fit", image, "--sampling", 0.1, "--positions", start, "-o", image.with_name("o"))
        start.write_text("x,y\n5,5\n5,31\n50,310\n")
        out = call(*common, code=2)
        assert "outside the image" in out
        assert "row 2" in out
        # One of several near the frame may be a column that shines into it.
        start.write_text("x,y\n9,9\n22,9\n9,20\n9,-4\n")
        assert "1 of 4 positions lie outside" in call(*common)
        table = pd.read_csv(image.with_name("o"))
        assert (table["flags"] & 4).tolist() == [0, 0, 0, 4]

    @pytest.mark.parametrize("sampling", ["-0.1", "nan", "0"])
    def test_impossible_sampling(self, gaussians, sampling: str) -> None:
        image, start, _ = gaussians
        assert "--sampling" in call(
            "fit", image, f"--sampling={sampling}", "--positions", start, code=2
        )

    def test_no_sampling_known(self, gaussians) -> None:
        image, start, _ = gaussians
        assert "--sampling" in call("fit", image, "--positions", start, code=2)

    def test_unknown_width_or_background(self, gaussians, tmp_path: Path) -> None:
        image, start, _ = gaussians
        common = ("fit", image, "--sampling", 0.1, "--positions", start, "-o", tmp_path / "o.csv")
        assert "wide" in call(*common, "--width", "wide", code=2)
        assert "hills" in call(*common, "--background", "hills", code=2)
        assert not (tmp_path / "o.csv").exists()

    def test_nan_and_missing_images(self, gaussians, tmp_path: Path) -> None:
        _, start, _ = gaussians
        np.save(tmp_path / "nan.npy", np.full((30, 30), np.nan))
        common = ("--sampling", 0.1, "--positions", start)
        assert "no finite pixel" in call("fit", tmp_path / "nan.npy", *common, code=2)
        assert "there is no file" in call("fit", tmp_path / "gone.npy", *common, code=2)


class TestScanFit:
    @pytest.fixture
    def displaced(self, tmp_path: Path) -> tuple[Path, np.ndarray, np.ndarray]:
        """Sixteen columns of 2 px on lines that are displaced along x, their places and the lines.

        Wide beside the displacements, so that a fit without lines finds them too.
        """
        truth = np.array([[x, y] for y in (6, 17, 28, 39) for x in (5, 16, 27, 38)]) + 0.3
        moved = np.random.default_rng(3).normal(0, 0.5, 46)
        moved -= moved.mean()
        y, x = np.mgrid[:46, :45]
        x = x + moved[:, None]
        image = sum(np.exp(-((x - cx) ** 2 + (y - cy) ** 2) / (2 * 2.1**2)) for cx, cy in truth)
        image = np.random.default_rng(4).poisson(500 * image) / 500
        np.savez(tmp_path / "image.npz", image=image, sampling=0.2)
        return tmp_path / "image.npz", truth, moved

    def test_columns_and_lines_and_their_picture(self, displaced, tmp_path: Path) -> None:
        """The lines are found; with vertical lines, in the turned image, the same."""
        image, truth, moved = displaced
        out, picture = tmp_path / "columns.csv", tmp_path / "lines.png"
        with np.load(image) as file:
            np.savez(tmp_path / "turned.npz", image=file["image"].T, sampling=0.2)
        common = ("--dose", 500 / 0.2**2, "--background", "none", "--scan", "0.1,0", "-o", out)
        output = call("fit", image, *common, "--lattice-prior", "10pm", "--scan-figure", picture)
        table, lines = pd.read_csv(out), pd.read_csv(tmp_path / "columns_lines.csv")
        assert picture.read_bytes().startswith(b"\x89PNG")
        assert "16 columns found" in output
        assert "along the lines: sigma 10.0 pm, phi 0.00" in output
        assert "misfit: " in output
        assert "lattice prior: 10 pm" in output
        assert list(lines["line"]) == list(range(46))
        middle = slice(4, 42)
        assert np.corrcoef(lines["dx"][middle], moved[middle])[0, 1] > 0.9
        assert abs(np.corrcoef(lines["dy"][middle], moved[middle])[0, 1]) < 0.6
        assert lines["dx_A"].to_numpy() == pytest.approx(0.2 * lines["dx"].to_numpy())
        found = table[["x", "y"]].to_numpy()
        apart = np.abs(found[:, None] - truth).max(axis=2)
        assert sorted(apart.argmin(axis=1)) == list(range(16))
        assert apart.min(axis=1).max() < 0.5
        call("fit", tmp_path / "turned.npz", *common, "--fast-axis", "vertical",
             "--lattice-prior", "10pm")  # fmt: skip
        turned = pd.read_csv(out)
        turned = turned.iloc[np.lexsort(turned[["x_init", "y_init"]].round().to_numpy().T)]
        assert list(turned.columns) == list(table.columns)
        upright = table.iloc[np.lexsort(table[["y_init", "x_init"]].round().to_numpy().T)]
        for one, other in (("x", "y"), ("x_err", "y_err"), ("x_A", "y_A"), ("scs", "scs")):
            assert turned[other].to_numpy() == pytest.approx(upright[one].to_numpy(), abs=1e-6)
        vertical = pd.read_csv(tmp_path / "columns_lines.csv")
        assert vertical["dy"].to_numpy() == pytest.approx(lines["dx"].to_numpy(), abs=1e-6)

    @pytest.mark.parametrize(
        ("options", "sentence"),
        [
            ("--scan loose", "--scan takes auto, off, or"),
            ("--scan 0.1,0.2,0.3", "--scan takes auto, off, or"),
            ("--scan -0.1,0.5", ">= 0"),
            ("--scan 0.1,1", "< 1"),
            ("--scan 0.1,nan", "< 1"),
            ("--lattice-prior weak", "add --scan auto"),
            ("--fast-axis vertical", "add --scan auto"),
            ("--scan-figure lines.png", "add --scan auto"),
            ("--scan auto --lattice-prior narrow", "10pm"),
            ("--scan auto --lattice-prior=-5pm", "> 0"),
            ("--scan auto --lattice-prior 10", "with its unit"),
            ("--scan auto --lattice-prior 1e-9pm", ">= 0.0001"),
            ("--scan 1e-300,0.5", "0 or at least 0.0001"),
            ("--scan auto --fast-axis diagonal", "horizontal or vertical"),
            ("--scan auto --scan-figure lines.gif", "cannot be drawn"),
            ("--scan auto --engine lmfit", "no scan lines"),
            ("--scan auto --background plane", "no background or a constant"),
        ],
    )
    def test_bad_input_is_one_sentence(
        self, gaussians, tmp_path: Path, options: str, sentence: str
    ) -> None:
        image, start, _ = gaussians
        out = tmp_path / "o.csv"
        output = call(
            "fit", image, "--sampling", 0.1, "--positions", start, "-o", out, *options.split(),
            code=2,
        )  # fmt: skip
        assert sentence in output
        assert output.count("\n") == 1
        assert not out.exists()

    def test_too_few_lines_and_no_columns(self, tmp_path: Path) -> None:
        np.save(tmp_path / "low.npy", np.random.default_rng(0).random((7, 40)))
        np.save(tmp_path / "flat.npy", np.ones((30, 30)))
        common = ("--sampling", 0.1, "--scan", "auto", "-o", tmp_path / "o.csv")
        assert "at least 8 lines" in call("fit", tmp_path / "low.npy", *common, code=2)
        assert "at least 8 lines" not in call(
            "fit", tmp_path / "low.npy", *common, "--fast-axis", "vertical", code=2
        )
        assert "no column" in call("fit", tmp_path / "flat.npy", *common, code=2)


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
