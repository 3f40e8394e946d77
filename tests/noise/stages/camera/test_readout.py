"""Thermal, flicker and reset noise against their covariance."""

import math

import numpy as np
import pytest

from noise.stages.camera.readout import (
    ReadoutNoise,
    add_flicker,
    add_reset,
    add_thermal,
    flicker_gain,
)
from stembench.errors import InputError

K = 5  # standard errors allowed by every tolerance below


class TestReadout:
    def test_thermal_noise_is_white(self) -> None:
        n, sigma = 160_000, 3.0
        out = add_thermal(np.zeros((400, 400)), np.random.default_rng(6), sigma=sigma)
        assert abs(out.var() - sigma**2) < K * sigma**2 * math.sqrt(2 / n)
        assert abs((out[:, 1:] * out[:, :-1]).mean()) < K * sigma**2 / math.sqrt(n - 400)

    @pytest.mark.parametrize("shape", [(16, 16), (15, 17), (8, 1), (1, 9)])
    def test_flicker_covariance_is_the_transform_of_the_squared_gain(
        self, shape: tuple[int, int]
    ) -> None:
        draws, sigma = 3000, 2.0
        rng = np.random.default_rng(7)
        zero = np.zeros(shape)
        noise = np.array([add_flicker(zero, rng, sigma=sigma) for _ in range(draws)])
        covariance = sigma**2 * np.fft.irfft2(flicker_gain(shape) ** 2, s=shape)
        assert covariance[0, 0] == pytest.approx(sigma**2)
        for y, x in ((0, 0), (0, 1), (1, 0), (1, 2), (3, 3)):
            expected = covariance[y % shape[0], x % shape[1]]
            measured = (noise[:, 0, 0] * noise[:, y % shape[0], x % shape[1]]).mean()
            # One product a draw, Isserlis: (C_00² + C_yx²) / n.
            stderr = math.sqrt((sigma**4 + expected**2) / draws)
            assert abs(measured - expected) < K * stderr
        if min(shape) > 8:  # negative control: white noise has no covariance
            assert (noise[:, 0, 0] * noise[:, 0, 1]).mean() > K * sigma**2 / math.sqrt(draws)

    def test_flicker_power_falls_with_the_square_of_the_frequency(self) -> None:
        gain = flicker_gain((64, 64))
        assert gain[0, 0] == 0
        assert gain[0, 4] / gain[0, 1] == pytest.approx(1 / 4)
        assert gain[3, 4] / gain[0, 5] == pytest.approx(1.0)

    def test_reset_noise_is_one_value_per_row(self) -> None:
        rows, sigma = 20_000, 1.4
        out = add_reset(np.zeros((rows, 3)), np.random.default_rng(8), sigma=sigma)
        assert (np.ptp(out, axis=1) == 0).all()
        assert abs(out[:, 0].var() - sigma**2) < K * sigma**2 * math.sqrt(2 / rows)
        assert np.ptp(out[:, 0]) > 0

    def test_impossible_parameters_are_named(self) -> None:
        with pytest.raises(InputError, match="readout"):
            ReadoutNoise(sigma=math.inf)
