"""A run with an axis of noise and with frames: what it writes, and the report on it."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bench.executor.placement import Placement
from bench.plan.acquisitions import FRAMES
from bench.plan.blocks import Block
from bench.plan.ladders import ONE_STEP, axes
from bench.plan.profiles import Profile, Selection
from bench.run.block import run_block
from bench.run.run import run_benchmark
from noise.scan import ScanNoise
from noise.stages.additions.pulse_height import PulseHeight
from reports import write_report
from reports.metrics.cells import cells
from reports.records.ladder import AXES
from reports.records.ladder_records import load_ladders
from reports.records.run_folder import load_run
from reports.records.schema import KEYS

SHOTS = (Selection("edge_dislocation", ("core",), (5e3,), 2),)
SMALL = Profile(
    name="small",
    summary="for tests",
    selections=SHOTS,
    restorers=("raw",),
    ladders=axes(
        "edge_dislocation", "core", dose=5e3, realizations=2, steps=ONE_STEP, beside=(FRAMES,)
    )[:1],
    frames=SHOTS,
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("run") / "small"
    run_benchmark(SMALL, made, seed=5, placement=Placement(jobs=1))
    return made


def mae(records: pd.DataFrame, restorer: str) -> float:
    (cell,) = [cell for cell in cells(records) if cell.restorer == restorer]
    return float(np.hypot(*cell.error_pm).mean())


def test_records_of_an_axis_lie_apart_and_repeat_the_cases_own(folder: Path) -> None:
    run = load_run(folder)
    (jitter,) = load_ladders(run, AXES)
    assert [rung.value for rung in jitter.rungs] == [0.0, 0.15]
    same = jitter.at("jitter 0.15 Å").sort_values(list(KEYS)).reset_index(drop=True)
    # Rungs have the main fit alone.
    own = (
        run.records[run.records["restorer"].isin(same["restorer"])]
        .sort_values(list(KEYS))
        .reset_index(drop=True)
    )
    pd.testing.assert_frame_equal(same, own, check_exact=True)
    assert run.info.restorers[FRAMES].label == "10 frames aligned and summed"


def test_jitter_costs_a_shot_more_than_frames(folder: Path) -> None:
    (jitter,) = load_ladders(load_run(folder), AXES)
    still, moving = (jitter.at(rung.label) for rung in jitter.rungs)
    # Some 5 pm of shot noise; jitter of 0.19 Å in each of few lines per column adds 15 pm.
    assert mae(moving, "raw") > 2 * mae(still, "raw")
    assert mae(moving, FRAMES) < 0.7 * mae(moving, "raw")
    assert mae(still, FRAMES) == pytest.approx(mae(still, "raw"), rel=0.3)


def test_the_report_holds_tables_figure_and_sentences(folder: Path) -> None:
    page = write_report(folder).read_text(encoding="utf-8")
    assert "Axes of noise: Edge dislocation" in page
    assert "10 frames aligned and summed" in page
    tidy = pd.read_csv(folder / "report" / "axes.csv")
    assert set(tidy["axis_value"]) == {0.0, 0.15}
    assert set(tidy["restorer"]) == {"raw", "raw/scan", "raw/scan-10pm", FRAMES}
    assert (folder / "report" / "figure_axes_edge_dislocation_5000.png").stat().st_size > 10_000


def test_fits_state_the_errors_of_pulse_heights() -> None:
    tube = PulseHeight(photons=10.0, photon_variance=10.0, efficiency=0.1, secondary_gain=4.0)
    counting, pulses = (
        run_block(
            Block("edge_dislocation", "core", 5e3, "raw", 0, 1, 5, rung="a rung", noise=noise),
            np.empty(0),
        ).records
        for noise in (ScanNoise(), ScanNoise(pulse_height=tube))
    )
    # Variances grow by 1 + σ² = 2.78 everywhere.
    ratio = pulses["x_err"].median() / counting["x_err"].median()
    assert ratio == pytest.approx(np.sqrt(tube.excess), rel=0.05)
