"""`stembench compare`, `baseline` and `regression`: sides, exit codes, files, refusals."""

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from bench.cli.app import app
from bench.cli.regression import golden_baseline, regression_profile
from bench.plan.profiles import Profile, Selection, get_profile
from cases import get_case
from cases.truth.ground_truth import load_ground_truth
from reports.gate.evidence import read_baseline
from reports.gate.margins import default_text
from stembench.errors import InputError
from tests.bench.cli.calling import call_json
from tests.made_run import make_run
from tests.records_factory import Estimator, change_records, change_run

RAW = Estimator(std_pm=30.0, scs_std_pct=20.0)
NET = Estimator(std_pm=6.0, scs_std_pct=5.0)


def call(*arguments: object, code: int = 0, columns: int = 220) -> str:
    result = CliRunner().invoke(app, [str(a) for a in arguments], env={"COLUMNS": str(columns)})
    assert result.exit_code == code, result.output
    assert "Traceback" not in result.output
    return result.output


def made(folder: Path, **estimators: Estimator) -> Path:
    """A small synthetic run; the same estimators give the same records."""
    how = {"raw": RAW, **estimators}
    return make_run(
        folder, realizations=12, thicknesses=(5,), cases=("pt_bulk",), estimators=how
    )  # fmt: skip


def rewrite(folder: Path, restorer: str, factor: float) -> None:
    """Scale the errors of a restorer in a run folder."""

    def scaled(rows: pd.DataFrame) -> pd.DataFrame:
        if rows["restorer"].iloc[0] == restorer:
            for fit, ref in (("x_fit", "x_ref"), ("y_fit", "y_ref"), ("scs", "scs_ref")):
                rows[fit] = rows[ref] + factor * (rows[fit] - rows[ref])
        return rows

    change_records(folder, scaled)


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(tmp_path_factory.mktemp("gate") / "old", net=NET, other=NET)


@pytest.fixture
def new(tmp_path: Path) -> Path:
    return made(tmp_path / "new", net=NET, other=NET)


class TestCompare:
    def test_the_same_run_passes(self, old: Path) -> None:
        output = call("compare", old, old, "--strict")
        assert "PASSED: equivalent within the margins everywhere" in output

    def test_a_regression_exits_with_1_and_writes_its_files(self, old, new, tmp_path) -> None:
        rewrite(new, "net", 1.02)
        files = {kind: tmp_path / f"gate.{kind}" for kind in ("junit", "markdown", "csv")}
        options = [part for kind, file in files.items() for part in (f"--{kind}", file)]
        output = call("compare", old, new, *options, code=1)
        assert "REGRESSED" in output
        assert "net" in output
        assert "failure" in files["junit"].read_text()
        assert "REGRESSED" in files["markdown"].read_text()
        table = pd.read_csv(files["csv"])
        worse = table[table["verdict"] == "worse"]
        assert set(worse["restorer_new"]) == {"net"}
        # Every error grew by 2 % exactly.
        assert worse.loc[worse["metric"] == "scs_rmse", "change"].to_numpy() == pytest.approx(0.02)
        call("compare", old, new, "--restorer", "other")
        call("compare", old, new, "--old-restorer", "net", "--new-restorer", "net", code=1)

    def test_json_holds_every_row_and_the_exit_code_stays(self, old, new, tmp_path) -> None:
        rewrite(new, "net", 1.02)
        written = call_json("compare", old, new, "--csv", tmp_path / "gate.csv", code=1)
        assert (written["command"], written["verdict"]) == ("compare", "worse")
        assert written["sentence"].startswith("REGRESSED")
        rows, table = pd.DataFrame(written["rows"]), pd.read_csv(tmp_path / "gate.csv")
        assert rows["verdict"].tolist() == table["verdict"].tolist()
        for key, name in (("dose_e_per_A2", "dose"), ("thickness_atoms", "thickness"),
                          ("change", "change"), ("p_holm", "p_holm")):  # fmt: skip
            assert rows[key].astype(float).to_numpy() == pytest.approx(
                table[name].astype(float).to_numpy(), nan_ok=True
            )
        counts = {row["verdict"]: row["rows"] for row in written["counts"]}
        assert counts["worse"] == (table["verdict"] == "worse").sum() > 0
        assert sum(counts.values()) == len(rows)

    def test_a_page_shows_both_sides(self, old: Path, new: Path, tmp_path: Path) -> None:
        rewrite(new, "net", 1.02)
        path = tmp_path / "gate.html"
        call("compare", old, new, "--restorer", "net", "--page", path, code=1)
        page = path.read_text()
        assert "REGRESSED" in page
        assert "new and old are the same" in page  # its records changed, and not its images
        call("compare", "raw", "net", "--run", old, "--page", path)
        assert "new and old differ by" in path.read_text()
        assert "cannot be written" in call(
            "compare", old, old, "--page", path / "page.html", code=2
        )

    def test_undecided_exits_with_3_only_if_strict(self, tmp_path: Path) -> None:
        few = make_run(
            tmp_path / "few", realizations=1, thicknesses=(5,), cases=("pt_bulk",),
            estimators={"raw": RAW, "net": NET, "other": NET},
        )  # fmt: skip
        for line in ("", "--strict"):
            options = [line] if line else []
            output = call("compare", "net", "other", "--run", few, *options, code=3 if line else 0)
            assert "UNDECIDED" in output

    def test_verdict_and_matrix_come_first_in_80_columns(self, old: Path, new: Path) -> None:
        rewrite(new, "net", 1.02)
        lines = call("compare", old, new, code=1, columns=80).splitlines()
        assert lines[0].startswith("REGRESSED")
        assert max(map(len, lines)) <= 80
        scs = next(
            number for number, line in enumerate(lines) if line.strip().startswith("RMSE of SCS")
        )
        assert "✗ +2.0" in lines[scs]
        detail = lines.index("What is worse:")
        assert scs < detail
        said = " ".join(line.strip() for line in lines[detail:])
        assert "pt_bulk, all, pooled: RMSE of SCS (%) +2.0" in said
        # what decided nothing is left for --verbose
        assert not any(line.strip().startswith("equivalent") for line in lines)
        more = call("compare", old, new, "--verbose", code=1, columns=80).splitlines()
        assert any(line.strip().startswith("equivalent") for line in more)

    def test_two_restorers_of_one_run(self, old: Path) -> None:
        assert "all, pooled" in call("compare", "raw", "net", "--run", old, "--verbose")
        assert "REGRESSED" in call("compare", "net", "raw", "--run", old, code=1)
        assert "no restorer 'none'" in call("compare", "none", "net", "--run", old, code=2)
        assert "the same" in call("compare", "net", "net", "--run", old, code=2)

    def test_engines_of_one_precision_are_one_network(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Each side has a filter that both have, and the network on another engine."""
        monkeypatch.setattr("restore.networks.bfloat16._has_instructions", lambda: True)
        made_with = {
            name: made(tmp_path / name, **{"gaussian": NET, name: NET})
            for name in ("cgrdn", "cgrdn@onnx", "cgrdn@bf16")
        }
        # Lines end where the folders' names make them end.
        output = " ".join(call("compare", made_with["cgrdn"], made_with["cgrdn@onnx"]).split())
        assert "(cgrdn, gaussian)" in output
        assert "(cgrdn@onnx, gaussian)" in output
        output = call("compare", made_with["cgrdn"], made_with["cgrdn@bf16"], code=2)
        assert "another precision, float32 against bfloat16" in output
        packed = tmp_path / "old.json"
        call("baseline", made_with["cgrdn"], "--restorer", "cgrdn", "-o", packed)
        call("compare", packed, made_with["cgrdn@onnx"])
        call("compare", packed, made_with["cgrdn@bf16"], code=2)

    def test_another_seed_is_refused(self, old: Path, new: Path) -> None:
        change_run(new, seed=7)
        output = call("compare", old, new, code=2)
        assert "REFUSED" in output
        assert "not paired: other noise, seed 0 against 7" in output

    def test_an_incomplete_run_is_refused(self, old: Path, new: Path) -> None:
        change_run(new, complete=False)
        assert "not complete" in call("compare", old, new, code=2)

    def test_bad_arguments(self, old: Path, tmp_path: Path) -> None:
        assert "needs OLD and NEW" in call("compare", code=2)
        assert "needs OLD and NEW" in call("compare", old, code=2)
        assert "--run FOLDER" in call("compare", "net", "other", code=2)
        (tmp_path / "m.toml").write_text("alhpa = 1")
        assert "alhpa" in call("compare", old, old, "--margins", tmp_path / "m.toml", code=2)
        assert "cannot be read" in call("compare", old, old, "--margins", tmp_path / "n", code=2)

    def test_margins_written_are_the_margins_read(self, old: Path, new: Path, tmp_path) -> None:
        path = tmp_path / "margins.toml"
        call("compare", "--write-margins", path)
        text = path.read_text()
        assert text == default_text()
        assert "PASSED" in call("compare", old, old, "--margins", path)
        for metric in ("position_rmse", "position_bias", "scs_rmse", "scs_bias"):
            text = text.replace(f"{metric} = 0.0", f"{metric} = 0.9")
        path.write_text(text)
        rewrite(new, "net", 1.02)
        assert "REGRESSED" in call("compare", old, new, code=1)
        assert "PASSED" in call("compare", old, new, "--margins", path)


class TestPower:
    def test_the_scatter_of_two_restorers_and_what_it_lets_the_gate_find(self, old: Path) -> None:
        output = call("power", old, "raw", "net", "--cells", "3")
        scatter = {line.split(" e/Å² ")[1].split(":")[0]: float(line.split()[-2])
                   for line in output.splitlines() if line.startswith("pt_bulk z05 ")}  # fmt: skip
        assert {"position_rmse", "scs_rmse"} <= set(scatter)
        assert all(value > 0 for value in scatter.values())
        assert "quartiles of the scatter" in output
        for cells in (1, 3):
            assert f"median scatter, {cells} cell(s), margin 1 %" in output
        assert output.count("| none: equivalent |") == 2
        written = call_json("power", old, "raw", "net", "--cells", "3")
        assert {row["metric"]: round(100 * row["scatter_fraction"], 2)
                for row in written["scatter"] if row["image"] == "z05"} == scatter  # fmt: skip
        assert [row["cells"] for row in written["chances"]] == [1] * 20 + [3] * 20
        assert written["margin_fraction"] == 0.01

    def test_bad_arguments(self, old: Path, tmp_path: Path) -> None:
        assert "no restorer 'none'" in call("power", old, "raw", "none", code=2)
        assert "the same" in call("power", old, "net", "net", code=2)
        assert "--cells" in call("power", old, "raw", "net", "--cells", "0", code=2)
        few = make_run(
            tmp_path / "few", realizations=2, thicknesses=(5,), cases=("pt_bulk",),
            estimators={"raw": RAW, "net": NET},
        )  # fmt: skip
        assert "more --realizations" in call("power", few, "raw", "net", code=2)


class TestBaseline:
    def test_it_stands_for_the_run(self, old: Path, new: Path, tmp_path: Path) -> None:
        path = tmp_path / "baseline.json"
        assert "Baseline of net" in call("baseline", old, "--restorer", "net", "-o", path)
        call("compare", path, new, "--new-restorer", "net", "--strict")
        assert "several restorers" in call("baseline", old, "-o", path, code=2)
        rewrite(new, "net", 1.05)
        call("compare", path, new, "--new-restorer", "net", code=1)

    def test_it_is_small(self, tmp_path: Path) -> None:
        folder = make_run(
            tmp_path / "run", realizations=8, thicknesses=(5,), cases=("nanoparticle",),
            estimators={"raw": RAW, "net": NET},
        )  # fmt: skip
        call("baseline", folder, "-o", tmp_path / "baseline.json")
        # Five doses of 350 columns: the largest case of profile quick.
        assert (tmp_path / "baseline.json").stat().st_size < 30e3


#: Random on images of the case's own size alone.
UNSTEADY = """
import numpy as np

def restore(images, *, sampling):
    if images.shape[1:] == (128, 128):
        return images * np.random.default_rng().normal(1, 0.01, images.shape)
    return images
"""


@pytest.fixture(scope="module")
def small_baseline(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A baseline of the Gaussian filter on a small real run."""
    folder = tmp_path_factory.mktemp("real")
    # What a regression runs of profile quick: neither axes nor frames.
    with pytest.MonkeyPatch.context() as patch:
        quick = replace(get_profile("quick"), ladders=(), frames=())
        patch.setattr("bench.plan.profiles.get_profile", lambda _: quick)
        call("run", "--case", "edge_dislocation", "--doses", "5000", "--realizations", "3",
             "--restorer", "gaussian", "--jobs", "1", "--out", folder / "run")  # fmt: skip
    call("baseline", folder / "run", "-o", folder / "baseline.json")
    return folder / "baseline.json"


class TestRegression:
    def test_a_model_is_run_on_the_same_noise_and_judged(
        self, small_baseline: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        selections = (Selection("edge_dislocation", ("core",), (5e3,), 3),)
        small = Profile("quick", "for tests", selections, ("raw", "gaussian"))
        monkeypatch.setattr("bench.cli.regression.get_profile", lambda _: small)
        # The baseline's own run is such a run: what it holds is not computed again.
        folder = small_baseline.parent / "run"
        made_at = {file: file.stat().st_mtime_ns for file in (folder / "records").iterdir()}
        common = ("--baseline", small_baseline, "--jobs", "1", "--out", folder)
        files = ("--junit", tmp_path / "g.xml", "--page", tmp_path / "g.html")
        output = call("regression", "gaussian", *common, "--strict", *files)
        # A baseline holds no images: its restorer was called again.
        page = (tmp_path / "g.html").read_text()
        assert "gaussian, restored again" in page
        assert "new and old are the same" in page
        assert "PASSED: equivalent" in output
        assert 'failures="0"' in (tmp_path / "g.xml").read_text()
        assert made_at == {file: file.stat().st_mtime_ns for file in made_at}
        written = call_json("regression", "gaussian", *common)
        assert (written["command"], written["verdict"]) == ("regression", "equivalent")
        # Another model, or another seed, is another run.
        assert "another run" in call("regression", "nlm", *common, code=2)

    def test_a_model_that_breaks_the_contract_is_checked_and_refused(
        self, small_baseline: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "unsteady.py").write_text(UNSTEADY)
        monkeypatch.syspath_prepend(tmp_path)
        monkeypatch.setenv("PYTHONPATH", str(tmp_path))
        folder = tmp_path / "run"
        arguments = ("--baseline", small_baseline, "--jobs", "1", "--out", folder)
        output = call("regression", "unsteady:restore", *arguments, code=2)
        assert "failed: deterministic" in output
        assert "breaks the restorer's contract" in output
        assert not folder.exists()

    def test_a_changed_ground_truth_is_told_before_anything_runs(
        self, small_baseline: Path
    ) -> None:
        old = read_baseline(small_baseline)
        case = get_case("edge_dislocation")
        assert old.cases[case.name]["data_hash"] == load_ground_truth(case).hash
        profile = regression_profile(old, "gaussian")
        assert profile.restorers == ("raw", "gaussian")
        assert [selection.case for selection in profile.selections] == ["edge_dislocation"]
        for key in ("version", "hash", "data_hash"):
            stale = replace(old, cases={case.name: {**old.cases[case.name], key: "old"}})
            with pytest.raises(InputError, match="renew it: stembench run --profile quick"):
                regression_profile(stale, "gaussian")

    def test_the_golden_baseline_is_there_or_the_command_that_makes_it(
        self, monkeypatch, tmp_path
    ) -> None:
        monkeypatch.setattr("bench.cli.regression.files", lambda _: tmp_path)
        with pytest.raises(InputError, match="stembench baseline out/quick"):
            golden_baseline()
        (tmp_path / "data").mkdir()
        (tmp_path / "data" / "cgrdn-quick.json").write_text("{}")
        assert golden_baseline().name == "cgrdn-quick.json"
