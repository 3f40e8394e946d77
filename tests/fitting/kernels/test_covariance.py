"""Covariance blocks against numpy.linalg on the dense matrices."""

import numpy as np
import pytest

from fitting.engine.information import column_covariance
from tests.fitting.kernels.scenes import columns_of, dense, model_of


def matrices(model):
    """Columns, an information and a variance matrix, stored."""
    columns = columns_of(model)
    weight = np.random.default_rng(8).uniform(0.2, 2.0, model.shape)
    return columns, columns.normal_matrix(), columns.normal_matrix(weight)


def dense_blocks(columns, covariance):
    """Blocks (n, 4, 4) of a dense covariance, NaN where a parameter is not free."""
    padded = np.pad(covariance, (0, 1), constant_values=np.nan)
    index = np.empty_like(columns.layout.index)
    index[columns.layout.order] = columns.layout.index
    return padded[index[:, :, None], index[:, None, :]]


@pytest.mark.parametrize("width", ["shared", "species", "column", "fixed"])
@pytest.mark.parametrize("background", [(), (0.02, 3e-4, -2e-4)])
@pytest.mark.parametrize("free", [True, False])
def test_inverse_and_sandwich_are_those_of_numpy(width, background, free):
    columns, information, variance = matrices(model_of(width, background, positions_free=free))
    layout = columns.layout
    inverse = np.linalg.inv(dense(layout, information))
    sandwich = inverse @ dense(layout, variance) @ inverse
    plain, singular = column_covariance(columns, information)
    assert not singular.any()
    np.testing.assert_allclose(plain, dense_blocks(columns, inverse), rtol=1e-8)
    robust, _ = column_covariance(columns, information, variance=variance)
    np.testing.assert_allclose(robust, dense_blocks(columns, sandwich), rtol=1e-8)
    assert not np.allclose(plain, robust, rtol=1e-3, equal_nan=True)  # negative control


def test_more_columns_than_are_solved_together():
    """Right-hand sides go in groups of sixteen columns."""
    rng = np.random.default_rng(9)
    places = np.array([(6.0 + 8.0 * i, 6.0 + 8.0 * j) for j in range(6) for i in range(6)])
    model = model_of(
        "column",
        x=places[:, 0],
        y=places[:, 1],
        height=rng.uniform(0.05, 0.4, 36),
        sigma=rng.uniform(2.1, 2.9, 36),
        shape=(52, 52),
    )
    columns, information, _ = matrices(model)
    inverse = np.linalg.inv(dense(columns.layout, information))
    blocks, _ = column_covariance(columns, information)
    np.testing.assert_allclose(blocks, dense_blocks(columns, inverse), rtol=1e-7)


def test_held_parameters_are_known_and_have_no_error():
    columns, information, variance = matrices(model_of("shared"))
    layout = columns.layout
    held = np.zeros(layout.n_parameters, dtype=np.int64)
    held[[0, layout.first_shared, layout.n_parameters - 1]] = 1
    keep = held == 0
    inverse = np.full((len(held), len(held)), np.nan)
    part = np.linalg.inv(dense(layout, information)[np.ix_(keep, keep)])
    inverse[np.ix_(keep, keep)] = part
    blocks, singular = column_covariance(columns, information, held=held)
    np.testing.assert_allclose(blocks, dense_blocks(columns, inverse), rtol=1e-8)
    assert not singular.any()  # a bound is no lack of information
    inverse[np.ix_(keep, keep)] = part @ dense(layout, variance)[np.ix_(keep, keep)] @ part
    blocks, _ = column_covariance(columns, information, held=held, variance=variance)
    np.testing.assert_allclose(blocks, dense_blocks(columns, inverse), rtol=1e-8)


def test_a_parameter_without_information_makes_its_column_singular():
    """The position of a column of no height; the other columns are as if it were held."""
    model = model_of("fixed")
    height = model.height.copy()
    height[4] = 0.0
    columns, information, _ = matrices(model_of("fixed", height=height))
    blocks, singular = column_covariance(columns, information)
    assert singular.tolist() == [n == 4 for n in range(9)]
    assert np.isnan(blocks[4, :2]).all()
    assert np.isfinite(blocks[4, 2, 2])
    assert np.isfinite(np.delete(blocks, 4, axis=0)[:, :3, :3]).all()
