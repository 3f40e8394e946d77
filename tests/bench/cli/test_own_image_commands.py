"""The commands of a user's own image: fit, and fit with the scan's lines."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.bench.cli.calling import call

ROOT = Path(__file__).parents[3]


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
