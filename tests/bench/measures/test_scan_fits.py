"""Fits that know the scan: where they are made, the true lines beside them, and what fails."""

import numpy as np
import pandas as pd
import pytest
from scipy.ndimage import map_coordinates

from bench.measures.acquisition import acquire, true_displacements
from bench.measures.fit_variants import (
    VARIANTS,
    Setting,
    fit_tables,
    rung_rows,
    unfitted,
    variants_of,
)
from bench.measures.scan_fits import (
    RUNG_REALIZATIONS,
    WEAK_PRIOR,
    fit_scan_image,
    scan_model,
    tell_scans,
)
from bench.plan.blocks import Block
from bench.plan.profiles import SCAN_FITS
from bench.reference import positions_and_mask, reference_table
from bench.run.block import BlockResult, run_block
from cases import get_case, load_ground_truth
from fitting import NOT_CONVERGED, FitOptions
from noise import STUDY_SCAN, ScanNoise, electrons_per_pixel
from noise.stages.jitter import Jitter
from reports.names import LATTICE_FIT, SCAN_FIT
from stembench.errors import InputError

BULK, CORE, PARTICLE = map(get_case, ("pt_bulk", "edge_dislocation", "nanoparticle"))
SCANS = [SCAN_FIT, LATTICE_FIT]
BLOCK = Block("edge_dislocation", "core", 5e4, "raw", 1, 2, seed=2024)


def made(case, noise: ScanNoise, family: str = "raw") -> list[str]:
    names = [variant.name for variant in variants_of(Setting(case, noise, family))]
    return [name for name in names if name in SCANS]


def test_scan_fits_are_of_raw_images_whose_lines_move() -> None:
    still = ScanNoise(jitter=Jitter(sigma_x=0.0, sigma_y=0.0, phi_x=0.6, phi_y=0.6))
    along_x = ScanNoise(jitter=Jitter(sigma_x=0.1, sigma_y=0.0, phi_x=0.6, phi_y=0.0))
    for case in (CORE, PARTICLE):
        assert made(case, case.noise) == SCANS
        assert made(case, along_x) == SCANS
        for noise in (ScanNoise(), still):
            assert made(case, noise) == []
        for family in ("network", "classical", "acquisition", "reference"):
            assert made(case, case.noise, family) == []
    assert made(BULK, BULK.noise) == made(BULK, STUDY_SCAN) == []


def test_a_fit_is_told_what_the_chain_declares() -> None:
    model = scan_model(STUDY_SCAN, lattice_prior=WEAK_PRIOR)
    assert (model.sigma_x, model.sigma_y, model.phi_x, model.phi_y) == (0.15, 0.15, 0.6, 0.6)
    assert np.array_equal(model.trailing, STUDY_SCAN.fast_scan.response())
    assert (model.lattice_prior, scan_model(STUDY_SCAN).lattice_prior) == (0.1, None)
    assert scan_model(ScanNoise(jitter=STUDY_SCAN.jitter)).trailing == ()
    with pytest.raises(InputError, match="jitter"):
        scan_model(ScanNoise())


@pytest.mark.parametrize("name", SCANS)
def test_rows_that_a_rung_repeats_are_those_that_it_would_make(name: str) -> None:
    variant = next(variant for variant in VARIANTS if variant.name == name)
    numbers = [variant.number(start=a, stop=a + 3, rung=rung) for rung in (0, 1) for a in (0, 3, 6)]
    assert (SCAN_FITS, RUNG_REALIZATIONS) == (8, 4)
    assert numbers == [3, 3, 2, 3, 1, 0]
    assert variant.number(start=96, stop=104, rung=False, scans=100) == 4
    records = pd.DataFrame(
        [(who, k) for who in ("raw", f"raw/{name}", "raw/true-width") for k in range(9)],
        columns=["restorer", "realization"],
    )
    kept = rung_rows(records).groupby("restorer").size().to_dict()
    assert kept == {"raw": 9, f"raw/{name}": 4}


def test_true_lines_are_those_of_the_image() -> None:
    """Scipy's spline at the displaced places leaves counting noise alone."""
    noise = ScanNoise(jitter=STUDY_SCAN.jitter)
    (counts,) = acquire(BLOCK, noise)
    (lines,) = true_displacements(BLOCK, noise)
    clean = load_ground_truth(CORE).image("core", margin=CORE.margin)
    y, x = np.mgrid[: CORE.shape[0], : CORE.shape[1]].astype(float) + CORE.margin

    def misfit(moved: np.ndarray) -> float:
        at = [y + moved[:, None, 1], x + moved[:, None, 0]]
        seen = map_coordinates(clean, at, order=3, mode="mirror")
        expected = np.maximum(seen * electrons_per_pixel(5e4, CORE.sampling), 1e-6)
        return float(np.mean((counts - expected) ** 2 / expected))

    # 16 384 pixels: a standard error of sqrt(2 / n) = 0.011 of the mean square; 4 of them.
    assert misfit(lines) == pytest.approx(1.0, abs=0.045)
    for wrong in (np.zeros_like(lines), -lines, lines[:, ::-1], np.roll(lines, 1, axis=0)):
        assert misfit(wrong) > 1.5
    assert not true_displacements(BLOCK, ScanNoise()).any()


def mae(rows: pd.DataFrame) -> float:
    error = rows[["x_fit", "y_fit"]].to_numpy() - rows[["x_ref", "y_ref"]].to_numpy()
    return float(np.hypot(*(error - error.mean(axis=0)).T).mean()) * CORE.sampling * 100


@pytest.fixture(scope="module")
def result() -> BlockResult:
    return run_block(BLOCK, np.empty(0))


def test_scan_fits_stand_in_records_and_find_columns_and_lines(result: BlockResult) -> None:
    by_name = dict(list(result.records.groupby("restorer")))
    assert set(by_name) == {"raw", "raw/true-width", "raw/scan", "raw/scan-10pm"}
    scans = result.of_images["scan"].set_index("restorer")
    assert list(scans.index) == ["raw/scan", "raw/scan-10pm"]
    for name, told in scans.iterrows():
        assert mae(by_name[name]) < 0.7 * mae(by_name["raw"])
        assert told["found"]
        assert told["converged"]
        assert told["realization"] == 1
        assert (told["sigma_x"], told["phi_y"]) == (0.15, 0.6)
        # σ / sqrt(1 - φ²) = 18.75 pm; of some 80 correlated lines.
        assert 13 < told["jitter_x_pm"] < 25
        assert 13 < told["jitter_y_pm"] < 25
        assert told["lines_x_pm"] < 0.5 * told["jitter_x_pm"]
        assert told["lines_y_pm"] < 0.5 * told["jitter_y_pm"]
    assert not np.isclose(*scans["lines_x_pm"])


def test_a_fit_that_fails_is_flagged_rows_and_ends_no_run() -> None:
    positions, _ = positions_and_mask(CORE, "core")
    off = positions + 1000.0
    blank = unfitted(off, flag=0)
    failed = fit_scan_image(
        np.ones(CORE.shape), off, model=scan_model(STUDY_SCAN), sampling=0.2,
        options=FitOptions(background="none"), dose=5e3, detector_sigma=0.0, blank=blank,
    )  # fmt: skip
    assert failed.scan is None
    assert failed.failure
    assert len(failed.table) == len(positions)
    assert (failed.table["flags"] == NOT_CONVERGED).all()
    assert failed.table["x"].isna().all()
    told = tell_scans(
        BLOCK, STUDY_SCAN, fitted={"raw": [], "raw/scan": [failed]},
        reference=reference_table(CORE, "core", dose=5e4),
    )  # fmt: skip
    assert list(told["found"]) == [False]
    assert told["warnings"][0] == failed.failure
    assert told["lines_x_pm"].isna().all()
    assert told["jitter_x_pm"].notna().all()


def test_an_image_without_light_ends_no_run() -> None:
    tables = fit_tables(
        np.zeros((1, *CORE.shape)), Setting(CORE, CORE.noise, "raw"), restorer="raw", image="core",
        dose=5e2, start=0, resolved=np.array([True]), rung=True,
    )  # fmt: skip
    assert set(tables) == {"raw", "raw/scan", "raw/scan-10pm"}
    for name in ("raw/scan", "raw/scan-10pm"):
        (fitted,) = tables[name]
        assert fitted.failure or (fitted.table["flags"] > 0).any()
