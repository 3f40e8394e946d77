"""Displacement gradients of columns moved by a known map."""

import numpy as np
import pytest

from fitting.lattice.strain import displacement_gradients
from tests.records_factory import dislocated_columns

GRADIENT = np.array([[0.01, -0.02], [0.03, 0.005]])


@pytest.fixture
def columns():
    return dislocated_columns() / 0.2


def test_the_gradient_of_an_affine_map_is_found(columns):
    moved = columns @ (np.eye(2) + GRADIENT).T + np.array([1.0, 2.0])
    gradients = displacement_gradients(moved, columns, of=np.arange(10))
    np.testing.assert_allclose(gradients, np.broadcast_to(GRADIENT, gradients.shape), atol=1e-12)


def test_too_few_fitted_neighbours_give_nan(columns):
    moved = columns.copy()
    moved[1:] = np.nan
    assert np.isnan(displacement_gradients(moved, columns, of=np.arange(1))).all()


def test_neighbours_whose_fit_failed_are_left_out(columns):
    moved = columns @ (np.eye(2) + GRADIENT).T
    whole = displacement_gradients(moved, columns, of=np.arange(10))
    moved[::3] = np.nan
    some = displacement_gradients(moved, columns, of=np.array([1, 2, 4]))
    np.testing.assert_allclose(some, whole[[1, 2, 4]], atol=1e-12)
