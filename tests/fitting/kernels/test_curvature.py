"""Gradient and second derivatives of the cost against finite differences of the dense model."""

from dataclasses import replace

import numpy as np
import pytest

from tests.fitting.kernels.scenes import columns_of, dense, model_of, numbers_of

_FIELDS = ("x", "y", "height", "sigma")


def score_of(model):
    """Residual of a noisy image, which the derivatives are projected on."""
    return np.random.default_rng(6).normal(0, 0.05, model.shape)


@pytest.mark.parametrize("pixel", ["sampled", "integrated"])
@pytest.mark.parametrize("width", ["shared", "species", "column", "fixed"])
@pytest.mark.parametrize("background", [(), (0.02,), (0.02, 3e-4, -2e-4)])
def test_gradient_is_the_projection_on_the_dense_derivatives(pixel, width, background):
    model = model_of(width, background, pixel=pixel)
    score = score_of(model)
    columns = columns_of(model)
    gradient, _ = columns.derivatives(score)
    expected = np.empty_like(gradient)
    expected[numbers_of(columns.layout, model)] = model.jacobian().T @ score.ravel()
    np.testing.assert_allclose(gradient, expected, rtol=1e-6, atol=1e-6 * np.abs(expected).max())
    turned, _ = columns.derivatives(score[::-1].copy())
    assert np.abs(turned - expected).max() > 1e-3 * np.abs(expected).max()  # negative control


def changed(model, column, changes):
    values = {}
    for name, change in changes.items():
        value = getattr(model, name).copy()
        value[column] += change
        values[name] = value
    return replace(model, **values)


def finite_differences(model, column, score):
    """Σ score ∂²f of one column by central differences, (4, 4)."""
    step = 1e-3
    out = np.empty((4, 4))
    for a, first in enumerate(_FIELDS):
        for b, second in enumerate(_FIELDS):
            total = 0.0
            for s in (-1, 1):
                for t in (-1, 1):
                    changes = {first: s * step}
                    changes[second] = changes.get(second, 0.0) + t * step
                    total += s * t * np.sum(score * changed(model, column, changes).image())
            out[a, b] = total / (4 * step**2)
    return out


@pytest.mark.parametrize("pixel", ["sampled", "integrated"])
def test_second_derivatives_are_those_of_finite_differences(pixel):
    model = model_of("column", pixel=pixel)
    score = score_of(model)
    columns = columns_of(model)
    _, second = columns.derivatives(score)
    by_caller = np.empty_like(second)
    by_caller[columns.layout.order] = second
    for column in (0, 4, 7):
        expected = finite_differences(model, column, score)
        error = 1e-4 * np.abs(expected).max()
        np.testing.assert_allclose(by_caller[column], expected, atol=error)
        beside = by_caller[(column + 1) % 9]
        assert np.abs(beside - expected).max() > 100 * error  # negative control


def test_the_newton_matrix_is_the_hessian_of_the_cost_where_that_is_convex():
    """Least squares: JᵀJ minus the residual's second derivatives, by column."""
    model = model_of("column")
    score = 0.02 * score_of(model)
    columns = columns_of(model)
    layout = columns.layout
    matrix = columns.normal_matrix()
    held = np.zeros(layout.n_parameters, dtype=np.int64)
    _, second = columns.derivatives(score)
    newton = dense(layout, columns.newton_matrix(matrix, second, held))
    expected = dense(layout, matrix)
    for n in range(9):
        numbers = layout.index[n]
        expected[np.ix_(numbers, numbers)] -= second[n]
    np.testing.assert_allclose(newton, expected, atol=1e-12 * np.abs(expected).max())
    assert np.abs(newton - dense(layout, matrix)).max() > 1e-6  # negative control


def test_second_derivatives_are_left_out_where_the_cost_is_not_convex():
    model = model_of("column")
    columns = columns_of(model)
    layout = columns.layout
    matrix = columns.normal_matrix()
    held = np.zeros(layout.n_parameters, dtype=np.int64)
    second = np.zeros((9, 4, 4))
    second[4, 0, 0] = 10.0 * dense(layout, matrix)[layout.index[4, 0], layout.index[4, 0]]
    np.testing.assert_array_equal(columns.newton_matrix(matrix, second, held), matrix)
    # a third of it leaves a positive pivot, and is taken off whole
    less = dense(layout, columns.newton_matrix(matrix, second / 30, held))
    apart = dense(layout, matrix) - less
    assert apart[layout.index[4, 0], layout.index[4, 0]] == pytest.approx(second[4, 0, 0] / 30)
    assert np.count_nonzero(apart) == 1


def test_a_held_parameter_does_not_decide_on_convexity():
    model = model_of("column")
    columns = columns_of(model)
    layout = columns.layout
    matrix = columns.normal_matrix()
    second = np.zeros((9, 4, 4))
    place = layout.index[4, 0]
    second[4, 0, 0] = 10.0 * dense(layout, matrix)[place, place]
    held = np.zeros(layout.n_parameters, dtype=np.int64)
    held[place] = 1
    apart = matrix - columns.newton_matrix(matrix, second, held)
    assert np.count_nonzero(apart) == 1
