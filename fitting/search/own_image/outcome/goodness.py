"""Goodness of a fit against the noise: per column, and of the whole image."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.stats import chi2

from fitting.model import ColumnModel
from stembench.arrays import Bools, Floats

#: Half size of the area around a column, in widths; at least so many pixels.
_REACH: Final = 2.5
_LEAST: Final = 1.5
#: Least variance of a pixel, as a part of that of a typical one.
_LEAST_VARIANCE: Final = 0.05
#: Parameters that a column's area is taken to determine.
_FREEDOM: Final = 3
#: A column fits poorly where noise makes its residual less often than this, and what exceeds the
#: noise is this part of its height and so many times that of the other columns, or that part.
CHANCE: Final = 1e-8
POOR: Final = 0.05
_UNLIKE: Final = 3.0
_VERY_POOR: Final = 0.2
#: Reduced chi-square of an image above which the model is said not to hold.
IMAGE: Final = 1.25


@dataclass(frozen=True, kw_only=True)
class Goodness:
    """How well the model holds.

    Attributes
    ----------
    chi2 : ndarray, shape (n,)
        Reduced chi-square of the area around each column; NaN without noise or pixels.
    misfit : ndarray, shape (n,)
        Root mean square of what the residual holds beyond noise, as a part of the height.
    poor : ndarray of bool, shape (n,)
        Columns that fit poorly.
    image : float
        Reduced chi-square of all pixels; NaN without noise.
    """

    chi2: Floats
    misfit: Floats
    poor: Bools
    image: float


def goodness_of_fit(
    residual: Floats, variance: Floats, valid: Bools, model: ColumnModel, *, n_parameters: int
) -> Goodness:
    """Hold a residual against the variance of the noise.

    Parameters
    ----------
    residual, variance : ndarray, shape (rows, columns)
        Image minus model, and the variance of each pixel.
    valid : ndarray of bool, shape (rows, columns)
    model : ColumnModel
        Columns whose surroundings are looked at.
    n_parameters : int
        Free parameters of the whole fit.
    """
    n = model.n_columns
    value, misfit = np.full(n, np.nan), np.full(n, np.nan)
    chance = np.ones(n)
    largest = float(np.max(np.abs(residual[valid]), initial=0.0))
    if valid.any():
        # Where a model of counts dips to zero, one count would be infinitely unlikely.
        variance = np.maximum(variance, _LEAST_VARIANCE * float(np.median(variance[valid])))
    noisy = bool(np.median(variance[valid]) > (1e-6 * largest) ** 2) if valid.any() else False
    square = np.where(valid, residual**2, 0.0)
    ratio = np.where(valid, square / variance, 0.0) if noisy else square
    rows, cols = valid.shape
    for k in range(n):
        x, y = float(model.x[k]), float(model.y[k])
        reach = max(_LEAST, _REACH * float(model.sigma[k]))
        top, bottom = max(0, int(np.ceil(y - reach))), min(rows, int(np.floor(y + reach)) + 1)
        left, right = max(0, int(np.ceil(x - reach))), min(cols, int(np.floor(x + reach)) + 1)
        if top >= bottom or left >= right:
            continue
        near = (
            np.hypot(np.arange(top, bottom)[:, None] - y, np.arange(left, right)[None, :] - x)
            <= reach
        )
        window = (slice(top, bottom), slice(left, right))
        near &= valid[window]
        freedom = int(np.count_nonzero(near)) - _FREEDOM
        if freedom < 3:
            continue
        beyond = float(square[window][near].mean())
        if noisy:
            total = float(ratio[window][near].sum())
            value[k] = total / freedom
            chance[k] = float(chi2.sf(total, freedom))
            beyond -= float(variance[window][near].mean()) * freedom / (freedom + _FREEDOM)
        else:
            chance[k] = 0.0
        misfit[k] = np.sqrt(max(0.0, beyond)) / max(abs(float(model.height[k])), 1e-300)
    known = np.isfinite(misfit)
    usual = float(np.median(misfit[known])) if known.any() else 0.0
    with np.errstate(invalid="ignore"):
        much = misfit > min(max(POOR, _UNLIKE * usual), _VERY_POOR)
    freedom = int(np.count_nonzero(valid)) - n_parameters
    image = float(ratio.sum()) / freedom if noisy and freedom > 0 else float("nan")
    return Goodness(chi2=value, misfit=misfit, poor=known & much & (chance < CHANCE), image=image)
