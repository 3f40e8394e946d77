"""Non-local means on lattices of known expectation, down to dark images with read noise."""

import numpy as np
import pytest

from restore import load_restorer
from restore.classical.non_local_means import NonLocalMeans
from stembench.arrays import Floats


def lattice(dose: float) -> Floats:
    """Expected counts of columns every 2 Å at 0.2 Å/px, mean 5.2 * dose."""
    y, x = np.mgrid[:80, :80] * (2 * np.pi / 10)
    return dose * (5 * (1 + np.cos(x) * np.cos(y)) + 0.2)


@pytest.mark.parametrize("dose", [1.0, 10.0])
def test_non_local_means_denoises(dose: float) -> None:
    """Error less than half the noise, mean kept to 4 %, on a lattice at 5 and 52 counts."""
    truth = lattice(dose)
    noisy = np.random.default_rng(8).poisson(truth).astype(np.float64)
    restored = load_restorer("nlm").restore(noisy[None], sampling=0.2)[0]
    assert np.std(restored - truth) < 0.5 * np.std(noisy - truth)
    assert restored.mean() == pytest.approx(truth.mean(), rel=0.04)
    assert restored.min() >= 0


def test_non_local_means_counts_extra_noise() -> None:
    """Noise of three times Poisson's is still taken out, which sigma = 1 alone would leave."""
    truth = lattice(10.0)
    rng = np.random.default_rng(9)
    noisy = rng.poisson(truth) + rng.normal(0, np.sqrt(8 * truth))
    restored = NonLocalMeans().restore_image(noisy, sampling=0.2)
    assert np.std(restored - truth) < 0.5 * np.std(noisy - truth)


def test_non_local_means_keeps_the_mean_of_a_dark_image_with_read_noise() -> None:
    """0.3 electrons per pixel under read noise of 0.5: to 15 %; read as none it is over 30 %."""
    truth = lattice(0.06)
    rng = np.random.default_rng(10)
    noisy = rng.poisson(truth) + rng.normal(0, 0.5, truth.shape)
    restored = NonLocalMeans().restore_image(noisy, sampling=0.2)
    assert restored.mean() == pytest.approx(noisy.mean(), rel=0.15)
    clipped = NonLocalMeans().restore_image(np.maximum(noisy, 0), sampling=0.2)
    assert clipped.mean() > 1.3 * noisy.mean()
