"""Algebra of strips and derivatives of the posterior against dense and finite differences."""

import numpy as np
import pytest

from fitting.scan.posterior.priors import LineStatistics, Priors
from fitting.scan.posterior.scene import Order, Scene, Unknowns, Windows
from fitting.scan.posterior.strips import Factor, Strips
from tests.fitting.map_fit import ar1_covariance

ROWS, COLS = 24, 30


def strips(rng, number=4, size=5, shared=3):
    """Positive definite matrix in strips and the same one dense."""
    width = number * size + shared
    root = np.tril(rng.normal(size=(width, width)))
    for strip in range(number):
        low = max(strip - 1, 0) * size
        root[strip * size : (strip + 1) * size, :low] = 0.0
    dense = root @ root.T + 0.5 * np.eye(width)
    inner = number * size
    out = Strips.zeros(number, size, shared=shared)
    blocks = dense[:inner, :inner].reshape(number, size, number, size)
    for strip in range(number):
        out.diagonal[strip] = blocks[strip, :, strip]
        if strip + 1 < number:
            out.below[strip] = blocks[strip + 1, :, strip]
    out.border[:] = dense[:inner, inner:].reshape(number, size, shared)
    out.corner[:] = dense[inner:, inner:]
    return out, dense


def test_strips_against_dense_algebra():
    rng = np.random.default_rng(0)
    matrix, dense = strips(rng)
    np.testing.assert_allclose(matrix.dense(), dense, atol=1e-12)
    vector = rng.normal(size=len(dense))
    parts = vector[:-3].reshape(4, 5), vector[-3:]
    found = np.concatenate([part.ravel() for part in matrix.times(*parts)])
    np.testing.assert_allclose(found, dense @ vector, atol=1e-10)
    factor = Factor.of(matrix)
    found = np.concatenate([part.ravel() for part in factor.solve(*parts)])
    np.testing.assert_allclose(found, np.linalg.solve(dense, vector), atol=1e-9)
    assert factor.log_determinant() == pytest.approx(np.linalg.slogdet(dense)[1], abs=1e-10)
    inverse, exact = factor.inverse(), np.linalg.inv(dense)
    for strip in range(4):
        here = slice(5 * strip, 5 * strip + 5)
        np.testing.assert_allclose(inverse.diagonal[strip], exact[here, here], atol=1e-9)
        np.testing.assert_allclose(inverse.border[strip], exact[here, -3:], atol=1e-9)
        if strip < 3:
            after = slice(5 * strip + 5, 5 * strip + 10)
            np.testing.assert_allclose(inverse.below[strip], exact[after, here], atol=1e-9)
    np.testing.assert_allclose(inverse.corner, exact[-3:, -3:], atol=1e-9)


def posterior(rng, height):
    """Scene, priors and a place away from the peak; strips of the height [px]."""
    x, y = np.meshgrid([3.0, 11.0, 19.0, 27.0], [2.0, 10.0, 18.0])
    places = np.stack([x.ravel(), y.ravel()], axis=1)
    columns = np.zeros((len(places), 4))
    columns[:, :2] = places
    columns[:, 2] = 80.0
    shared = np.array([np.log(2.0), np.log(1.8), -2.0, 1.0])
    windows = Windows.around(places, (ROWS, COLS), shifts=np.zeros((1, 2)), reach=7.0)
    scene = Scene(
        counts=rng.poisson(20.0, (1, ROWS, COLS)).astype(float),
        used=(rng.random((1, ROWS, COLS)) > 0.1).astype(float),
        floor=2.0,
        variance=None,
        light=windows,
        information=windows,
        order=Order.along(places[:, 1], np.arange(float(ROWS)), height=height, rows=ROWS),
    )
    priors = Priors(
        x=LineStatistics(0.4, 0.6), y=LineStatistics(0.3, 0.2), columns=columns.copy(),
        columns_precision=np.tile([0.1, 0.1, 1e-3, 900.0], (len(places), 1)),
        shared=shared.copy(), shared_precision=np.array([0.0, 70.0, 2.0, 0.0]),
    )  # fmt: skip
    at = Unknowns(columns, np.zeros((1, ROWS, 2)), shared).moved(
        rng.normal(size=columns.shape) * [0.3, 0.3, 5.0, 0.02],
        rng.normal(size=(ROWS, 2)) * 0.4,
        np.array([0.02, 0.05, 0.1, 0.2]),
    )
    return scene, priors, at


def flat(columns, lines, shared):
    return np.concatenate([columns.ravel(), lines.ravel(), shared])


def moved(at, vector):
    n = at.columns.size
    return Unknowns(
        at.columns + vector[:n].reshape(-1, 4),
        at.lines + vector[n : n + 2 * ROWS].reshape(1, ROWS, 2),
        at.shared + vector[n + 2 * ROWS :],
    )


def places_in_strips(order, shared):
    """Where each unknown of `flat` stands in the dense matrix."""
    columns = (order.columns @ [order.size, 1])[:, None] + np.arange(4)
    lines = (order.lines @ [order.size, 1])[:, None] + np.arange(2)
    return flat(columns, lines, order.strips * order.size + np.arange(shared))


@pytest.mark.parametrize("height", [50.0, 12.0])
def test_gradient_and_information_against_finite_differences(height):
    scene, priors, at = posterior(np.random.default_rng(1), height)
    step, axes = 1e-5, np.eye(at.columns.size + 2 * ROWS + 4)

    def cost(vector):
        there = moved(at, vector)
        return scene.cost(scene.expected(there)) + priors.cost_and_gradient(there)[0]

    expected = scene.expected(at)
    of_prior = priors.cost_and_gradient(at)[1]
    found = flat(*(a + b for a, b in zip(scene.gradient(at, expected), of_prior, strict=True)))
    slopes = np.array([(cost(-step * e) - cost(step * e)) / (2 * step) for e in axes])
    np.testing.assert_allclose(found, slopes, atol=2e-6 * np.abs(slopes).max())

    light = np.array(
        [
            (scene.expected(moved(at, step * e)) - scene.expected(moved(at, -step * e))).ravel()
            for e in axes
        ]
    ) / (2 * step)  # fmt: skip
    exact = (light * scene.weight(expected).ravel()) @ light.T
    n = at.columns.size
    exact[range(n), range(n)] += priors.columns_precision.ravel()
    for axis, lines in enumerate((priors.x, priors.y)):
        own = n + axis + 2 * np.arange(ROWS)
        covariance = ar1_covariance(ROWS, sigma=lines.sigma, phi=lines.phi)
        inner = np.linalg.inv(covariance)
        exact[np.ix_(own, own)] += inner
    exact[range(-4, 0), range(-4, 0)] += priors.shared_precision
    matrix = scene.fisher(at, scene.weight(expected))
    priors.add_to(matrix, at, order=scene.order)
    where = places_in_strips(scene.order, 4)
    dense = matrix.dense()[np.ix_(where, where)]
    scale = np.sqrt(np.outer(np.diag(exact), np.diag(exact)))
    assert (np.abs(dense - exact) / scale).max() < 1e-6
