"""The ablation of a run: planned, run, resumed and kept apart from the records."""

import json
import shutil
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bench.executor.placement import Placement
from bench.measures.fit_variants import rung_rows
from bench.plan.blocks import Block, plan_blocks, plan_ladders, repeated_blocks
from bench.plan.ladders import ablation as ablation_of
from bench.plan.profiles import Profile, Selection, get_profile, narrow
from bench.run.block import run_block
from bench.run.run import run_benchmark
from noise.presets import STUDY_SCAN
from noise.scan import ScanNoise
from noise.stages.detector import Detector
from reports.records.ladder import ABLATION, Ladder
from reports.records.ladder_records import RUNG, load_ladders
from reports.records.run_folder import load_run
from reports.records.schema import COLUMNS, KEYS
from stembench.errors import InputError

RUNGS = ("Poisson only", "+ detector", "+ jitter", "+ fast scan", "+ row lines")
SMALL = Profile(
    name="small",
    summary="for tests",
    selections=(Selection("edge_dislocation", ("core",), (5e3,), 1),),
    restorers=("raw", "gaussian"),
    ladders=(ablation_of("edge_dislocation", "core", dose=5e3, realizations=1),),
)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run") / "small"
    run_benchmark(SMALL, folder, seed=5, placement=Placement(jobs=1), block_size=2)
    return folder


def rows(folder: Path) -> pd.DataFrame:
    (ablation,) = load_ladders(load_run(folder), ABLATION)
    return ablation.records.sort_values([RUNG, *KEYS]).reset_index(drop=True)


def ablations(profile: Profile) -> list[Ladder]:
    return [ladder for ladder in profile.ladders if ladder.kind == ABLATION]


class TestPlan:
    @pytest.mark.parametrize("name", ["quick", "paper"])
    def test_the_particle_at_5e3(self, name: str) -> None:
        (ablation,) = ablations(get_profile(name))
        assert (ablation.case, ablation.image, ablation.dose) == ("nanoparticle", "particle", 5e3)
        assert ablation.labels == RUNGS
        chains = {rung.label: rung.noise for rung in ablation.rungs}
        assert chains["Poisson only"] == ScanNoise()
        assert chains["+ fast scan"] == STUDY_SCAN

    def test_every_realization_once_per_rung_and_restorer(self) -> None:
        profile = get_profile("quick")
        profile = replace(profile, ladders=tuple(ablations(profile)))
        blocks = plan_ladders(profile, seed=1, block_size=3)
        planned = [
            (block.rung, block.restorer, k)
            for block in blocks
            for k in range(block.start, block.stop)
        ]
        assert len(planned) == len(set(planned)) == 5 * 5 * 8
        assert len({block.name for block in blocks}) == len(blocks)
        # No file of the ablation could be taken for one of the records, or the reverse.
        ordinary = {block.name for block in plan_blocks(profile, seed=1, block_size=3)}
        assert not ordinary & {block.name for block in blocks}
        assert not any(set(block.name) & set("/: ") for block in blocks)

    @pytest.mark.parametrize(
        ("choice", "realizations"),
        [
            ({}, 8),
            ({"cases": ["nanoparticle"]}, 8),
            ({"cases": ["pt_bulk"]}, None),
            ({"doses": [5e2]}, None),
            ({"doses": [5e2, 5e3]}, 8),
            ({"realizations": 1}, 1),
            ({"restorers": ["gaussian"]}, 8),
        ],
    )
    def test_narrowing(self, choice: dict, realizations: int | None) -> None:
        profile = narrow(get_profile("quick"), **choice)
        profile = replace(profile, ladders=tuple(ablations(profile)))
        blocks = plan_ladders(profile, seed=1)
        if realizations is None:
            assert blocks == ()
        else:
            assert {(block.start, block.stop) for block in blocks} == {(0, realizations)}
            assert {block.restorer for block in blocks} == set(profile.restorers) - {
                "flat", "row-mean",
            }  # fmt: skip


class TestRun:
    def test_records_keep_their_schema_and_the_ablation_has_the_rung(self, run: Path) -> None:
        records, ablation = load_run(run).records, rows(run)
        assert list(records) == list(COLUMNS)
        assert list(ablation) == [*COLUMNS, RUNG]
        records = rung_rows(records)  # of a rung few further fits are made
        assert set(ablation[RUNG]) == set(RUNGS)
        # Lines move on three of the five rungs, where raw images have two more fits.
        moved = records["restorer"].isin(["raw/scan", "raw/scan-10pm"])
        assert (~moved).sum() == moved.sum() > 0
        assert len(ablation) == 5 * (~moved).sum() + 3 * moved.sum()

    def test_the_cases_own_chain_is_not_run_twice(self) -> None:
        blocks = (*plan_blocks(SMALL, seed=5), *plan_ladders(SMALL, seed=5))
        twice = {block.rung: repeated_blocks(block, blocks) for block in blocks if block.rung}
        assert {rung for rung, sources in twice.items() if sources} == {"+ fast scan"}
        # What another seed, dose or fewer realizations hold is no repetition.
        (block,) = [b for b in blocks if b.rung == "+ fast scan" and b.restorer == "raw"]
        for other in (
            replace(block, seed=6), replace(block, dose=5e2), replace(block, stop=2),
            replace(block, noise=ScanNoise()), replace(block, restorer="nlm"),
        ):  # fmt: skip
            assert repeated_blocks(other, blocks) == ()

    @pytest.mark.parametrize("restorer", ["raw", "gaussian"])
    def test_repeated_rows_are_those_that_running_makes(self, run: Path, restorer: str) -> None:
        block = next(
            b for b in plan_ladders(SMALL, seed=5)
            if b.rung == "+ fast scan" and b.restorer == restorer
        )  # fmt: skip
        made = run_block(block, np.empty(0)).records.sort_values(list(KEYS))
        own = rows(run)
        same = own[(own[RUNG] == block.rung) & own["restorer"].str.startswith(restorer)]
        # pandas 2 reads the last digit of some numbers otherwise than it was written.
        pd.testing.assert_frame_equal(
            same.reset_index(drop=True), made.reset_index(drop=True), rtol=1e-13, atol=0.0
        )

    def test_the_cases_own_chain_repeats_the_records(self, run: Path) -> None:
        records = rung_rows(load_run(run).records).sort_values(list(KEYS)).reset_index(drop=True)
        own = rows(run)
        same = own[own[RUNG] == "+ fast scan"].drop(columns=RUNG).reset_index(drop=True)
        pd.testing.assert_frame_equal(same, records, check_exact=True)
        other = own[own[RUNG] == "+ jitter"].drop(columns=RUNG).reset_index(drop=True)
        assert not np.isclose(other["x_fit"], records["x_fit"], rtol=0, atol=1e-9).any()

    def test_run_json_declares_the_rungs(self, run: Path) -> None:
        info = json.loads((run / "run.json").read_text())
        (ladder,) = info["ladders"]
        chains = {rung["label"]: rung["noise"] for rung in ladder["rungs"]}
        assert tuple(chains) == RUNGS
        assert chains["+ fast scan"] == asdict(STUDY_SCAN)
        assert info["stages"]["ablation"] > info["stages"]["restore gaussian"] > 0

    def test_missing_blocks_are_made_again(self, run: Path, tmp_path: Path) -> None:
        folder = Path(shutil.copytree(run, tmp_path / "stopped"))
        for file in sorted((folder / "ablation").glob("*raw*lines*")):
            file.unlink()
        outcome = run_benchmark(SMALL, folder, seed=5, placement=Placement(jobs=1), block_size=2)
        assert outcome.reused == outcome.blocks - 1
        pd.testing.assert_frame_equal(rows(run), rows(folder), check_exact=True)

    def test_a_run_without_this_ablation_is_another_run(self, run: Path) -> None:
        without = narrow(SMALL, realizations=1)
        assert without == SMALL
        with pytest.raises(InputError, match=r"records \(ladders.stages of edge.*there alone"):
            run_benchmark(
                Profile(SMALL.name, SMALL.summary, SMALL.selections, SMALL.restorers),
                run, seed=5, placement=Placement(jobs=1), block_size=2,
            )  # fmt: skip


def test_raw_fits_state_the_errors_of_the_rungs_own_detector() -> None:
    poor = Detector(photons=10.0, photon_variance=10.0, efficiency=0.1, secondary_gain=4.0)
    block = Block("edge_dislocation", "core", 5e3, "raw", 0, 1, seed=5)
    counting, pulses = (
        run_block(replace(block, rung="a rung", noise=noise), np.empty(0)).records
        for noise in (ScanNoise(), ScanNoise(detector=poor))
    )
    # About 10 electrons per pixel, to whose variance the pulses add sigma² = 1.33.
    ratio = pulses["x_err"].median() / counting["x_err"].median()
    assert 1.03 < ratio < 1.15
