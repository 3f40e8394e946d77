"""Bias, scatter and coverage of columns, from draws of an image that is taken as truth."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from bench.assessment.column_fits import Columns
from bench.assessment.evidence.image_noise import Estimate
from stembench.arrays import Floats

_PM_PER_ANGSTROM: Final = 100.0
#: Half width of a 95 % interval of a normal variable, in standard errors.
_NORMAL: Final = 1.959963984540054


@dataclass(frozen=True, kw_only=True)
class Spread:
    """Errors of one quantity of every column over the draws.

    Attributes
    ----------
    bias : ndarray, shape (n,)
        Mean error.
    scatter : ndarray, shape (n,)
        Standard deviation.
    rms : ndarray, shape (n,)
        Root mean square: of bias and scatter together.
    typical_bias : float
        Root mean square over columns of the biases without what scatter makes of them.
    typical_rms : float
        Median over columns of `rms`.
    coverage : Estimate
        Share of the errors within the 95 % interval that the fit states from its residual, with
        an interval over draws.
    """

    bias: Floats = field(repr=False)
    scatter: Floats = field(repr=False)
    rms: Floats = field(repr=False)
    typical_bias: float
    typical_rms: float
    coverage: Estimate


@dataclass(frozen=True, kw_only=True)
class ColumnErrors:
    """Errors of all columns of an image.

    Attributes
    ----------
    x, y : Spread
        Of the places [pm], without the rigid shift of each draw.
    scs : Spread
        Of the SCS [% of the column's].
    found : ndarray, shape (n,)
        Share of the draws in which the column's fit did not fail.
    """

    x: Spread
    y: Spread
    scs: Spread
    found: Floats = field(repr=False)

    @property
    def position_rms(self) -> Floats:
        """Larger of the errors along x and y, shape (n,) [pm]."""
        return np.maximum(self.x.rms, self.y.rms)


def column_errors(truth: Columns, draws: Sequence[Columns], *, sampling: float) -> ColumnErrors:
    """Errors of columns over draws.

    Parameters
    ----------
    truth : Columns
        Fitted in the image that is taken as truth.
    draws : sequence of Columns
        The same columns in each draw, at least two.
    sampling : float
        Å/px.
    """
    pm = sampling * _PM_PER_ANGSTROM
    deviation = {
        name: np.array([getattr(one, name) - getattr(truth, name) for one in draws])
        for name in ("x", "y", "scs")
    }
    stated = {name: np.array([getattr(one, f"{name}_err") for one in draws]) for name in deviation}
    for name in ("x", "y"):
        # The whole image may be displaced: no column knows of it.
        deviation[name] = deviation[name] - nan_median(deviation[name], axis=1)[:, None]
    units = {"x": pm, "y": pm}
    spreads = {
        name: _spread(
            deviation[name],
            stated[name],
            unit=units[name] if name in units else 100.0 / np.abs(truth.scs),
        )
        for name in deviation
    }
    found = np.isfinite(deviation["scs"]).mean(axis=0)
    return ColumnErrors(found=found, **spreads)


def _spread(deviation: Floats, stated: Floats, *, unit: float | Floats) -> Spread:
    """Spread of deviations (draws, n), whose interval is 1.96 of the `stated` errors."""
    known = np.isfinite(deviation)
    number = known.sum(axis=0)
    filled = np.where(known, deviation * unit, 0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        bias = filled.sum(axis=0) / np.where(number > 0, number, np.nan)
        square = (filled**2).sum(axis=0) / np.where(number > 0, number, np.nan)
        variance = (square - bias**2) * number / np.where(number > 1, number - 1, np.nan)
        of_scatter = variance / number
    scatter = np.sqrt(np.maximum(variance, 0.0))
    excess = bias**2 - of_scatter
    within = np.where(known & np.isfinite(stated), np.abs(deviation) <= _NORMAL * stated, np.nan)
    return Spread(
        bias=bias,
        scatter=scatter,
        rms=np.sqrt(square),
        typical_bias=float(np.sqrt(max(0.0, _mean(excess)))),
        typical_rms=float(nan_median(np.sqrt(square), axis=0)),
        coverage=mean_interval([_mean(one) for one in within]),
    )


def mean_interval(values: Sequence[float] | Floats) -> Estimate:
    """Mean of one value per draw with Student's 95 % interval; NaN where a draw has none.

    Parameters
    ----------
    values : sequence of float
        Those that are NaN are left out.

    Returns
    -------
    Estimate
        The ends are NaN for fewer than two values.
    """
    from scipy.stats import t

    kept = np.asarray(values, dtype=np.float64)
    kept = kept[np.isfinite(kept)]
    if not len(kept):
        return Estimate(value=float("nan"), low=float("nan"), high=float("nan"))
    mean = float(kept.mean())
    if len(kept) == 1:
        return Estimate(value=mean, low=float("nan"), high=float("nan"))
    half = float(t.ppf(0.975, len(kept) - 1) * kept.std(ddof=1) / np.sqrt(len(kept)))
    return Estimate(value=mean, low=mean - half, high=mean + half)


def nan_median(values: Floats, *, axis: int) -> Floats:
    """Median without NaN, along an axis; NaN, without a warning, where there is nothing else."""
    known = np.isfinite(values)
    some = known.any(axis=axis)
    filled = np.where(np.expand_dims(some, axis), np.where(known, values, np.nan), 0.0)
    return np.where(some, np.nanmedian(filled, axis=axis), np.nan)


def _mean(values: Floats) -> float:
    kept = values[np.isfinite(values)]
    return float(kept.mean()) if len(kept) else float("nan")
