"""Speed of the scan fit beside the fit that knows of no lines, and of its linear algebra.

Ratios of one run are what counts. The fit without lines of the same image is its start, and so the
least that it can cost. Its normal matrix is factored as a band; the named alternatives are scipy's
sparse factorization (SuperLU) and a dense Cholesky factorization of the same matrix.
"""

from dataclasses import replace

import numpy as np
import pytest
from pytest_benchmark.fixture import BenchmarkFixture
from scipy import ndimage
from scipy.linalg import cho_factor
from scipy.signal import lfilter
from scipy.sparse import csc_array
from scipy.sparse.linalg import splu

from fitting import ColumnModel, FitOptions, ScanModel, fit_columns
from fitting.scan import scan_fit
from fitting.scan.posterior.fisher_scoring import Peak, descend
from fitting.scan.posterior.held_curvature import held_factor, settle
from fitting.scan.posterior.priors import LineStatistics, Priors
from fitting.scan.posterior.scene import Order, Scene, Unknowns, Windows
from fitting.scan.posterior.strips import Factor, Strips
from fitting.scan.preparation.setting import Setting
from stembench.arrays import Floats

SAMPLING, DOSE = 0.2, 5e3
GAP, WIDTH = 9.81, 2.4
BEYOND = 30
SIZES = [128, 256]
SCAN = ScanModel(sigma_x=0.15, sigma_y=0.15, phi_x=0.6, phi_y=0.6)


def scanned(size: int) -> tuple[Floats, Floats]:
    """Counts as fractions of the beam under jitter, and the starts; the lattice goes on beyond."""
    whole = size + 2 * BEYOND
    line = np.arange(GAP / 3, whole, GAP)
    places = np.array([(x, y) for y in line for x in line])
    model = ColumnModel(
        x=places[:, 0], y=places[:, 1], height=np.full(len(places), 0.1),
        sigma=np.full(len(places), WIDTH), shape=(whole, whole),
    )  # fmt: skip
    rng = np.random.default_rng(1)
    moves = lfilter([0.15 / SAMPLING], [1.0, -0.6], rng.normal(size=(2, whole)))[:, -size:]
    y, x = np.mgrid[:size, :size] + BEYOND
    where = [y + moves[1][:, None], x + moves[0][:, None]]
    electrons = DOSE * SAMPLING**2
    light = np.clip(ndimage.map_coordinates(model.image(), where, mode="nearest"), 0, None)
    starts = places - BEYOND
    starts = starts[((starts > -0.5) & (starts < size - 0.5)).all(axis=1)]
    return rng.poisson(light * electrons) / electrons, starts


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("lines", ["lines", "no lines"])
def test_fit(benchmark: BenchmarkFixture, lines: str, size: int) -> None:
    image, starts = scanned(size)
    options = FitOptions(background="none")
    scan = SCAN if lines == "lines" else None

    def once() -> bool:
        fit = fit_columns(
            image, starts, sampling=SAMPLING, options=options, dose=DOSE, scan=scan
        )  # fmt: skip
        return bool(fit.failed.any())

    once()  # compiles
    benchmark.extra_info["columns"] = len(starts)
    assert not benchmark(once)


def matrix(size: int) -> Strips:
    """Information and priors of the columns and lines of a lattice."""
    _, starts = scanned(size)
    columns = np.zeros((len(starts), 4))
    columns[:, :2], columns[:, 2] = starts, 20.0
    shape, reach = (size, size), 10.0
    windows = Windows.around(starts, shape, shifts=np.zeros((1, 2)), reach=reach)
    scene = Scene(
        counts=np.ones((1, *shape)), used=np.ones((1, *shape)), floor=1.0, variance=None,
        light=windows, information=windows,
        order=Order.along(
            starts[:, 1], np.arange(float(size)), height=2 * reach + 6, rows=size
        ),
    )  # fmt: skip
    at = Unknowns(columns, np.zeros((1, size, 2)), np.array([np.log(2.2), 0.6, -2.0, 0.5]))
    priors = Priors(
        x=LineStatistics(0.75, 0.6), y=LineStatistics(0.75, 0.6), columns=columns,
        columns_precision=np.tile([0.01, 0.01, 1e-4, 1e3], (len(columns), 1)),
        shared=at.shared, shared_precision=np.ones(4),
    )  # fmt: skip
    out = scene.fisher(at, scene.weight(scene.expected(at)))
    priors.add_to(out, at, order=scene.order)
    return out


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("way", ["band", "superlu", "dense"])
def test_factor(benchmark: BenchmarkFixture, way: str, size: int) -> None:
    strips = matrix(size)
    right = np.ones(strips.border.shape[:2]), np.ones(4)
    dense = strips.dense()
    sparse = csc_array(dense)
    ways = {
        "band": lambda: Factor.of(strips).solve(*right)[0].ravel(),
        "superlu": lambda: splu(sparse).solve(np.ones(len(dense)))[:-4],
        "dense": lambda: cho_factor(dense, lower=True),
    }
    found = benchmark(ways[way])
    if way != "dense":
        np.testing.assert_allclose(
            found, np.linalg.solve(dense, np.ones(len(dense)))[:-4], rtol=1e-6
        )


@pytest.mark.parametrize("curvature", ["held", "renewed"])
def test_response(benchmark: BenchmarkFixture, curvature: str) -> None:
    """A descent to the peak of an image of which one column was displaced, of 256² px."""
    image, starts = scanned(256)
    caught: list[tuple[Setting, Peak]] = []

    def catch(setting: Setting, peak: Peak, **_: float) -> tuple[float, ...]:
        caught.append((setting, peak))
        return ()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scan_fit, "measure_response", catch)
        fit_columns(
            image, starts, sampling=SAMPLING, options=FitOptions(background="none"), dose=DOSE,
            scan=replace(SCAN, lattice_prior=0.1),
        )  # fmt: skip
    [(setting, peak)] = caught
    priors, columns = setting.priors, peak.at.columns.copy()
    columns[len(starts) // 2, 0] += 0.15 / SAMPLING
    displaced = replace(peak.at, columns=columns)
    light = setting.scene.expected(displaced) - peak.expected
    moved = replace(setting.scene, counts=setting.scene.counts + light)
    factor = held_factor(setting.scene, priors, peak)

    def once() -> Unknowns:
        if curvature == "held":
            return settle(moved, priors, displaced, factor=factor, tolerance=1e-5, otherwise=60)
        return descend(moved, priors, displaced, tolerance=1e-5, still=0.0, steps=60).at

    once()  # compiles
    assert np.isfinite(benchmark(once).columns).all()
