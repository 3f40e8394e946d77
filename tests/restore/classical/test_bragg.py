"""The Bragg filter on known lattices, and without one."""

import warnings

import numpy as np
import pytest

from restore import RestorationWarning, load_restorer
from restore.classical.bragg import BraggFilter
from restore.classical.counts.noise_level import noise_power
from restore.classical.counts.periodic_part import split_periodic
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
    restored = load_restorer("bragg").restore(counts[None], sampling=0.2)[0]
    assert np.std(restored - truth) < 0.25 * np.std(counts - truth)
    assert restored.mean() == pytest.approx(counts.mean(), rel=1e-3)


def test_bragg_finds_the_peaks_of_a_lattice() -> None:
    """All four first orders and zero's neighbours not; 80 px hold eight periods of 10 px."""
    counts = noisy(lattice())
    transform, _ = split_periodic(counts)
    peaks = BraggFilter().find_peaks(transform, noise_power(counts), sampling=0.2)
    found = {(int(y) - 40, int(x) - 40) for y, x in zip(*np.nonzero(peaks), strict=True)}
    assert found == {(8, 8), (8, -8), (-8, 8), (-8, -8)}


def test_false_peaks_are_as_rare_as_declared() -> None:
    """0.01 in an image: 40 images have 0.4, and more than 6 by a chance of 1e-5 (pairs: 3).

    The declared rate of 100 is the control: a threshold that never passed would fail there.
    """

    def count(false_peaks: float) -> int:
        restorer = BraggFilter(false_peaks=false_peaks)
        total = 0
        for seed in range(40):
            counts = noisy(np.full((48, 48), 10.0), seed)
            transform, _ = split_periodic(counts)
            total += restorer.find_peaks(transform, noise_power(counts), sampling=0.2).sum()
        return total

    assert count(0.01) <= 6
    assert count(100.0) > 100


def test_bragg_without_a_lattice_says_so() -> None:
    """It becomes a low-pass filter, which the warning names; with a lattice nothing is said."""
    counts = noisy(np.full((48, 48), 10.0))
    restorer = load_restorer("bragg")
    with pytest.warns(RestorationWarning, match=r"'bragg' found no lattice in an image of 48 x 48"):
        restored = restorer.restore(counts[None], sampling=0.2)[0]
    assert restored.mean() == pytest.approx(counts.mean(), rel=0.02)
    assert np.std(restored) < 0.5 * np.std(counts)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        restorer.restore(noisy(lattice())[None], sampling=0.2)


def test_a_finer_sampling_finds_the_same_lattice() -> None:
    """Radii and spacings are lengths of the specimen: 10 px of 0.2 Å are 20 px of 0.1 Å."""
    truth = lattice((160, 160), spacing=20.0)
    counts = noisy(truth)
    restored = load_restorer("bragg").restore(counts[None], sampling=0.1)[0]
    assert np.std(restored - truth) < 0.35 * np.std(counts - truth)


@pytest.mark.parametrize("spec", ["bragg:radius=-1", "bragg:longest=0"])
def test_impossible_settings(spec: str) -> None:
    with pytest.raises(InputError, match="must be positive"):
        load_restorer(spec)
