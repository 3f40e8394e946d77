"""Flyback against the closed form of a wave read at displaced places."""

import math

import numpy as np
import pytest

from noise.chain import distort
from noise.scan import ScanNoise
from noise.stages.additions.flyback import Flyback, settle
from stembench.errors import InputError


def wave(columns: np.ndarray, lines: int = 4) -> np.ndarray:
    return np.tile(0.5 + 0.3 * np.sin(2 * np.pi * columns / 16), (lines, 1))


class TestFlyback:
    @pytest.mark.parametrize("amplitude", [0.5, -0.5])
    def test_a_wave_is_read_where_the_beam_is(self, amplitude: float) -> None:
        columns = np.arange(80.0)
        flyback = Flyback(amplitude=amplitude, length=6.0)
        read = settle(wave(columns), flyback.displacement(columns) / 0.2)
        expected = wave(columns + amplitude / 0.2 * np.exp(-columns / 6.0))
        # A cubic spline through 16 samples a period errs by some 1e-4 of its amplitude; from its
        # mirror boundary the error falls by 0.27 a pixel.
        inner = np.s_[:, 9:70]
        assert read[inner] == pytest.approx(expected[inner], abs=2e-4)
        still = np.abs(read - wave(columns))  # negative control, and settled at the right
        assert still[:, 9].max() > 0.02
        assert still[:, 70:].max() < 2e-5

    def test_the_first_pixel_is_displaced_by_the_amplitude_and_falls_by_e(self) -> None:
        displacement = Flyback(amplitude=1.2, length=5.0).displacement(np.arange(-3.0, 12.0))
        assert displacement[:4] == pytest.approx(1.2)
        assert displacement[3 + 5] == pytest.approx(1.2 / math.e)

    def test_lines_start_at_the_frame_and_not_at_its_margin(self) -> None:
        columns = np.arange(-12.0, 72.0)
        clean = np.pad(wave(columns, 8), ((12, 12), (0, 0)), mode="edge")
        shot = distort(
            clean, [np.random.default_rng(1)], dose=1e10, sampling=0.2, margin=12,
            noise=ScanNoise(flyback=Flyback(amplitude=0.4, length=5.0)),
        )[0] / (1e10 * 0.04)  # fmt: skip
        inside = np.arange(60.0)
        expected = wave(inside + 2.0 * np.exp(-inside / 5.0), len(shot))
        # Counting scatters by 5e-5.
        assert shot == pytest.approx(expected, abs=5e-4)

    def test_no_pixel_falls_below_zero(self) -> None:
        image = np.zeros((2, 40))
        image[:, 6] = 1.0
        assert (
            settle(image, Flyback(amplitude=0.5, length=9.0).displacement(np.arange(40.0))).min()
            == 0
        )

    @pytest.mark.parametrize(
        ("build", "message"),
        [
            (lambda: Flyback(amplitude=math.inf, length=3.0), "amplitude must be finite"),
            (lambda: Flyback(amplitude=1.0, length=0.0), "flyback length"),
        ],
    )
    def test_impossible_parameters_are_named(self, build, message: str) -> None:
        with pytest.raises(InputError, match=message):
            build()
