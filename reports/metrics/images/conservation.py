"""Metrics of conservation: whether restoration keeps an image's mean and variance.

They take a `RestoredImage` and return a number, None for an empty field.
"""

import math
from typing import Final

from numpy.typing import ArrayLike

from reports.metrics.images.image_pair import image_pair
from reports.metrics.images.restored_image import RestoredImage
from reports.metrics.metric import Metric


def mean_shift(restored: ArrayLike, truth: ArrayLike) -> float:
    """Mean of the restored image less that of the truth, in standard deviations of the truth.

    0 is conserved. Independent of the grey scale's zero and unit; NaN if the truth is constant.
    """
    first, second = image_pair(restored, truth)
    spread = float(second.std())
    return float(first.mean() - second.mean()) / spread if spread > 0 else math.nan


def variance_ratio(restored: ArrayLike, truth: ArrayLike) -> float:
    """Variance of the restored image over that of the truth.

    1 is conserved, more is noise or invention, less is smoothing. NaN if the truth is constant.
    """
    first, second = image_pair(restored, truth)
    variance = float(second.var())
    return float(first.var()) / variance if variance > 0 else math.nan


def _mean_shift(image: RestoredImage) -> float | None:
    return None if image.empty else mean_shift(image.restored, image.truth)


def _variance_ratio(image: RestoredImage) -> float | None:
    return None if image.empty else variance_ratio(image.restored, image.truth)


METRICS: Final = (
    Metric(
        "mean_shift",
        "shift of the mean",
        unit="std of truth",
        direction="zero",
        scale="linear",
        subject="images",
        definition="mean restored less mean true, over the truth's standard deviation; 0 is "
        "conserved",
        of=_mean_shift,
        decimals=3,
    ),
    Metric(
        "variance_ratio",
        "variance / true",
        unit="",
        direction=None,
        scale="linear",
        subject="images",
        definition="variance restored over variance true; 1 is conserved",
        of=_variance_ratio,
        decimals=3,
    ),
)
