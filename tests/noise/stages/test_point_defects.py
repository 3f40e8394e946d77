"""Black pixels and zingers: density, response and clusters."""

import math

import numpy as np
import pytest
from scipy import ndimage

from noise.stages.point_defects import PointDefects, multiply_defects
from stembench.errors import InputError

K = 5  # standard errors allowed by every tolerance below


class TestPointDefects:
    def test_density_and_response(self) -> None:
        n, density = 1_000_000, 0.02
        defects = PointDefects(density=density, low=2.0, high=12.0)
        out = multiply_defects(
            np.full((1000, 1000), 3.0), np.random.default_rng(3), defects=defects
        )
        hit = out != 3.0
        # Poisson points spread uniformly: a pixel is missed with probability exp(-density).
        share = 1 - math.exp(-density)
        assert abs(hit.mean() - share) < K * math.sqrt(share * (1 - share) / n)
        response = out[hit] / 3.0
        assert abs(response.mean() - 7) < K * math.sqrt(100 / 12 / response.size)
        assert abs(response.mean() - 6.5) > K * math.sqrt(100 / 12 / response.size)  # control

    def test_two_random_steps_make_clusters_of_two_and_three_quarter_pixels(self) -> None:
        defects = PointDefects(density=1e-4, low=0.0, high=0.0, steps=2)
        shape = (3000, 3000)
        count = np.random.default_rng(4).poisson(1e-4 * shape[0] * shape[1])  # drawn first
        out = multiply_defects(np.ones(shape), np.random.default_rng(4), defects=defects)
        # The second step returns with probability 1/4: sites 2.75, standard deviation sqrt(3)/4.
        # Overlaps of clusters remove 1e-4 * 12 of them, the edge less: below one error.
        stderr = math.sqrt(3) / 4 / math.sqrt(count)
        sites = (out == 0).sum() / count
        assert abs(sites - 2.75) < K * stderr + 2.75 * 2e-3
        assert abs(sites - 3) > K * stderr + 2.75 * 2e-3  # negative control: no returns
        assert ndimage.label(out == 0)[1] <= count  # each cluster holds together

    def test_walks_stay_on_the_sensor(self) -> None:
        defects = PointDefects(density=1.0, low=0.0, high=0.0, steps=50)
        out = multiply_defects(np.ones((1, 1)), np.random.default_rng(1), defects=defects)
        assert out.shape == (1, 1)

    @pytest.mark.parametrize(
        ("build", "message"),
        [
            (lambda: PointDefects(density=1.5, low=0, high=1), "density"),
            (lambda: PointDefects(density=0.5, low=-1, high=1), "lowest"),
            (lambda: PointDefects(density=0.5, low=2, high=1), "highest"),
            (lambda: PointDefects(density=0.5, low=0, high=1, steps=-1), "steps"),
        ],
    )
    def test_impossible_parameters_are_named(self, build, message: str) -> None:
        with pytest.raises(InputError, match=message):
            build()
