"""The ablation in a report: its table, figure and sentences, and noise chains in words."""

import shutil
from dataclasses import fields, is_dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bench.plan.ladders import ablation as ablation_of
from noise.presets import FULL_SCAN, FULL_TEM, SCAN_WITH_LINES, ablation_ladder
from noise.scan import ScanNoise
from reports import write_report
from reports.records.ladder import ABLATION
from reports.records.ladder_records import RUNG, LadderRecords, load_ladders, with_rung
from reports.records.run_files import write_table
from reports.records.run_folder import Examples, load_run
from reports.records.run_info import read_run_info
from reports.summaries.ladder_summary import summarise_ladder
from reports.words.captions import noise_text
from reports.words.examples import example_table
from reports.words.studies.ablation import ablation_sentences, ablation_table
from stembench.errors import InputError
from tests.made_run import make_run
from tests.records_factory import Estimator, Layout, change_records, change_run, make_records

LADDER = ablation_ladder(SCAN_WITH_LINES)
#: Per axis in pm, raw and restored: jitter doubles the first and triples the second.
STD = {
    "Poisson only": (10.0, 2.0), "+ detector": (10.0, 2.0), "+ jitter": (20.0, 6.0),
    "+ fast scan": (20.0, 6.0), "+ row lines": (20.0, 6.0),
}  # fmt: skip


def add_ablation(folder: Path, *, rungs: tuple[str, ...] = tuple(LADDER)) -> Path:
    """Give a synthetic run an ablation of its particle."""
    particle = load_run(folder).records.query("case == 'nanoparticle'")
    one = particle[["x_true", "y_true", "count_true", "column"]].drop_duplicates("column")
    layout = Layout(
        case="nanoparticle", image="particle", thickness=11,
        positions=one[["x_true", "y_true"]].to_numpy(), counts=one["count_true"].to_numpy(),
        bound_pm=None, scs_bound_pct=None,
    )  # fmt: skip
    ablation = ablation_of("nanoparticle", "particle", dose=5000.0, realizations=4)
    names = {rung: rung.replace("+ ", "").replace(" ", "-") for rung in rungs}
    listed = {**read_run_info(folder).blocks, "ablation": tuple(names.values())}
    change_run(folder, ladders=(ablation,), blocks=listed)
    origin = read_run_info(folder).origin
    for rung in rungs:
        raw, restored = STD[rung]
        how = {
            "raw": Estimator(std_pm=raw, scs_std_pct=4.0),
            "cgrdn": Estimator(std_pm=restored, scs_std_pct=2.0),
        }
        # Common random numbers, as rungs share draws: errors differ by the factor alone.
        rows = make_records(layout, how, doses=(5000.0,), realizations=4, seed=7)
        path = folder / "ablation" / f"{names[rung]}.parquet"
        write_table(path, with_rung(rows, rung), origin=origin, block=names[rung])
    return folder


def load_ablation(folder: Path) -> LadderRecords:
    (records,) = load_ladders(load_run(folder), ABLATION)
    return records


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a run without an ablation."""
    made = tmp_path_factory.mktemp("runs") / "run"
    return make_run(made, realizations=2, cases=("nanoparticle",))


@pytest.fixture(scope="module")
def folder(plain: Path) -> Path:
    return add_ablation(Path(shutil.copytree(plain, plain.parent / "ablated")))


class TestSummary:
    def test_ratios_are_paired(self, folder: Path) -> None:
        records = load_ablation(folder)
        ablation = summarise_ladder(records)
        assert ablation.labels == tuple(LADDER)
        mae = ablation.against_rung_before.query("metric == 'position_mae_unshifted_pm'")
        step = mae[mae[RUNG] == "+ jitter"].set_index("restorer")
        assert step.loc["raw", "value"] == pytest.approx(2)
        assert step.loc["cgrdn", "value"] == pytest.approx(3)
        # Errors of the two rungs are proportional, so that pairing leaves no doubt.
        assert step["high"].to_numpy() == pytest.approx(step["low"].to_numpy())
        assert (step["noise_before"] == "+ detector").all()
        assert set(mae[RUNG]) == set(LADDER) - {"Poisson only"}

    def test_the_table_has_a_row_per_rung_and_restorer(self, folder: Path) -> None:
        run = load_run(folder)
        records = load_ablation(folder)
        table = ablation_table(run, summarise_ladder(records))
        assert [row[:2] for row in table.rows] == [
            (rung, restorer) for rung in LADDER for restorer in ("raw", "CGRDN")
        ]
        assert all(len(row) == len(table.header) for row in table.rows)
        assert table.rows[0][3:5] == ("", "")
        assert table.rows[5][4].startswith("3")
        assert table.rows[5][-1] == "4 × 333"

    def test_sentences_tell_denoising_from_the_costliest_stage(self, folder: Path) -> None:
        run = load_run(folder)
        records = load_ablation(folder)
        alone, whole, worst = ablation_sentences(run, summarise_ladder(records))
        assert "counting noise alone" in alone.text
        assert "0.2" in alone.text
        assert "row lines" in whole.text
        assert "jitter costs CGRDN most" in worst.text
        assert worst.kind == "finding"

    def test_no_restorer_no_sentence(self, folder: Path) -> None:
        run = load_run(folder)
        records = load_ablation(folder)
        raw = replace(records, records=records.records.query("restorer == 'raw'"))
        assert ablation_sentences(run, summarise_ladder(raw)) == []


class TestReading:
    def test_the_largest_of_near_costs_is_not_called_the_costliest(self, folder: Path) -> None:
        run = load_run(folder)
        ablation = summarise_ladder(load_ablation(folder))
        steps = ablation.against_rung_before.copy()
        # Another stage costs nearly as much: the intervals overlap.
        own = (steps["restorer"] == "cgrdn") & (steps["metric"] == "position_mae_unshifted_pm")
        jitter = steps[own & steps[RUNG].str.contains("jitter")].iloc[0]
        other = steps.index[own & ~steps[RUNG].str.contains("jitter")][0]
        steps.loc[other, ["value", "low", "high"]] = [
            factor * jitter["value"] for factor in (0.99, 0.9, 1.05)
        ]
        close = replace(ablation, against_rung_before=steps)
        *_, said = ablation_sentences(run, close)
        assert said.kind == "undecided"
        assert "Which stage costs CGRDN most is undecided with n = 4" in said.text
        assert "jitter is found to" in said.text
        *_, said = ablation_sentences(run, ablation)
        assert said.kind == "finding"

    def test_no_ablation(self, plain: Path) -> None:
        assert load_ladders(load_run(plain), ABLATION) == []

    def test_rungs_that_are_not_there_yet(self, plain: Path, tmp_path: Path) -> None:
        made = Path(shutil.copytree(plain, tmp_path / "run"))
        add_ablation(made, rungs=("Poisson only", "+ jitter"))
        records = load_ablation(made)
        assert tuple(rung.label for rung in records.rungs) == ("Poisson only", "+ jitter")
        assert len(summarise_ladder(records).summary)

    @pytest.mark.parametrize("change", ["unknown rung", "no rung", "twice"])
    def test_other_records_are_refused(self, plain: Path, tmp_path: Path, change: str) -> None:
        made = Path(shutil.copytree(plain, tmp_path / "run"))
        add_ablation(made, rungs=("Poisson only",))
        changes = {
            "unknown rung": lambda rows: rows.assign(**{RUNG: "+ gold"}),
            "no rung": lambda rows: rows.drop(columns=RUNG),
            "twice": lambda rows: pd.concat([rows, rows]),
        }
        change_records(made, changes[change], kind="ablation")
        with pytest.raises(InputError, match="ablation"):
            load_ablation(made)


def test_the_report_shows_the_ablation(folder: Path) -> None:
    page = write_report(folder).read_text(encoding="utf-8")
    assert "Noise stage by stage" in page
    assert "figure_ablation_nanoparticle.pdf" in page
    assert "+ row lines" in page
    written = {path.name for path in (folder / "report").iterdir()}
    assert {
        "ablation.csv",
        "ablation_comparisons.csv",
        "figure_ablation_nanoparticle.png",
    } <= written
    assert "n = 1: the one realization" in page
    table = pd.read_csv(folder / "report" / "ablation.csv")
    assert set(table["noise"]) == set(LADDER)


class TestNoiseInWords:
    @pytest.mark.parametrize("chain", [FULL_SCAN, FULL_TEM], ids=["scan", "camera"])
    def test_no_parameter_is_printed_by_its_program_name(self, chain) -> None:
        text = noise_text(chain.as_dict())
        for stage in fields(chain):
            settings = getattr(chain, stage.name)
            if settings is None or not is_dataclass(settings):
                continue
            assert stage.name.replace("_", " ") in text
            for parameter in fields(settings):
                if "_" in parameter.name:
                    assert parameter.name.replace("_", " ") + " " not in text.replace(
                        "secondary gain δ", ""
                    )

    def test_units(self) -> None:
        text = noise_text(FULL_SCAN.as_dict())
        for phrase in (
            "σx 0.15 Å", "φx 0.6", "γ 8 px", "θ 1.571 rad", "1 px is one dwell time",
            "pieces per line 0.01562", "shortest 16 px", "longest 128 px", "lowest factor 0.5",
            "density 0.0002 per px", "highest response 0.25", "at 2 × the clean maximum",
            "4096 levels", "m_c 100 photons per electron", "secondary gain δ 4",
        ):  # fmt: skip
            assert phrase in text
        camera = noise_text(FULL_TEM.as_dict())
        for phrase in ("width b 0.35 of Nyquist", "mean 0.5 e/px", "σ 1 e/px", "hot pixels 0.0001"):
            assert phrase in camera
        assert noise_text(ScanNoise().as_dict()) == "Poisson counting alone"

    def test_what_is_not_known_is_printed_as_declared(self) -> None:
        assert noise_text({"drift": {"per_line": 0.25}}) == (
            "Poisson counting + drift (per line 0.25)"
        )


class TestExamples:
    def test_psnr_and_ssim_of_the_kept_images(self, folder: Path) -> None:
        run = load_run(folder)
        table = example_table(run)
        assert table is not None
        # The factory keeps the lowest and the highest dose of three restorers.
        assert len(table.rows) == 2 * 3
        clean = run.examples.clean("nanoparticle", "particle")
        raw = run.examples.image("nanoparticle", "particle", dose=500, restorer="raw")
        assert clean is not None
        assert raw is not None
        expected = 10 * np.log10(clean.max() ** 2 / np.mean((raw - clean) ** 2))
        assert table.rows[0][1:4] == ("500", "raw", f"{expected:.1f}")
        # The factory's filters leave 8 % of the noise: 21.9 dB.
        assert float(table.rows[1][3]) - float(table.rows[0][3]) == pytest.approx(21.9, abs=0.3)

    def test_no_images_no_table(self, folder: Path) -> None:
        run = load_run(folder)
        assert example_table(replace(run, examples=Examples(folder / "absent.h5"))) is None
