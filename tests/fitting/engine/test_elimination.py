"""Elimination by a tree of fronts: dense twins, what a dissection must keep, equal fits."""

import numpy as np
import pytest

from fitting import ColumnModel, FitOptions, fit_columns
from fitting.engine import layout as layouts
from fitting.engine.columns import Columns
from fitting.engine.factor import Factor
from fitting.engine.information import column_covariance
from fitting.engine.layout import arrange, neighbours

N, SPACING, WIDTH = 13, 7.0, 1.8
KINDS = [
    ("shared", 1, True),
    ("species", 3, True),
    ("column", 1, True),
    ("fixed", 0, True),
    ("fixed", 1, False),
    ("column", 0, False),
]


@pytest.fixture(params=["chain", "dissected"])
def way(request, monkeypatch):
    """Columns one after another, or dissected into nodes of a few."""
    monkeypatch.setattr(layouts, "DISSECTED", 20 if request.param == "dissected" else 10**6)
    return request.param


def crystal(seed=0):
    """169 columns of three species, two far away and one beyond them all, and their image."""
    rng = np.random.default_rng(seed)
    places = np.array([(8 + SPACING * i, 7 + SPACING * j) for j in range(N) for i in range(N)])
    places += rng.uniform(-0.4, 0.4, places.shape)
    lonely = np.array([[150.0, 20.0], [155.0, 24.0], [150.0, 90.0]])
    places = np.concatenate([places, lonely])[rng.permutation(N * N + 3)]
    return ColumnModel(
        x=places[:, 0],
        y=places[:, 1],
        height=rng.uniform(0.1, 0.4, len(places)),
        sigma=np.full(len(places), WIDTH),
        shape=(104, 165),
        background=(0.02,),
        species=np.arange(len(places)) % 3,
    )


def columns_of(model, width, n_background, free):
    reach = 6.5 * WIDTH
    places = np.column_stack([model.x, model.y])
    layout = arrange(
        neighbours(places, reach=reach),
        reach=reach,
        positions_free=free,
        width=width,
        group=model.species if width == "species" else np.zeros(len(places), dtype=np.int64),
        n_background=n_background,
    )
    columns = Columns.placed(
        layout,
        image=np.zeros(model.shape),
        weight=np.ones(model.shape),
        x=model.x,
        y=model.y,
        width=model.sigma,
        height=model.height,
        background=np.zeros(3),
        widest=WIDTH,
        pixel="sampled",
    )
    columns.set_windows(6.5)
    return columns


def blocks_of(layout, matrix):
    """Blocks (n, 4, 4) of a dense matrix in the caller's order, NaN where nothing is free."""
    padded = np.pad(matrix, (0, 1), constant_values=np.nan)
    index = np.empty_like(layout.index)
    index[layout.order] = layout.index
    return padded[index[:, :, None], index[:, None, :]]


@pytest.mark.parametrize(("width", "n_background", "free"), KINDS)
def test_covariance_is_that_of_the_dense_twin(way, width, n_background, free):
    columns = columns_of(crystal(), width, n_background, free)
    layout = columns.layout
    assert (layout.nodes is not None) == (way == "dissected")
    rng = np.random.default_rng(1)
    stored = columns.normal_matrix()
    variance = columns.normal_matrix(rng.uniform(0.2, 2.0, columns.image.shape))
    held = np.zeros(layout.n_parameters, dtype=np.int64)
    held[rng.choice(layout.first_shared, 5, replace=False)] = 1
    if layout.n_parameters > layout.first_shared + 1:
        held[-1] = 1
    free_ones = np.flatnonzero(held == 0)
    inverse = np.full((layout.n_parameters,) * 2, np.nan)
    sandwich = inverse.copy()
    at = np.ix_(free_ones, free_ones)
    inverse[at] = np.linalg.inv(layout.dense(stored)[at])
    sandwich[at] = inverse[at] @ layout.dense(variance)[at] @ inverse[at]
    for given, dense in ((None, inverse), (variance, sandwich)):
        found, singular = column_covariance(columns, stored, held=held, variance=given)
        expected = blocks_of(layout, dense)
        assert not singular.any()
        np.testing.assert_array_equal(np.isnan(found), np.isnan(expected))
        known = ~np.isnan(expected)
        scale = np.sqrt(np.einsum("nii->ni", expected))
        scale = (scale[:, :, None] * scale[:, None, :])[known]
        assert np.abs((found - expected)[known] / scale).max() < 1e-10
    # negative control: coupling counts
    alone = np.linalg.inv(np.diag(np.diag(layout.dense(stored)[at])))
    assert np.abs(np.diag(alone) / np.diag(inverse[at]) - 1).max() > 0.01


@pytest.mark.parametrize(("width", "n_background", "free"), KINDS)
def test_damped_solution_is_that_of_the_dense_twin(width, n_background, free, monkeypatch):
    monkeypatch.setattr(layouts, "DISSECTED", 20)
    columns = columns_of(crystal(), width, n_background, free)
    layout, rng = columns.layout, np.random.default_rng(2)
    stored = columns.normal_matrix()
    held = (rng.uniform(size=layout.n_parameters) < 0.05).astype(np.int64)
    damping = rng.uniform(0, 0.5, layout.n_parameters)
    dense = layout.dense(stored)
    dense[np.diag_indices(len(dense))] *= 1 + damping
    dense[held == 1], dense[:, held == 1] = 0.0, 0.0
    dense[held == 1, held == 1] = 1.0
    right = rng.normal(size=layout.n_parameters)
    solution = right.copy()
    factor = Factor(layout)
    assert factor.of(stored, held, damping) == -1
    factor.solve(solution)
    expected = np.linalg.solve(dense, right)
    scale = np.sqrt(np.diag(np.linalg.inv(dense)))
    assert np.abs((solution - expected) / scale).max() < 1e-10
    other = np.linalg.solve(layout.dense(stored), right)
    assert np.abs((other - expected) / scale).max() > 0.01  # negative control


def test_a_pivot_that_is_not_positive_is_named(monkeypatch):
    monkeypatch.setattr(layouts, "DISSECTED", 20)
    columns = columns_of(crystal(), "shared", 1, True)
    layout, stored = columns.layout, columns.normal_matrix()
    nothing = np.zeros(layout.n_parameters)
    factor = Factor(layout)
    dense = layout.dense(stored)
    pivots = np.diag(np.linalg.cholesky(dense)) ** 2
    lost = 1 - pivots / np.diag(dense)  # to earlier ones; a diagonal below 0 would count as held
    for bad in np.argsort(-lost)[:3]:
        for part in (1 + lost[bad] / 2, 0.99):
            spoiled = stored.copy()
            spoiled[layout.diagonal[bad]] -= part * pivots[bad]
            found = factor.of(spoiled, np.zeros_like(layout.diagonal), nothing)
            assert (found == bad) == (part > 1)


def test_separators_separate(monkeypatch):
    """No column couples with one that is neither in a node above it nor below it."""
    monkeypatch.setattr(layouts, "DISSECTED", 20)
    layout = columns_of(crystal(), "shared", 1, True).layout
    assert sorted(layout.order) == list(range(len(layout.order)))
    first, parent = layout.nodes
    node = np.searchsorted(first, np.arange(len(layout.order)), side="right") - 1
    above = [{k} for k in range(len(parent))]
    for k in range(len(parent) - 1, -1, -1):
        assert parent[k] == -1 or parent[k] > k
        if parent[k] >= 0:
            above[k] |= above[parent[k]]
    high = np.repeat(np.arange(len(layout.order)), np.diff(layout.pair_at))
    assert all(node[a] in above[node[b]] for a, b in zip(high, layout.pairs, strict=True))
    assert len(parent) > 8
    # negative control: in another order they do not
    turned = np.random.default_rng(0).permutation(node)
    assert not all(turned[a] in above[turned[b]] for a, b in zip(high, layout.pairs, strict=True))


@pytest.mark.parametrize(
    "options",
    [
        FitOptions(),
        FitOptions(width="column", background="plane"),
        FitOptions(estimator="poisson"),
        FitOptions(width="species", background="none"),
    ],
    ids=["shared", "column", "poisson", "species"],
)
def test_dissected_fits_are_those_by_envelope(options, monkeypatch):
    model = crystal(3)
    image = np.random.default_rng(4).poisson(model.image() * 800) / 800
    image[30:33, 40:44] = np.nan
    starts = np.round(np.column_stack([model.x, model.y]))
    tables = []
    for most in (10**6, 20):
        monkeypatch.setattr(layouts, "DISSECTED", most)
        fit = fit_columns(
            image, starts, sampling=0.2, dose=2e4, options=options, species=model.species
        )
        tables.append(fit.table)
    assert tables[0]["flags"].equals(tables[1]["flags"])
    for name in ("x", "y", "scs", "x_err", "scs_err"):
        np.testing.assert_allclose(tables[0][name], tables[1][name], rtol=1e-10)
    assert tables[0]["x_err"].notna().mean() > 0.9
