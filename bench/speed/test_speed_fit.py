"""Speed of the column fit: joint against lmfit on one image, a real image, the nanoparticle's size.

Ratios of one run are what counts: all fits see the same image, and that both engines reach the
same minimum is asserted. Divide a round's time by ``extra_info["columns"]``.
"""

from pathlib import Path

import numpy as np
import pytest

from fitting import (
    ColumnModel,
    FitOptions,
    cramer_rao,
    find_columns,
    fit_batch,
    fit_columns,
)

DATA = Path(__file__).parents[2] / "tests" / "data"
SAMPLING, DOSE = 0.2, 5e3


def lattice(n: int, *, spacing: float = 9.81, sigma: float = 2.5) -> tuple[ColumnModel, np.ndarray]:
    """Square lattice of n x n columns of a thin crystal and the starts of their fit."""
    line = 8.0 + spacing * np.arange(n)
    starts = np.array([(x, y) for y in line for x in line])
    rng = np.random.default_rng(1)
    places = starts + rng.uniform(-0.3, 0.3, starts.shape)
    size = int(16 + spacing * (n - 1))
    model = ColumnModel(
        x=places[:, 0],
        y=places[:, 1],
        height=rng.uniform(0.02, 0.2, n * n),
        sigma=np.full(n * n, sigma),
        shape=(size, size),
        background=(0.002,),
    )
    return model, starts


def particle() -> tuple[ColumnModel, np.ndarray]:
    """333 columns on 256 x 256 pixels, as many as the case nanoparticle has."""
    line = 9.81 * np.arange(-12, 13)
    places = np.array([(x, y) for y in line for x in line])
    places = places[np.argsort(np.hypot(*places.T), kind="stable")[:333]] + 127.5
    radius = np.hypot(*(places - 127.5).T)
    model = ColumnModel(
        x=places[:, 0],
        y=places[:, 1],
        height=0.015 * np.sqrt(np.maximum(1.0, 110.0**2 - radius**2)) / 9.81,
        sigma=np.full(333, 2.4),
        shape=(256, 256),
    )
    return model, places


def counted(model: ColumnModel, n: int, dose: float) -> np.ndarray:
    electrons = dose * SAMPLING**2
    return (
        np.random.default_rng(2).poisson(model.image() * electrons, (n, *model.shape)) / electrons
    )


@pytest.mark.parametrize("engine", ["joint", "lmfit"])
@pytest.mark.parametrize("n", [3, 6, 10])
def test_engines_on_the_same_image(benchmark, engine: str, n: int) -> None:
    model, starts = lattice(n)
    image = counted(model, 1, DOSE)[0]
    common = {"sampling": SAMPLING, "dose": DOSE}
    reference = fit_columns(image, starts, **common)  # compiles
    benchmark.extra_info["columns"] = n * n
    chosen = common | {"options": FitOptions(engine=engine)}
    if engine == "lmfit" and n == 10:  # seconds each
        fit = benchmark.pedantic(fit_columns, (image, starts), chosen, rounds=2)
    else:
        fit = benchmark(fit_columns, image, starts, **chosen)
    assert np.abs(fit.table["x"] - reference.table["x"]).max() < 1e-4
    np.testing.assert_allclose(fit.table["scs"], reference.table["scs"], rtol=1e-5)


def test_ptir_image(benchmark) -> None:
    data = np.load(DATA / "ptir_image.npz")
    image, starts = data["image"].astype(float), data["positions_px"]
    sampling = float(data["sampling"])
    fit_columns(image, starts, sampling=sampling)  # compiles
    benchmark.extra_info["columns"] = len(starts)
    fit = benchmark(fit_columns, image, starts, sampling=sampling)
    assert not fit.failed.any()


@pytest.mark.parametrize("dose", [5e2, 5e4])
def test_particle(benchmark, dose: float) -> None:
    """Ten realizations of 333 columns on the threads that the process may use."""
    model, starts = particle()
    images = counted(model, 10, dose)
    common = {"sampling": SAMPLING, "dose": dose, "options": FitOptions(background="none")}
    fit_columns(images[0], starts, **common)  # compiles
    benchmark.extra_info["columns"] = 3330
    benchmark.extra_info["realizations"] = 10
    fits = benchmark(fit_batch, images, starts, **common)
    assert np.mean([fit.failed.mean() for fit in fits]) < 0.01


def test_poisson_likelihood(benchmark) -> None:
    model, starts = particle()
    image = counted(model, 1, DOSE)[0]
    common = {"sampling": SAMPLING, "dose": DOSE, "options": FitOptions(estimator="poisson")}
    fit_columns(image, starts, **common)  # compiles
    benchmark.extra_info["columns"] = 333
    fit = benchmark(fit_columns, image, starts, **common)
    assert not fit.failed.any()


def test_bound(benchmark) -> None:
    model, starts = particle()
    fit = fit_columns(model.image() + 1e-4, starts, sampling=SAMPLING)
    cramer_rao(fit, dose=DOSE)  # compiles
    benchmark.extra_info["columns"] = 333
    assert benchmark(cramer_rao, fit, dose=DOSE).notna().all(axis=None)


def test_finding(benchmark) -> None:
    model, _ = particle()
    image = counted(model, 1, DOSE)[0]
    find_columns(image)  # compiles
    benchmark.extra_info["columns"] = 333
    assert len(benchmark(find_columns, image)) == 333


@pytest.mark.parametrize("way", ["fronts", "superlu"])
def test_factor_of_2500_columns(benchmark, way: str) -> None:
    """Factor and one solution of the normal equations against scipy's sparse LU."""
    from scipy.sparse import csc_array
    from scipy.sparse.linalg import splu

    from fitting.bounds.cramer_rao import fisher_information
    from fitting.engine.factor import Factor

    model, _ = lattice(50)
    columns, stored = fisher_information(model, DOSE * SAMPLING**2)
    layout = columns.layout
    held = np.zeros(layout.n_parameters, dtype=np.int64)
    undamped = np.zeros(layout.n_parameters)
    sparse = csc_array(layout.dense(stored))
    right = np.random.default_rng(3).normal(size=layout.n_parameters)

    def fronts() -> np.ndarray:
        factor, solution = Factor(layout), right.copy()
        assert factor.of(stored, held, undamped) == -1
        factor.solve(solution)
        return solution

    def superlu() -> np.ndarray:
        return splu(sparse, permc_spec="MMD_AT_PLUS_A", options={"SymmetricMode": True}).solve(
            right
        )

    benchmark.extra_info["columns"] = 2500
    np.testing.assert_allclose(fronts(), superlu(), rtol=1e-6)  # compiles
    benchmark(fronts if way == "fronts" else superlu)


@pytest.mark.parametrize("way", ["selected", "dense"])
def test_sandwich_errors_of_400_columns(benchmark, way: str) -> None:
    """Covariance blocks of all columns against the dense inverse."""
    from fitting.bounds.cramer_rao import fisher_information
    from fitting.engine.information import column_covariance

    model, _ = lattice(20)
    columns, stored = fisher_information(model, DOSE * SAMPLING**2)
    layout, variance = columns.layout, columns.normal_matrix()

    def dense() -> np.ndarray:
        inverse = np.linalg.inv(layout.dense(stored))
        return np.diag(inverse @ layout.dense(variance) @ inverse)[layout.index[:, 0]]

    def selected() -> np.ndarray:
        blocks, _ = column_covariance(columns, stored, variance=variance)
        return blocks[layout.order, 0, 0]

    benchmark.extra_info["columns"] = 400
    np.testing.assert_allclose(selected(), dense(), rtol=1e-9)  # compiles
    benchmark(selected if way == "selected" else dense)


@pytest.mark.parametrize("errors", ["poisson", "sandwich"])
@pytest.mark.parametrize("n", [32, 64, 100])
def test_growth_with_the_number_of_columns(benchmark, n: int, errors: str) -> None:
    """1 024, 4 096 and 10 000 columns, errors of a known dose and from the residual."""
    _fit_lattice(benchmark, n, dose=DOSE if errors == "poisson" else None, rounds=2)


def test_160000_columns(benchmark) -> None:
    """A 4k x 4k image in one piece; `peak_gib` is the largest memory of the process so far."""
    from psutil import Process

    _fit_lattice(benchmark, 400, dose=DOSE, rounds=1)
    memory = Process().memory_info()
    benchmark.extra_info["peak_gib"] = getattr(memory, "peak_wset", _peak_bytes()) / 2**30


def _peak_bytes() -> float:
    from resource import RUSAGE_SELF, getrusage

    return 1024.0 * getrusage(RUSAGE_SELF).ru_maxrss


def _fit_lattice(benchmark, n: int, *, dose: float | None, rounds: int) -> None:
    model, starts = lattice(n)
    image = counted(model, 1, DOSE)[0]
    small, few = lattice(4)
    fit_columns(small.image(), few, sampling=SAMPLING, dose=dose)  # compiles
    benchmark.extra_info["columns"] = n * n
    fit = benchmark.pedantic(
        fit_columns, (image, starts), {"sampling": SAMPLING, "dose": dose}, rounds=rounds
    )
    assert not fit.failed.any()
    assert np.isfinite(fit.table["scs_err"]).all()


def test_finding_10000_columns(benchmark) -> None:
    model, _ = lattice(100)
    image = counted(model, 1, 10 * DOSE)[0]  # the thinnest columns above five standard errors
    find_columns(image[:200, :200])  # compiles
    benchmark.extra_info["columns"] = 10_000
    assert len(benchmark.pedantic(find_columns, (image,), rounds=1)) == 10_000
