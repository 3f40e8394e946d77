"""Metrics of agreement with the truth: PSNR, SSIM and Fourier ring correlation.

Images are (h, w), row = y (slow scan), column = x (fast scan), in any unit unless said otherwise.
None of the metrics knows of columns: an image may be near in every pixel and wrong in every
vacancy. They take a `RestoredImage` and return a number, None for an empty field.
"""

import math
from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from reports.metrics.images.image_pair import image_pair
from reports.metrics.images.restored_image import RestoredImage
from reports.metrics.images.ring_correlation import against_truth, cutoff, half_bit, one_seventh
from reports.metrics.metric import Metric
from stembench.arrays import Floats
from stembench.errors import InputError


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
    first, second = image_pair(restored, truth)
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
    first, second = image_pair(restored, truth)
    if not (math.isfinite(maximum) and maximum > 0):
        raise InputError(f"the dynamic range of SSIM must be positive, not {maximum}")
    if min(first.shape) < 11:
        raise InputError(f"SSIM needs images of at least 11 x 11 px, not {first.shape}")
    from skimage.metrics import structural_similarity

    return float(
        structural_similarity(  # type: ignore[no-untyped-call]
            first,
            second,
            data_range=maximum,
            gaussian_weights=True,
            sigma=1.5,
            use_sample_covariance=False,
            K1=0.01,
            K2=0.03,
        )
    )


def _psnr(image: RestoredImage) -> float | None:
    return None if image.empty else psnr(image.restored, image.truth, maximum=image.maximum)


def _psnr_peak(image: RestoredImage) -> float | None:
    if image.empty:
        return None
    return psnr(image.restored, image.truth, maximum=float(image.truth.max()))


def _ssim(image: RestoredImage) -> float | None:
    return None if image.empty else ssim(image.restored, image.truth, maximum=image.maximum)


def _cutoff(
    threshold: Callable[[NDArray[np.int64]], Floats],
) -> Callable[[RestoredImage], float | None]:
    """Frequency up to which an image agrees with its truth, for a threshold of two halves."""

    def of(image: RestoredImage) -> float | None:
        if image.empty:
            return None
        return cutoff(image.rings, against_truth(threshold(image.rings.independent)))

    return of


METRICS: Final = (
    Metric(
        "psnr_db",
        "PSNR",
        unit="dB",
        direction="higher",
        scale="linear",
        subject="images",
        definition="10 log10(MAX² / MSE) against the truth, MAX as stated",
        of=_psnr,
        decimals=2,
    ),
    Metric(
        "psnr_peak_db",
        "PSNR of the peak",
        unit="dB",
        direction="higher",
        scale="linear",
        subject="images",
        definition="the same with MAX = largest value of the true image",
        of=_psnr_peak,
        decimals=2,
    ),
    Metric(
        "ssim",
        "SSIM",
        unit="",
        direction="higher",
        scale="linear",
        subject="images",
        definition="mean structural similarity (Wang et al. 2004), dynamic range = MAX",
        of=_ssim,
        limits=(-1.0, 1.0),
        decimals=3,
    ),
    Metric(
        "cutoff_seventh",
        "agreement to (1/7)",
        unit="cycles/px",
        direction="higher",
        scale="linear",
        subject="images",
        definition="highest frequency at which the Fourier ring correlation with the truth is 1/2, "
        "which is 1/7 between two halves",
        of=_cutoff(one_seventh),
        decimals=3,
    ),
    Metric(
        "cutoff_half_bit",
        "agreement to (half bit)",
        unit="cycles/px",
        direction="higher",
        scale="linear",
        subject="images",
        definition="the same for the half-bit threshold",
        of=_cutoff(half_bit),
        decimals=3,
    ),
)
