"""Metrics of residuals: what was removed with the noise, and what is left in an empty field.

They take a `RestoredImage` and return a number, None where they do not apply: residuals are those
of images with structure, empty fields have none.
"""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from reports.metrics.images.image_pair import image_pair
from reports.metrics.images.restored_image import RestoredImage
from reports.metrics.metric import Metric
from stembench.arrays import Floats
from stembench.errors import InputError

#: Lags in px up to which a residual's autocorrelation is taken.
WHITENESS_REACH: Final = 8


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
    values, _ = image_pair(residual, residual)
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
    correlation = products[np.ix_(lags, lags)] / pairs / np.mean(centred**2)
    return np.asarray(correlation, dtype=np.float64)


def residual_autocorrelation_rms(residual: ArrayLike, *, reach: int = WHITENESS_REACH) -> float:
    """Root mean square autocorrelation of a residual over all lags but 0: its distance from white.

    Where only noise that is independent from pixel to pixel was removed, distorted less restored
    is white, however its variance follows the image; structure that was removed with it is not.
    The portmanteau statistic of G. E. P. Box and D. A. Pierce (1970),
    doi:10.1080/01621459.1970.10481180, in two dimensions is n times its square; M. S. C. Almeida
    and M. A. T. Figueiredo (IEEE Trans. Image Process., 2013) judge restored images by whiteness.
    The root mean square is stated instead of a test, because trailing, jitter and row lines are
    correlated noise: the residual of the true image tells how strongly.

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
    lags = autocorrelation(residual, reach=reach).ravel()
    return float(np.sqrt(np.mean(np.delete(lags, lags.size // 2) ** 2)))


@dataclass(frozen=True)
class EmptyFieldResidual:
    """What a restorer leaves or invents in a field without structure.

    Attributes
    ----------
    std : float
        Standard deviation of the output over that of the input: 0 is nothing, 1 is all of it.
    peak : float
        Highest value of the output above its mean, in standard deviations of the input.
    mean : float
        Mean of the output less that of the input, in standard deviations of the input.
    """

    std: float
    peak: float
    mean: float


def empty_field_residual(output: ArrayLike, field: ArrayLike) -> EmptyFieldResidual:
    """Measure what a restorer leaves or invents in an empty field.

    Parameters
    ----------
    output : array_like, shape (h, w)
        The restored field.
    field : array_like, shape (h, w)
        Pure noise about a constant, as it was given to the restorer.

    Returns
    -------
    EmptyFieldResidual
        NaN throughout if the field itself is constant.
    """
    out, given = image_pair(output, field)
    noise = float(given.std())
    if noise == 0:
        return EmptyFieldResidual(math.nan, math.nan, math.nan)
    return EmptyFieldResidual(
        std=float(out.std()) / noise,
        peak=float(out.max() - out.mean()) / noise,
        mean=float(out.mean() - given.mean()) / noise,
    )


def _residual(image: RestoredImage) -> float | None:
    return None if image.empty else residual_autocorrelation_rms(image.distorted - image.restored)


def _noise(image: RestoredImage) -> float | None:
    return None if image.empty else residual_autocorrelation_rms(image.distorted - image.truth)


def _empty_std(image: RestoredImage) -> float | None:
    return empty_field_residual(image.restored, image.distorted).std if image.empty else None


def _empty_peak(image: RestoredImage) -> float | None:
    return empty_field_residual(image.restored, image.distorted).peak if image.empty else None


def _empty_mean(image: RestoredImage) -> float | None:
    return empty_field_residual(image.restored, image.distorted).mean if image.empty else None


METRICS: Final = (
    Metric(
        "residual_autocorrelation_rms",
        "autocorrelation of the residual",
        unit="",
        direction=None,
        scale="linear",
        subject="images",
        definition="root mean square autocorrelation of distorted less restored at lags of up to "
        f"{WHITENESS_REACH} px; about 1 / √pixels if only independent noise was removed",
        of=_residual,
        decimals=3,
    ),
    Metric(
        "noise_autocorrelation_rms",
        "autocorrelation of the noise",
        unit="",
        direction=None,
        scale="linear",
        subject="images",
        definition="the same of distorted less true: what a perfect restorer has",
        of=_noise,
        decimals=3,
    ),
    Metric(
        "empty_field_std",
        "residual std in empty field",
        unit="std of noise",
        direction="lower",
        scale="linear",
        subject="images",
        definition="standard deviation of the restored empty field over that of its noise",
        of=_empty_std,
        decimals=3,
    ),
    Metric(
        "empty_field_peak",
        "residual peak in empty field",
        unit="std of noise",
        direction="lower",
        scale="linear",
        subject="images",
        definition="highest value of the restored empty field above its mean",
        of=_empty_peak,
        decimals=3,
    ),
    Metric(
        "empty_field_mean",
        "residual mean in empty field",
        unit="std of noise",
        direction="zero",
        scale="linear",
        subject="images",
        definition="mean of the restored empty field less that of the field",
        of=_empty_mean,
        decimals=3,
    ),
)
