"""Work of a scan fit: it grows with the number of lines and columns, and not faster."""

import numpy as np
import pytest

from fitting.scan.posterior.priors import LineStatistics, Priors
from fitting.scan.posterior.scene import Order, Scene, Unknowns, Windows
from fitting.scan.posterior.strips import Factor

COLS, GAP, REACH, SLACK = 40, 10.0, 7.0, 3.0


def factored(rows: int, *, height: float | None = None) -> Factor:
    """Factor of the posterior of a square lattice on so many lines."""
    x, y = np.meshgrid(np.arange(5.0, COLS, GAP), np.arange(5.0, rows, GAP))
    columns = np.zeros((x.size, 4))
    columns[:, 0], columns[:, 1], columns[:, 2] = x.ravel(), y.ravel(), 50.0
    places, shape = columns[:, :2], (rows, COLS)
    windows = Windows.around(places, shape, shifts=np.zeros((1, 2)), reach=REACH)
    height = 2 * (REACH + SLACK) if height is None else height
    scene = Scene(
        counts=np.ones((1, *shape)), used=np.ones((1, *shape)), floor=1.0, variance=None,
        light=windows, information=windows,
        order=Order.along(places[:, 1], np.arange(float(rows)), height=height, rows=rows),
    )  # fmt: skip
    at = Unknowns(columns, np.zeros((1, rows, 2)), np.array([np.log(2.0), 0.6, -2.0, 1.0]))
    priors = Priors(
        x=LineStatistics(0.4, 0.6), y=LineStatistics(0.4, 0.6), columns=columns,
        columns_precision=np.full(columns.shape, 0.1), shared=at.shared,
        shared_precision=np.ones(4),
    )  # fmt: skip
    matrix = scene.fisher(at, scene.weight(scene.expected(at)))
    priors.add_to(matrix, at, order=scene.order)
    return Factor.of(matrix)


def work(factor: Factor) -> int:
    """Multiplications of the factorization of a band, which its inverse takes twice."""
    unknowns, width = factor.band.shape
    return unknowns * (width - 1) ** 2


@pytest.mark.parametrize("times", [2, 4])
def test_work_grows_with_the_lines(times: int) -> None:
    one, more = factored(100), factored(100 * times)
    assert more.band.shape[0] - 4 == pytest.approx(times * (one.band.shape[0] - 4), rel=0.02)
    assert work(more) == pytest.approx(times * work(one), rel=0.05)


def test_one_strip_of_all_lines_has_the_band_as_well() -> None:
    """Unknowns are sorted along the slow axis: it is not the strips that keep the band narrow."""
    assert factored(100, height=1000.0).band.shape == factored(100).band.shape


def test_the_band_holds_what_shares_a_pixel_and_no_more() -> None:
    """4 parameters of 4 columns each 10 lines and 2 of each line: 3.6 a line, over 2 reaches."""
    factor = factored(400)
    lines = 2 * (REACH + SLACK)
    assert factor.band.shape == (
        400 * 2 + 40 * 4 * 4,
        pytest.approx(3.6 * lines, rel=0.3),
    )
