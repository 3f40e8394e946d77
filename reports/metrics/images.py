"""Metrics of whole images: how near a restored image is to the truth, and what was taken away.

Pure functions of arrays (numpy, scipy, scikit-image). Images are (h, w), row = y (slow scan),
column = x (fast scan), any unit unless said otherwise. They say nothing of columns: an image may
be near in every pixel and wrong in every vacancy.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from stembench.arrays import Floats
from stembench.errors import InputError

#: Lags in px up to which a residual's autocorrelation is read.
WHITENESS_REACH = 8
#: Share of each edge over which an image is tapered before it is transformed.
TAPER = 1 / 8


def _pair(restored: ArrayLike, truth: ArrayLike) -> tuple[Floats, Floats]:
    """Two images as float64, refused unless of one shape, 2D and finite."""
    first = np.asarray(restored, dtype=np.float64)
    second = np.asarray(truth, dtype=np.float64)
    if first.ndim != 2 or first.shape != second.shape or first.size == 0:
        raise InputError(
            f"two images of one shape (h, w) are compared, not {first.shape} and {second.shape}"
        )
    if not (np.isfinite(first).all() and np.isfinite(second).all()):
        raise InputError("an image to be compared holds values that are not finite")
    return first, second


def psnr(restored: ArrayLike, truth: ArrayLike, *, maximum: float) -> float:
    """Peak signal-to-noise ratio in dB, 10 log10(MAX² / MSE): the paper's equation (1).

    Parameters
    ----------
    restored, truth : array_like, shape (h, w)
    maximum : float
        MAX, > 0, in the images' unit. It is a convention, not a property of the image, and must be
        stated: on the published pairs 65535, the largest 16-bit integer, reproduces the paper.

    Returns
    -------
    float
        Infinite for equal images.

    Raises
    ------
    InputError
        If the images are not finite or not of one shape, or MAX is not positive.
    """
    first, second = _pair(restored, truth)
    if not (math.isfinite(maximum) and maximum > 0):
        raise InputError(f"MAX of a PSNR must be positive, not {maximum}")
    mean_square = float(np.mean((first - second) ** 2))
    if mean_square == 0:
        return math.inf
    return 20 * math.log10(maximum) - 10 * math.log10(mean_square)


def ssim(restored: ArrayLike, truth: ArrayLike, *, maximum: float) -> float:
    """Mean structural similarity; 1 for equal images.

    Z. Wang, A. C. Bovik, H. R. Sheikh and E. P. Simoncelli (2004), doi:10.1109/TIP.2003.819861, as
    published: Gaussian windows of sigma 1.5 px, K1 = 0.01, K2 = 0.03, population covariances; the
    arithmetic is scikit-image's.

    Parameters
    ----------
    restored, truth : array_like, shape (h, w)
        At least 11 px on each side.
    maximum : float
        Dynamic range L, > 0, in the images' unit: MAX of the PSNR. A range wider than the image's
        own hides small errors.

    Returns
    -------
    float

    Raises
    ------
    InputError
        If the images are not finite, not of one shape or too small, or L is not positive.
    """
    first, second = _pair(restored, truth)
    if not (math.isfinite(maximum) and maximum > 0):
        raise InputError(f"the dynamic range of SSIM must be positive, not {maximum}")
    if min(first.shape) < 11:
        raise InputError(f"SSIM needs images of at least 11 x 11 px, not {first.shape}")
    from skimage.metrics import structural_similarity

    return float(
        structural_similarity(  # type: ignore[no-untyped-call]
            first, second, data_range=maximum, gaussian_weights=True, sigma=1.5,
            use_sample_covariance=False, K1=0.01, K2=0.03,
        )
    )  # fmt: skip


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
    one, two = _pair(first, second)
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


def mean_shift(restored: ArrayLike, truth: ArrayLike) -> float:
    """Mean of the restored image less that of the truth, in standard deviations of the truth.

    0 is conserved. Independent of the grey scale's zero and unit; NaN if the truth is constant.
    """
    first, second = _pair(restored, truth)
    spread = float(second.std())
    return float(first.mean() - second.mean()) / spread if spread > 0 else math.nan


def variance_ratio(restored: ArrayLike, truth: ArrayLike) -> float:
    """Variance of the restored image over that of the truth.

    1 is conserved, more is noise or invention, less is smoothing. NaN if the truth is constant.
    """
    first, second = _pair(restored, truth)
    variance = float(second.var())
    return float(first.var()) / variance if variance > 0 else math.nan


def autocorrelation(residual: ArrayLike, *, reach: int = WHITENESS_REACH) -> Floats:
    """Autocorrelation of an image about its mean, at every lag of up to `reach` px.

    Parameters
    ----------
    residual : array_like, shape (h, w)
        More than `reach` px on each side.
    reach : int
        Largest lag in px along either axis, >= 1.

    Returns
    -------
    ndarray, shape (2 reach + 1, 2 reach + 1)
        Lag (dy, dx) at [reach + dy, reach + dx]: the mean product of the pixel pairs that exist
        over the mean square of all pixels. 1 in the middle; NaN for a constant image.

    Raises
    ------
    InputError
        If the image is not finite or smaller than the reach.
    """
    values, _ = _pair(residual, residual)
    if reach < 1 or min(values.shape) <= reach:
        raise InputError(f"lags of up to {reach} px need a larger image than {values.shape}")
    # A constant image differs from its mean by round-off, which must not pass for structure.
    if values.max() == values.min():
        return np.full((2 * reach + 1,) * 2, np.nan)
    centred = values - values.mean()
    height, width = centred.shape
    size = (height + reach, width + reach)  # zeros keep opposite edges from meeting
    products = np.fft.irfft2(np.abs(np.fft.rfft2(centred, s=size)) ** 2, s=size)
    lags = np.arange(-reach, reach + 1)
    pairs = np.multiply.outer(height - np.abs(lags), width - np.abs(lags))
    found = products[np.ix_(lags, lags)] / pairs / np.mean(centred**2)
    return np.asarray(found, dtype=np.float64)


def colour(residual: ArrayLike, *, reach: int = WHITENESS_REACH) -> float:
    """How far a residual is from white: root mean square autocorrelation over the lags but 0.

    Where only noise that is independent from pixel to pixel was taken away, x - restored is white,
    however its variance follows the image; structure that was taken away with it is not. The
    portmanteau statistic of G. E. P. Box and D. A. Pierce (1970),
    doi:10.1080/01621459.1970.10481180, in two dimensions is n times its square; M. S. C. Almeida
    and M. A. T. Figueiredo (IEEE Trans. Image Process., 2013) judge restored images by whiteness.
    The root mean square is stated in place of a test, because trailing, jitter and row lines are
    coloured themselves: the residual of the true image tells how much.

    Parameters
    ----------
    residual : array_like, shape (h, w)
        Distorted less restored image.
    reach : int
        Largest lag in px along either axis.

    Returns
    -------
    float
        About 1 / √(h w) for white noise; NaN for a constant residual.
    """
    found = autocorrelation(residual, reach=reach).ravel()
    return float(np.sqrt(np.mean(np.delete(found, found.size // 2) ** 2)))


@dataclass(frozen=True)
class Leakage:
    """What a restorer puts out for noise without structure.

    Attributes
    ----------
    spread : float
        Standard deviation of the output over that of the input: 0 is nothing, 1 is all of it.
    peak : float
        Largest rise of the output above its mean, in standard deviations of the input.
    mean_shift : float
        Mean of the output less that of the input, in standard deviations of the input.
    """

    spread: float
    peak: float
    mean_shift: float


def empty_field_leakage(output: ArrayLike, field: ArrayLike) -> Leakage:
    """Measure what a restorer leaves or makes of an empty field.

    Parameters
    ----------
    output : array_like, shape (h, w)
        The restored field.
    field : array_like, shape (h, w)
        Pure noise about a constant, as it was given to the restorer.

    Returns
    -------
    Leakage
        NaN throughout if the field itself is constant.
    """
    out, given = _pair(output, field)
    noise = float(given.std())
    if noise == 0:
        return Leakage(math.nan, math.nan, math.nan)
    return Leakage(
        spread=float(out.std()) / noise,
        peak=float(out.max() - out.mean()) / noise,
        mean_shift=float(out.mean() - given.mean()) / noise,
    )
