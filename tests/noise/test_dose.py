"""Electrons per pixel, and the counts of random images."""

import math

import numpy as np
import pytest

from noise.dose import draw_counts, electrons_per_pixel

K = 5  # standard errors allowed by every tolerance below


def test_one_electron_scale() -> None:
    assert electrons_per_pixel(500.0, 0.2) == pytest.approx(20.0)


def test_low_doses_prevail_as_a_cut_exponential() -> None:
    rng, n = np.random.default_rng(5), 20_000
    counts = np.array([draw_counts(rng) for _ in range(n)])
    assert counts.min() >= 0.5
    assert counts.max() <= 750
    place = np.log(counts / 0.5) / np.log(1500)
    # Exponential of scale s = 1/2 cut at 1: mean s - 1/(e^(1/s) - 1).
    mean = 0.5 - 1 / math.expm1(2)
    second = 0.5 - (1 + 1) / math.expm1(2)  # E t² = 2 s² - (1 + 2 s) / (e^(1/s) - 1)
    assert abs(place.mean() - mean) < K * math.sqrt((second - mean**2) / n)
    assert abs(0.5 - mean) > K * math.sqrt(1 / 12 / n)  # negative control: not uniform
