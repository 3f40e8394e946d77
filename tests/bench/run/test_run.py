"""Whole runs on the shipped ground truth: same rows however they are made, resumed, refused."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bench.executor.placement import Placement
from bench.plan.blocks import plan_blocks
from bench.plan.profiles import Profile, Selection, get_profile, narrow
from bench.run.run import run_benchmark
from cases import CASES
from reports.records.bounds import BOUNDS_FILE, read_bounds
from reports.records.run_folder import load_run
from reports.records.run_info import read_run_info
from reports.records.schema import COLUMNS, KEYS
from reports.words.verdict.cautions import caution_sentences
from stembench.errors import InputError

#: Fits of raw images that know how scan lines move.
OF_SCAN = ("raw/scan", "raw/scan-10pm")


def small(realizations: int = 3, restorers: tuple[str, ...] = ("raw", "gaussian")) -> Profile:
    return Profile(
        name="small",
        summary="for tests",
        selections=(Selection("edge_dislocation", ("core",), (5e3,), realizations),),
        restorers=restorers,
    )


def rows(folder: Path) -> pd.DataFrame:
    return load_run(folder).records.sort_values(list(KEYS)).reset_index(drop=True)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run") / "small"
    run_benchmark(small(), folder, seed=5, placement=Placement(jobs=1), block_size=3)
    return folder


class TestProfiles:
    def test_paper_is_the_papers_three_studies_and_the_defects(self) -> None:
        paper = get_profile("paper")
        bulk, core, particle, defects, adatoms, *responses = paper.selections
        assert {selection.realizations for selection in paper.selections[:5]} == {100}
        assert {selection.realizations for selection in responses} == {20}
        assert len(bulk.images) == 74
        assert bulk.images[0] == "z02"
        assert bulk.doses == (5e2, 5e4)
        assert core.doses == particle.doses == (5e2, 1e3, 5e3, 1e4, 5e4)
        assert defects.images == ("z05", "z10", "z20")
        assert defects.doses == adatoms.doses == (5e2, 5e3, 5e4)
        assert adatoms.images == particle.images == ("particle",)

    def test_quick_is_a_subset_of_paper(self) -> None:
        paper = {selection.case: selection for selection in get_profile("paper").selections}
        for selection in get_profile("quick").selections:
            assert set(selection.images) <= set(paper[selection.case].images)
            assert set(selection.doses) <= set(paper[selection.case].doses)
            assert selection.realizations < paper[selection.case].realizations

    def test_narrowing(self) -> None:
        chosen = narrow(
            get_profile("paper"),
            cases=["nanoparticle"],
            doses=[5e3, 5e2],
            realizations=2,
            restorers=["gaussian"],
        )
        assert [selection.case for selection in chosen.selections] == ["nanoparticle"]
        assert chosen.selections[0].doses == (5e2, 5e3)
        assert chosen.selections[0].realizations == 2
        assert chosen.restorers == ("raw", "gaussian")

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            ({"cases": ["gold"]}, "gold"),
            ({"doses": [-1.0]}, "dose"),
            ({"doses": [float("nan")]}, "dose"),
            ({"realizations": 0}, "realizations"),
            ({"restorers": ["raw", "raw"]}, "twice"),
        ],
    )
    def test_impossible_choices_are_named(self, change: dict, message: str) -> None:
        with pytest.raises(InputError, match=message):
            narrow(get_profile("quick"), **change)

    def test_an_unknown_profile_lists_the_known(self) -> None:
        with pytest.raises(InputError, match="quick, paper"):
            get_profile("slow")


class TestPlan:
    def test_every_realization_once_per_image_dose_and_restorer(self) -> None:
        profile = get_profile("quick")
        blocks = plan_blocks(profile, seed=1, block_size=3)
        planned = [
            (block.case, block.image, block.dose, block.restorer, k)
            for block in blocks
            for k in range(block.start, block.stop)
        ]
        expected = {
            (selection.case, image, dose, restorer, k)
            for selection in profile.selections
            for image in selection.images
            for dose in selection.doses
            for restorer in profile.restorers
            for k in range(selection.realizations_of(restorer))
        }
        expected |= {
            (selection.case, image, dose, "frames", k)
            for selection in profile.frames
            for image in selection.images
            for dose in selection.doses
            for k in range(selection.realizations)
        }
        assert len(planned) == len(set(planned))
        assert set(planned) == expected
        assert len({block.name for block in blocks}) == len(blocks)

    def test_block_names_are_files_whatever_the_restorer_is_called(self) -> None:
        profile = small(1, ("/a b/model.keras", "my.module:restore", "/c d/model.keras"))
        names = [block.name for block in plan_blocks(profile, seed=1)]
        assert len(set(names)) == 3
        assert not any(set(name) & set("/: ") for name in names)


class TestRun:
    def test_records_fit_the_schema_and_hold_every_measured_column(self, run: Path) -> None:
        records = rows(run)
        assert list(records) == list(COLUMNS)
        assert records["measured"].all()
        columns = records["column"].nunique()
        names = {"raw", "raw/true-width", "gaussian", "gaussian/true-width", *OF_SCAN}
        assert len(records) == columns * 3 * len(names)
        assert set(records["restorer"]) == names
        assert set(load_run(run).info.restorers) == names

    def test_same_bits_for_any_jobs_and_block_size(self, run: Path, tmp_path: Path) -> None:
        run_benchmark(
            small(), tmp_path / "other", seed=5, placement=Placement(jobs=2), block_size=1
        )
        pd.testing.assert_frame_equal(rows(run), rows(tmp_path / "other"), check_exact=True)

    def test_another_seed_is_other_noise(self, run: Path, tmp_path: Path) -> None:
        run_benchmark(small(1), tmp_path / "other", seed=6, placement=Placement(jobs=1))
        ours, other = rows(run), rows(tmp_path / "other")
        both = ours.merge(other, on=list(KEYS))
        assert len(both)
        assert not np.isclose(both["x_fit_x"], both["x_fit_y"], rtol=0, atol=1e-6).any()
        assert np.array_equal(both["x_ref_x"], both["x_ref_y"])

    def test_an_interrupted_run_goes_on(self, run: Path, tmp_path: Path) -> None:
        folder = tmp_path / "stopped"
        finished = []

        def stop_after_two(block, realizations: int) -> None:
            finished.append(block.name)
            if len(finished) == 2:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            run_benchmark(
                small(),
                folder,
                seed=5,
                placement=Placement(jobs=1),
                block_size=1,
                progress=stop_after_two,
            )
        assert not load_run(folder).complete
        kept = {path.name: path.stat().st_mtime_ns for path in (folder / "records").iterdir()}
        assert len(kept) == 2
        outcome = run_benchmark(small(), folder, seed=5, placement=Placement(jobs=1), block_size=1)
        assert outcome.reused == 2
        after = {path.name: path.stat().st_mtime_ns for path in (folder / "records").iterdir()}
        assert kept.items() <= after.items()
        pd.testing.assert_frame_equal(rows(run), rows(folder), check_exact=True)
        assert load_run(folder).complete

    def test_a_finished_run_is_left_alone(self, run: Path) -> None:
        before = (run / "run.json").read_bytes()
        outcome = run_benchmark(small(), run, seed=5, placement=Placement(jobs=1), block_size=3)
        assert outcome.reused == outcome.blocks
        assert (run / "run.json").read_bytes() == before

    def test_bounds_that_were_deleted_are_made_again(self, run: Path) -> None:
        origin = load_run(run).origin
        written = read_bounds(run, origin=origin)
        assert written is not None
        assert set(written["column"]) == set(load_run(run).records["column"])
        (run / BOUNDS_FILE).unlink()
        with pytest.raises(InputError, match=r"lacks bounds\.parquet"):
            load_run(run)
        run_benchmark(small(), run, seed=5, placement=Placement(jobs=1), block_size=3)
        again = read_bounds(run, origin=origin)
        assert again is not None
        pd.testing.assert_frame_equal(written, again)

    def test_another_runs_folder_is_refused(self, run: Path) -> None:
        with pytest.raises(InputError, match=r"another run's records.*seed"):
            run_benchmark(small(), run, seed=6, placement=Placement(jobs=1), block_size=3)
        with pytest.raises(InputError, match=r"another run's records.*realizations"):
            run_benchmark(small(4), run, seed=5, placement=Placement(jobs=1), block_size=3)
        with pytest.raises(InputError, match=r"another run's records.*fit_engine is 'joint' there"):
            run_benchmark(
                small(), run, seed=5, placement=Placement(jobs=1), block_size=3, fit_engine="lmfit"
            )

    def test_a_folder_of_something_else_is_refused(self, tmp_path: Path) -> None:
        (tmp_path / "thesis.tex").write_text("precious")
        for path, message in (
            (tmp_path, "not empty"),
            (tmp_path / "thesis.tex", "is a file"),
        ):
            with pytest.raises(InputError, match=message):
                run_benchmark(small(), path, seed=5)
        (tmp_path / "run.json").write_text("{")
        with pytest.raises(InputError, match="cannot be read"):
            run_benchmark(small(), tmp_path, seed=5)
        assert sorted(path.name for path in tmp_path.iterdir()) == ["run.json", "thesis.tex"]

    def test_run_json_tells_what_was_run(self, run: Path) -> None:
        info = json.loads((run / "run.json").read_text())
        assert info["complete"] is True
        assert info["seed"] == 5
        assert info["cases"]["edge_dislocation"]["hash"] == CASES[1].hash
        assert info["restorers"]["raw"]["weights_sha256"] is None
        assert {"prepare", "distort", "restore raw", "restore gaussian", "fit", "probe"} == set(
            info["stages"]
        )
        assert info["versions"]["numpy"] == np.__version__
        described = read_run_info(run)
        assert described.wall_seconds > 0
        assert 1e8 < described.peak_memory_bytes < 1e11
        assert described.cases["edge_dislocation"].case == CASES[1]

    def test_examples_are_kept_for_the_figures(self, run: Path) -> None:
        examples = load_run(run).examples
        clean = examples.clean("edge_dislocation", "core")
        raw = examples.image("edge_dislocation", "core", dose=5e3, restorer="raw")
        blurred = examples.image("edge_dislocation", "core", dose=5e3, restorer="gaussian")
        assert clean is not None
        assert raw is not None
        assert blurred is not None
        assert raw.shape == clean.shape == CASES[1].shape
        assert np.abs(blurred - clean).mean() < np.abs(raw - clean).mean()


BROKEN = """
import numpy as np

def nan(images, *, sampling):
    return np.full_like(images, np.nan)
"""

CAUTIOUS = """
import warnings

class RestorationWarning(UserWarning):
    pass  # known by its name: a model's process has no stembench

def bright(images, *, sampling):
    for image in images:
        warnings.warn(f"a mean of {image.mean():.3f}", RestorationWarning)
    return images
"""


def test_what_a_restorer_says_of_images_reaches_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cautious_restorer.py").write_text(CAUTIOUS)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    folder = tmp_path / "run"
    run_benchmark(
        small(2, ("cautious_restorer:bright",)),
        folder,
        seed=5,
        placement=Placement(jobs=1),
        block_size=1,
    )
    run = load_run(folder)
    (caution,) = run.info.cautions
    # Two blocks of one image each; the two numbers differ.
    assert caution.images == 2
    assert caution.sentence.startswith("a mean of ")
    (sentence,) = caution_sentences(run)
    assert sentence.kind == "warning"
    assert "edge_dislocation core at 5000 e/Å², 2 images: a mean of" in sentence.text


def test_a_restorer_that_returns_nan_is_a_reported_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "broken_restorer.py").write_text(BROKEN)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    folder = tmp_path / "run"
    profile = small(2, ("raw", "broken_restorer:nan"))
    outcome = run_benchmark(profile, folder, seed=5, placement=Placement(jobs=1))
    assert len(outcome.failures) == 1
    assert "NaN" in outcome.failures[0]
    records = rows(folder)
    broken = records[~records["restorer"].str.startswith("raw")]
    # Raw is fitted with the true width and with its scan as well, which a lost image cannot be.
    assert len(broken) == len(records) / (2 + 1 + len(OF_SCAN))
    assert broken["x_fit"].isna().all()
    assert (broken["flags"] != 0).all()
    assert records.loc[records["restorer"] == "raw", "x_fit"].notna().any()
    assert json.loads((folder / "run.json").read_text())["failures"] == list(outcome.failures)
