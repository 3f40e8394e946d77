"""Row lines against the formulas of their number, place and factor."""

import math

import numpy as np
import pytest

from noise.stages.row_lines import RowLines, replace_row_lines
from stembench.errors import InputError

K = 5  # standard errors allowed by every tolerance below


class TestRowLines:
    @pytest.mark.parametrize("column", [0, 5, 30])
    def test_covered_share_is_that_of_uniform_poisson_starts(self, column: int) -> None:
        rows, width, length, rate = 60_000, 40, 12, 0.5
        lines = RowLines(rate=rate, shortest=length, longest=length)
        out = replace_row_lines(np.ones((rows, width)), np.random.default_rng(1), row_lines=lines)
        # Pieces over one pixel: Poisson of mean rate times the starts that reach it over width.
        covered = 1 - math.exp(-rate * min(column + 1, length) / width)
        stderr = math.sqrt(covered * (1 - covered) / rows)  # n = 60 000 independent rows
        assert abs((out[:, column] != 1).mean() - covered) < K * stderr
        wrong = 1 - math.exp(-rate * length)  # negative control: as if all starts reached it
        assert abs((out[:, column] != 1).mean() - wrong) > K * stderr

    def test_factors_are_uniform_and_keep_the_flux_on_average(self) -> None:
        lines = RowLines(rate=0.02, shortest=1, longest=1)
        image = np.full((200_000, 8), 7.0)
        out = replace_row_lines(image, np.random.default_rng(2), row_lines=lines)
        factors = out[out != 7.0] / 7.0
        n = factors.size
        assert 3000 < n < 5000
        assert factors.min() >= 0.5
        assert factors.max() <= 1.5
        # Uniform on [0.5, 1.5]: mean 1, variance 1/12, fourth central moment 1/80. A second hit of
        # one pixel has probability rate/16 = 1e-3 and is far below these errors.
        assert abs(factors.mean() - 1) < K * math.sqrt(1 / 12 / n)
        stderr = math.sqrt((1 / 80 - 1 / 144) / n)
        assert abs(factors.var() - 1 / 12) < K * stderr
        assert abs(factors.var() - 1 / 3) > K * stderr  # negative control: not on [0, 2]

    def test_a_piece_is_its_mean_times_a_factor(self) -> None:
        image = np.arange(1.0, 31.0).reshape(1, 30)
        lines = RowLines(rate=1.0, shortest=30, longest=30)
        for seed in range(40):
            # The stage draws the number of pieces first: take the images with exactly one.
            if np.random.default_rng(seed).poisson(1.0) != 1:
                continue
            out = replace_row_lines(image, np.random.default_rng(seed), row_lines=lines)
            changed = out != image
            start = int(np.argmax(changed))
            assert changed[0, start:].all()
            assert np.ptp(out[0, start:]) == 0
            assert 0.5 <= out[0, -1] / image[0, start:].mean() <= 1.5

    @pytest.mark.parametrize(
        ("build", "message"),
        [
            (lambda: RowLines(rate=-1, shortest=1, longest=2), "rate"),
            (lambda: RowLines(rate=1, shortest=0, longest=2), "shortest"),
            (lambda: RowLines(rate=1, shortest=3, longest=2), "longest"),
            (lambda: RowLines(rate=1, shortest=1, longest=2, low=2.0, high=1.0), "highest"),
        ],
    )
    def test_impossible_parameters_are_named(self, build, message: str) -> None:
        with pytest.raises(InputError, match=message):
            build()
