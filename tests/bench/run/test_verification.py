"""Verification of a run's fits: images chosen, made again, fitted by lmfit and compared."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bench.executor.placement import Placement
from bench.plan.profiles import Profile, Selection, get_profile
from bench.run import verification
from bench.run.block import BlockResult
from bench.run.estimate.fit_estimate import checked_engine, estimate_text
from bench.run.run import run_benchmark
from bench.run.verification import plan_verification, verify_fits
from fitting.engine import joint, lmfit_engine
from reports.records.run_folder import load_run
from reports.records.verification import FitVerification, RefittedImage, read_verification
from reports.summaries.summary import paired_comparisons, summarise
from reports.words.studies.verification import verification_sentence
from reports.words.verdict.verdict import verdict
from stembench.errors import InputError
from tests.records_factory import change_run

PROFILE = Profile(
    name="small",
    summary="for tests",
    # No scan, so that no fits along it are made, which verification leaves out.
    selections=(Selection("defect_ladder", ("z10",), (5e3,), 2),),
    restorers=("raw", "gaussian"),
)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run") / "small"
    run_benchmark(PROFILE, folder, seed=5, placement=Placement(jobs=1))
    return folder


@pytest.fixture
def quick_lmfit(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Let the joint engine stand in for lmfit, which takes a minute here; list its fits."""
    fitted: list[int] = []

    def solve(problem):
        fitted.append(problem.n_columns)
        return joint.solve(problem)

    monkeypatch.setattr(lmfit_engine, "solve", solve)
    return fitted


def test_images_are_made_again_to_the_last_bit(run: Path, quick_lmfit: list[int]) -> None:
    plan = plan_verification(run, number=3)
    assert {(block.restorer, block.start) for block in plan.blocks} == {
        ("gaussian", 0), ("raw", 0), ("raw", 1),
    }  # fmt: skip
    seen: list[RefittedImage] = []
    found = verify_fits(run, plan, progress=seen.append)
    assert len(quick_lmfit) == 3
    assert tuple(seen) == found.images
    # The same engine on the same image: any other image would be off by picometres.
    assert all(image.position_px == image.scs_pct == 0 for image in found.images)
    assert all(image.flagged_position_pm == image.n_one_sided == 0 for image in found.images)
    loaded = load_run(run)
    assert read_verification(run, origin=loaded.origin) == found
    said = verdict(loaded, summarise(loaded.records), paired_comparisons(loaded.records))
    (sentence,) = [s for s in said if "fitted once more by lmfit" in s.text]
    assert sentence.kind == "finding"


def test_a_difference_is_found_and_stated(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    records = load_run(run).records
    number = records["column"].iloc[5]

    def doctored(block, library) -> BlockResult:
        rows = records[
            (records["restorer"] == block.restorer) & (records["realization"] == block.start)
        ].copy()
        own = rows["column"] == number
        rows.loc[own, "x_fit"] += 0.03
        rows.loc[own, "y_fit"] += 0.04
        rows.loc[own, "scs"] *= 1.02
        return BlockResult(records=rows.assign(flags=0), seconds={})

    monkeypatch.setattr(verification, "run_block", doctored)
    records.loc[:, "flags"] = 0
    monkeypatch.setattr(verification, "load_run", lambda _: replace(loaded, fits=records))
    loaded = load_run(run)
    plan = plan_verification(run, number=1)
    image = verify_fits(run, plan).images[0]
    assert image.position_px == pytest.approx(0.05)
    assert image.position_pm == pytest.approx(0.05 * 0.2 * 100)
    assert image.scs_pct == pytest.approx(2.0)
    said = verification_sentence(FitVerification(engine="lmfit", created="", images=(image,)))
    assert said.kind == "warning"
    assert "0.05 px (1 pm), of an SCS 2 %" in said.text


def test_what_cannot_be_chosen_is_refused(run: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no case gold"):
        plan_verification(run, number=1, cases=["gold"])
    with pytest.raises(InputError, match="at least 1"):
        plan_verification(run, number=0)
    assert len(plan_verification(run, number=100).blocks) == 4
    with pytest.raises(InputError, match="not a run folder"):
        plan_verification(tmp_path, number=1)


def test_a_run_by_lmfit_says_so_and_needs_no_verification(run: Path, tmp_path: Path) -> None:
    info = load_run(run).info
    assert info.fit_engine == info.identity()["fit_engine"] == "joint"
    other = shutil.copytree(run, tmp_path / "other")
    change_run(other, fit_engine="lmfit")
    assert load_run(other).info.fit_engine == "lmfit"
    with pytest.raises(InputError, match="by lmfit already"):
        plan_verification(other, number=1)


def test_the_estimate_is_said_and_what_is_too_large_refused() -> None:
    text = estimate_text(PROFILE, jobs=2)
    assert text.startswith("fits by lmfit: about ")
    assert "for 4 images on 2 processes" in text
    quick = get_profile("quick")
    assert "GB for one image" in estimate_text(quick, jobs=2)
    assert checked_engine("lmfit") == "lmfit"
    with pytest.raises(InputError, match="unknown fit engine 'scipy'; known are joint, lmfit"):
        checked_engine("scipy")


def test_a_run_goes_through_the_engine_that_it_names(tmp_path: Path) -> None:
    from bench.plan.blocks import plan_blocks
    from bench.run.block import run_block

    (block, *_) = plan_blocks(PROFILE, seed=5)
    assert block.engine == "joint"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lmfit_engine, "solve", _refuse)
        run_block(replace(block, stop=1), np.empty(0))
        with pytest.raises(_AskedError):
            run_block(replace(block, stop=1, engine="lmfit"), np.empty(0))


class _AskedError(Exception):
    """Raised in place of a fit by lmfit."""


def _refuse(problem):
    raise _AskedError
