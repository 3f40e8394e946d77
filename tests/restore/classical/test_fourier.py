"""The Wiener and the Bragg filter, against closed forms and known lattices."""

import warnings

import numpy as np
import pytest
from numpy.typing import NDArray

from restore import RestorationWarning, load_restorer
from restore.classical.fourier import BraggFilter, noise_power, split_periodic
from stembench.errors import InputError

Image = NDArray[np.float64]


def lattice(shape: tuple[int, int] = (80, 80), *, spacing: float = 10.0) -> Image:
    """Expected counts of a square lattice, 21 on average."""
    y, x = (2 * np.pi / spacing * np.arange(size) for size in shape)
    return 20 * (1 + np.cos(y)[:, None] * np.cos(x)) + 1


def noisy(expected: Image, seed: int = 0) -> Image:
    return np.random.default_rng(seed).poisson(expected).astype(np.float64)


@pytest.mark.parametrize("shape", [(12, 17), (1, 9), (8, 1), (2, 2)])
def test_smooth_part_has_the_laplacian_of_the_jumps(shape: tuple[int, int]) -> None:
    """Moisan's definition, written with neighbours instead of a transform."""
    image = np.random.default_rng(1).normal(size=shape)
    transform, smooth = split_periodic(image)
    np.testing.assert_allclose(np.real(np.fft.ifft2(transform)) + smooth, image, atol=1e-12)
    assert smooth.mean() == pytest.approx(0, abs=1e-12)
    laplacian = sum(np.roll(smooth, k, axis) for k in (-1, 1) for axis in (0, 1)) - 4 * smooth
    jumps = np.zeros(shape)
    for axis in (0, 1):
        along = np.moveaxis(jumps, axis, 0)
        given = np.moveaxis(image, axis, 0)
        along[0] += given[-1] - given[0]
        along[-1] += given[0] - given[-1]
    np.testing.assert_allclose(laplacian, jumps, atol=1e-12)


def test_noise_power_of_counts() -> None:
    """White noise: the mean power of n Fourier pixels has a relative standard error n^-1/2."""
    counts = noisy(np.full((64, 64), 30.0))
    power = np.abs(np.fft.fft2(counts - counts.mean())) ** 2
    # Real noise has n/2 independent powers; 4 standard errors of both the mean and the median.
    assert noise_power(counts) == pytest.approx(power.mean(), rel=4 * 2 / np.sqrt(64 * 64 / 2))


@pytest.mark.parametrize(("name", "left"), [("wiener", 0.45), ("bragg", 0.25)])
@pytest.mark.parametrize("shape", [(80, 80), (75, 83)])
def test_lattice_is_restored(name: str, left: float, shape: tuple[int, int]) -> None:
    """Little of the noise is left, edges included, for whole periods and for others."""
    truth = lattice(shape)
    counts = noisy(truth)
    restored = load_restorer(name).restore(counts[None], sampling=0.2)[0]
    assert np.std(restored - truth) < left * np.std(counts - truth)
    assert restored.mean() == pytest.approx(counts.mean(), rel=1e-3)


def test_wiener_leaves_little_of_pure_noise() -> None:
    counts = noisy(np.full((96, 96), 20.0))
    restored = load_restorer("wiener").restore(counts[None], sampling=0.2)[0]
    assert np.std(restored) < 0.35 * np.std(counts)
    # A signal of the noise's own power, spread over all frequencies, is weighed by a half.
    double = counts + np.random.default_rng(3).normal(0, np.sqrt(3 * 20.0), counts.shape)
    assert np.std(load_restorer("wiener").restore(double[None], sampling=0.2)) < np.std(double)


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


@pytest.mark.parametrize("spec", ["wiener:smoothing=0", "bragg:radius=-1", "bragg:longest=0"])
def test_impossible_settings(spec: str) -> None:
    with pytest.raises(InputError, match="must be positive"):
        load_restorer(spec)
