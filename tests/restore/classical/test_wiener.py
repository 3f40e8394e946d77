"""The Wiener filter on known lattices and on pure noise."""

import numpy as np
import pytest

from restore import load_restorer
from stembench.arrays import Floats
from stembench.errors import InputError


def lattice(shape: tuple[int, int] = (80, 80), *, spacing: float = 10.0) -> Floats:
    """Expected counts of a square lattice, 21 on average."""
    y, x = (2 * np.pi / spacing * np.arange(size) for size in shape)
    return 20 * (1 + np.cos(y)[:, None] * np.cos(x)) + 1


def noisy(expected: Floats, seed: int = 0) -> Floats:
    return np.random.default_rng(seed).poisson(expected).astype(np.float64)


@pytest.mark.parametrize("shape", [(80, 80), (75, 83)])
def test_lattice_is_restored(shape: tuple[int, int]) -> None:
    """Little of the noise is left, edges included, for whole periods and for others."""
    truth = lattice(shape)
    counts = noisy(truth)
    restored = load_restorer("wiener").restore(counts[None], sampling=0.2)[0]
    assert np.std(restored - truth) < 0.45 * np.std(counts - truth)
    assert restored.mean() == pytest.approx(counts.mean(), rel=1e-3)


def test_wiener_leaves_little_of_pure_noise() -> None:
    counts = noisy(np.full((96, 96), 20.0))
    restored = load_restorer("wiener").restore(counts[None], sampling=0.2)[0]
    assert np.std(restored) < 0.35 * np.std(counts)
    # A signal of the noise's own power, spread over all frequencies, is weighed by a half.
    double = counts + np.random.default_rng(3).normal(0, np.sqrt(3 * 20.0), counts.shape)
    assert np.std(load_restorer("wiener").restore(double[None], sampling=0.2)) < np.std(double)


def test_impossible_setting() -> None:
    with pytest.raises(InputError, match="must be positive"):
        load_restorer("wiener:smoothing=0")
