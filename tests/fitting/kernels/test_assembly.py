"""The assembled normal matrix against JᵀWJ of the dense derivatives."""

import numpy as np
import pytest

from tests.fitting.kernels.scenes import columns_of, dense, model_of, numbers_of

# windows end 6.5 widths from a column, where a derivative has fallen to 1e-8 of its largest
TRUNCATION = 1e-7


def dense_normal_matrix(model, layout, weight):
    """JᵀWJ in the kernels' order of parameters."""
    jacobian = model.jacobian()
    numbers = numbers_of(layout, model)
    out = np.zeros((len(numbers), len(numbers)))
    out[np.ix_(numbers, numbers)] = jacobian.T @ (jacobian * weight.ravel()[:, None])
    return out


def scaled(matrix, by):
    """`matrix` in units of the geometric mean of `by`'s diagonal elements."""
    scale = np.sqrt(np.diag(by))
    return matrix / np.outer(scale, scale)


@pytest.mark.parametrize("pixel", ["sampled", "integrated"])
@pytest.mark.parametrize("width", ["shared", "species", "column", "fixed"])
@pytest.mark.parametrize("background", [(), (0.02,), (0.02, 3e-4, -2e-4)])
@pytest.mark.parametrize("free", [True, False])
@pytest.mark.parametrize("weighting", ["every pixel", "weighted", "masked"])
def test_normal_matrix_is_that_of_the_dense_derivatives(pixel, width, background, free, weighting):
    model = model_of(width, background, pixel=pixel, positions_free=free)
    rng = np.random.default_rng(4)
    valid = weight = None
    expected_weight = np.ones(model.shape)
    if weighting == "weighted":
        weight = expected_weight = rng.uniform(0.1, 2.0, model.shape)
    elif weighting == "masked":
        valid = np.ones(model.shape, dtype=bool)
        valid[2:6, 3:8] = False
        expected_weight = valid.astype(float)
    columns = columns_of(model, valid=valid)
    assembled = dense(columns.layout, columns.normal_matrix(weight))
    expected = dense_normal_matrix(model, columns.layout, expected_weight)
    np.testing.assert_allclose(scaled(assembled, expected), scaled(expected, expected),
                               atol=TRUNCATION)  # fmt: skip
    # negative control: another weight is told apart
    other = expected_weight.copy()
    other[12, 14] += 0.5
    apart = scaled(dense_normal_matrix(model, columns.layout, other) - expected, expected)
    assert np.abs(apart).max() > 100 * TRUNCATION


def test_a_mask_far_from_a_column_does_not_weigh_its_sums():
    """Only columns near masked pixels are summed pixel by pixel."""
    model = model_of(shape=(26, 90))
    valid = np.ones(model.shape, dtype=bool)
    valid[10, 80] = False
    columns = columns_of(model, valid=valid)
    assert columns.dirty.sum() == 0
    expected = dense_normal_matrix(model, columns.layout, valid.astype(float))
    assembled = dense(columns.layout, columns.normal_matrix())
    np.testing.assert_allclose(scaled(assembled, expected), scaled(expected, expected),
                               atol=TRUNCATION)  # fmt: skip
    valid[10, 20] = False
    assert columns_of(model, valid=valid).dirty.sum() > 3
