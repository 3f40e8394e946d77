"""The skyline solver against scipy.linalg on random positive definite matrices."""

import numpy as np
import pytest
from scipy import linalg

from fitting.kernels import envelope


def skyline(rng, n, *, full_rows=3):
    """Random positive definite matrix with short rows and some full ones, dense and stored.

    Returns the dense matrix, its storage, and the places `at` and `first` of the storage.
    """
    first = np.maximum(0, np.arange(n) - rng.integers(0, 7, n))
    first[n - full_rows :] = 0
    lower = np.zeros((n, n))
    for r in range(n):
        lower[r, first[r] : r] = rng.normal(0, 0.3, r - first[r])
        lower[r, r] = rng.uniform(0.5, 2.0)
    matrix = lower @ lower.T
    length = np.arange(n) - first + 1
    at = np.cumsum(length) - length - first
    stored = np.concatenate([matrix[r, first[r] : r + 1] for r in range(n)])
    return matrix, stored, at.astype(np.int64), first.astype(np.int64)


def factorised(stored, at, first):
    factor = stored.copy()
    assert envelope.cholesky(factor, at, first) == -1
    return factor


def unpacked(stored, at, first):
    out = np.zeros((len(first), len(first)))
    for r in range(len(first)):
        out[r, first[r] : r + 1] = stored[at[r] + first[r] : at[r] + r + 1]
    return out


SIZES = [1, 4, 40]


@pytest.mark.parametrize("n", SIZES)
def test_factor_is_that_of_scipy(n):
    matrix, stored, at, first = skyline(np.random.default_rng(n), n, full_rows=min(n, 3))
    factor = unpacked(factorised(stored, at, first), at, first)
    np.testing.assert_allclose(factor, linalg.cholesky(matrix, lower=True), atol=1e-13)


def test_another_element_gives_another_factor():
    """Negative control of the comparison above."""
    matrix, stored, at, first = skyline(np.random.default_rng(5), 40)
    stored[at[39]] += 0.1  # element (39, 0)
    factor = unpacked(factorised(stored, at, first), at, first)
    assert np.abs(factor - linalg.cholesky(matrix, lower=True)).max() > 1e-3


@pytest.mark.parametrize("n", SIZES)
def test_solution_is_that_of_scipy(n):
    rng = np.random.default_rng(10 + n)
    matrix, stored, at, first = skyline(rng, n, full_rows=min(n, 3))
    right = rng.normal(size=n)
    solution = right.copy()
    envelope.solve(factorised(stored, at, first), at, first, solution)
    np.testing.assert_allclose(solution, linalg.solve(matrix, right, assume_a="pos"), rtol=1e-9)
    if n > 1:
        assert not np.allclose(solution, right / np.diag(matrix))  # negative control


@pytest.mark.parametrize(("begin", "end"), [(0, 40), (0, 5), (13, 21), (37, 40)])
def test_columns_of_the_inverse_are_those_of_scipy(begin, end):
    matrix, stored, at, first = skyline(np.random.default_rng(6), 40)
    out = np.empty((40, end - begin))
    envelope.inverse_columns(factorised(stored, at, first), at, first, begin, end, out)
    inverse = linalg.inv(matrix)
    np.testing.assert_allclose(out, inverse[:, begin:end], atol=1e-11)
    shifted = inverse[:, np.roll(np.arange(40), 1)][:, begin:end]
    assert np.abs(out - shifted).max() > 1e-3  # negative control


def test_product_leaves_out_held_parameters():
    rng = np.random.default_rng(7)
    matrix, stored, at, first = skyline(rng, 40)
    block = rng.normal(size=(40, 4))
    held = np.zeros(40, dtype=np.int64)
    held[[3, 20, 39]] = 1
    out = np.empty_like(block)
    envelope.multiply(stored, at, first, held, block, out)
    free = np.diag(1.0 - held)
    np.testing.assert_allclose(out, free @ matrix @ free @ block, atol=1e-12)
    assert np.abs(out - matrix @ block).max() > 1e-3  # negative control


def test_damping_multiplies_the_diagonal_and_cuts_held_parameters():
    matrix, stored, at, first = skyline(np.random.default_rng(8), 12)
    held = np.zeros(12, dtype=np.int64)
    held[5] = 1
    damping = np.linspace(0.0, 2.0, 12)
    out = np.empty_like(stored)
    envelope.damped(stored, at, first, held, damping, out)
    expected = matrix + np.diag(damping * np.diag(matrix))
    expected[5] = expected[:, 5] = 0.0
    expected[5, 5] = 1.0
    np.testing.assert_allclose(unpacked(out, at, first), np.tril(expected), atol=1e-14)


@pytest.mark.parametrize("row", [0, 7, 39])
def test_the_first_row_without_a_positive_pivot_is_named(row):
    matrix, stored, at, first = skyline(np.random.default_rng(9), 40)
    minor = linalg.inv(matrix[: row + 1, : row + 1])[-1, -1]
    lowered = stored.copy()
    lowered[at[row] + row] -= 1.001 / minor  # the pivot is one over this element
    assert envelope.cholesky(lowered, at, first) == row
    lowered[at[row] + row] = stored[at[row] + row] - 0.999 / minor
    assert envelope.cholesky(lowered, at, first) != row  # negative control


def test_a_parameter_that_repeats_an_earlier_one_counts_as_singular():
    matrix = np.array([[2.0, 1.0, 2.0], [1.0, 3.0, 1.0], [2.0, 1.0, 2.0 + 1e-15]])
    stored = matrix[np.tril_indices(3)]
    first = np.zeros(3, dtype=np.int64)
    at = np.array([0, 1, 3])
    assert envelope.cholesky(stored.copy(), at, first) == 2
