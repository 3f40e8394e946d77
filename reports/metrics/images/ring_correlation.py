"""Fourier ring correlation of two images, its thresholds and the frequency where it ends."""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from reports.metrics.images.image_pair import image_pair
from stembench.arrays import Floats
from stembench.errors import InputError

#: Share of each edge over which an image is tapered before it is transformed.
TAPER: Final = 1 / 8


@dataclass(frozen=True)
class RingCorrelation:
    """Fourier ring correlation of two images.

    Attributes
    ----------
    frequency : ndarray, shape (n,)
        Radius of each ring in cycles per px, up to Nyquist (0.5).
    correlation : ndarray, shape (n,)
        In [-1, 1]; NaN where a ring of either image is empty.
    independent : ndarray of int, shape (n,)
        Independent numbers per ring: its pixels, since images are real and each coefficient's
        two parts are shared with its mirror image. Independent noise correlates by 0 ± 1/√this.
    """

    frequency: Floats
    correlation: Floats
    independent: NDArray[np.int64]


def ring_correlation(first: ArrayLike, second: ArrayLike) -> RingCorrelation:
    """Correlate two images ring by ring in Fourier space.

    W. O. Saxton and W. Baumeister, J. Microsc. 127, 127 (1982),
    doi:10.1111/j.1365-2818.1982.tb00405.x. Means are subtracted and edges tapered by a cosine over
    `TAPER` of each side, so that the jump from one edge to the other does not correlate by itself.
    Rings are one pixel of the shorter side's transform wide; the constant term is left out.

    Parameters
    ----------
    first, second : array_like, shape (h, w)
        At least 8 px on each side.

    Returns
    -------
    RingCorrelation

    Raises
    ------
    InputError
        If the images are not finite, not of one shape, or too small.
    """
    one, two = image_pair(first, second)
    if min(one.shape) < 8:
        raise InputError(f"a ring correlation needs at least 8 x 8 px, not {one.shape}")
    window = np.multiply.outer(*(_taper(size) for size in one.shape))
    a, b = (np.fft.fft2((image - image.mean()) * window) for image in (one, two))
    side = min(one.shape)
    fy, fx = (np.fft.fftfreq(size) for size in one.shape)
    ring = np.rint(side * np.hypot(fy[:, None], fx)).astype(np.intp).ravel()
    rings = side // 2 + 1

    def total(values: Floats) -> Floats:
        summed = np.bincount(ring, weights=values.ravel(), minlength=rings)[1:rings]
        return np.asarray(summed, dtype=np.float64)

    power = np.sqrt(total(np.abs(a) ** 2) * total(np.abs(b) ** 2))
    cross = total(np.real(a * np.conj(b)))
    full = power > 0
    return RingCorrelation(
        frequency=np.arange(1, rings) / side,
        correlation=np.where(full, cross / np.where(full, power, 1.0), np.nan),
        independent=np.bincount(ring, minlength=rings)[1:rings].astype(np.int64),
    )


def _taper(size: int) -> Floats:
    """Window of one axis: cosine flanks over `TAPER` of it at either end (J. W. Tukey)."""
    from scipy.signal.windows import tukey

    return np.asarray(tukey(size, alpha=2 * TAPER, sym=True), dtype=np.float64)


def half_bit(independent: NDArray[np.int64]) -> Floats:
    """Half-bit threshold of two half data sets.

    M. van Heel and M. Schatz (2005), doi:10.1016/j.jsb.2005.05.009: where the two together carry
    half a bit per coefficient, log2(1 + 2 SNR) = 1/2 with the SNR of one half.

    Parameters
    ----------
    independent : ndarray of int
        Independent numbers of each ring.

    Returns
    -------
    ndarray
        Of the same shape; (√2 - 1) / (√2 + 1) = 0.17 for large rings.
    """
    snr = (math.sqrt(2) - 1) / 2
    chance = 1 / np.sqrt(independent)
    mixed = 2 * math.sqrt(snr) * chance
    return np.asarray((snr + mixed + chance) / (snr + mixed + 1), dtype=np.float64)


def one_seventh(independent: NDArray[np.int64]) -> Floats:
    """Threshold 1/7 of two half data sets (P. B. Rosenthal and R. Henderson, 2003)."""
    return np.full(np.shape(independent), 1 / 7)


def against_truth(threshold: Floats) -> Floats:
    """Turn a threshold between two noisy halves into one against a noise-free image.

    P. B. Rosenthal and R. Henderson (2003), doi:10.1016/j.jmb.2003.07.013: if halves correlate by
    t, the whole correlates with the truth by √(2 t / (1 + t)); 1/7 becomes 1/2.
    """
    return np.asarray(np.sqrt(2 * threshold / (1 + threshold)), dtype=np.float64)


def cutoff(rings: RingCorrelation, threshold: Floats) -> float:
    """Highest frequency at which two images still agree.

    The last crossing counts, not the first: a crystal has signal in the rings of its reflections
    alone, and images of it disagree in every gap between two of them.

    Parameters
    ----------
    rings : RingCorrelation
    threshold : ndarray, shape (n,)
        For each ring: `half_bit` or `one_seventh`, put through `against_truth` where one of the
        images is noise-free.

    Returns
    -------
    float
        Cycles per px of the last crossing below the threshold, linear between rings; 0.5 if the
        last ring lies above it, and 0 if none does. A ring without signal counts as below.
    """
    above = np.where(np.isfinite(rings.correlation), rings.correlation - threshold, -np.inf)
    agreeing = np.flatnonzero(above >= 0)
    if agreeing.size == 0:
        return 0.0
    last = int(agreeing[-1])
    if last == above.size - 1:
        return float(rings.frequency[-1])
    high, low = float(above[last]), float(above[last + 1])
    share = high / (high - low) if math.isfinite(low) else 0.0
    step = rings.frequency[last + 1] - rings.frequency[last]
    return float(rings.frequency[last] + share * step)
