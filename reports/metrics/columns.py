"""The metrics of one cell with their leave-one-realization-out replicates.

Every function here works on errors of shape (..., n_realizations, n_columns) with NaN for failed
fits and returns the statistic from all realizations followed by those with one left out. Sums
over realizations are formed once and the left-out row is subtracted, so a cell costs a few
passes over its array.
"""

import numpy as np
from numpy.typing import NDArray

from reports.metrics.cells import Cell
from reports.metrics.table import METRICS
from reports.statistics.intervals import Replicates
from stembench.arrays import Floats


def _with_left_out(values: Floats) -> Floats:
    """Sums over axis -2 (realizations): all, then each left out; shape (..., 1 + n_r, n_c)."""
    total = values.sum(axis=-2, keepdims=True)
    return np.concatenate([total, total - values], axis=-2)


def _divide(numerator: Floats, denominator: Floats) -> Floats:
    """Quotient, NaN where the denominator is not positive."""
    safe = np.where(denominator > 0, denominator, 1.0)
    return np.where(denominator > 0, numerator / safe, np.nan)


class _Moments:
    """Sums of one error array over realizations, from which all of its statistics follow."""

    def __init__(self, errors: Floats) -> None:
        """Sum the errors; `errors` has shape (n_axes, n_realizations, n_columns)."""
        fitted = np.isfinite(errors)
        filled = np.where(fitted, errors, 0.0)
        count = fitted.sum(axis=-2, keepdims=True)
        # About the column mean, so that squares do not cancel when the bias is large.
        self.centre = filled.sum(axis=-2, keepdims=True) / np.maximum(count, 1)
        around = np.where(fitted, errors - self.centre, 0.0)
        self.n = _with_left_out(fitted.astype(np.float64))
        self.sum = _with_left_out(around)
        self.squares = _with_left_out(around**2)
        self.raw_squares = _with_left_out(filled**2)

    def column_mean(self) -> Floats:
        """Mean of each column."""
        mean: Floats = self.centre + _divide(self.sum, self.n)
        return mean

    def _scatter(self) -> Floats:
        """Sum of squares about the mean of each column."""
        return self.squares - np.where(self.n > 0, self.sum**2 / np.maximum(self.n, 1), 0.0)

    def variance(self) -> Floats:
        """Variance pooled over columns with divisor n - 1 in each; shape (n_axes, 1 + n_r)."""
        freedom = np.maximum(self.n - 1, 0).sum(axis=-1)
        return _divide(np.maximum(self._scatter(), 0.0).sum(axis=-1), freedom)

    def bias(self) -> Floats:
        """Mean over columns of the column means; shape (n_axes, 1 + n_r)."""
        present = self.n > 0
        means = np.where(present, self.column_mean(), 0.0)
        return _divide(means.sum(axis=-1), present.sum(axis=-1))

    def squared_bias(self) -> Floats:
        """Mean over columns of the squared bias, unbiased: mean^2 - variance / n.

        Needs two fits of a column; a column with fewer is left out.
        """
        enough = self.n > 1
        n = np.where(enough, self.n, 2.0)
        square = self.column_mean() ** 2 - self._scatter() / (n * (n - 1))
        return _divide(np.where(enough, square, 0.0).sum(axis=-1), enough.sum(axis=-1))

    def mean_square(self) -> Floats:
        """Mean of the squared errors; shape (n_axes, 1 + n_r)."""
        return _divide(self.raw_squares.sum(axis=-1), self.n.sum(axis=-1))

    def mean(self) -> Floats:
        """Mean of the errors over all fits; shape (n_axes, 1 + n_r)."""
        total = (self.sum + self.centre * self.n).sum(axis=-1)
        return _divide(total, self.n.sum(axis=-1))

    def spread(self) -> Floats:
        """Standard deviation of the errors over all fits together, divisor n - 1."""
        # Within columns and between their means: no difference of large sums.
        away = self.column_mean() - self.mean()[..., np.newaxis]
        between = np.where(self.n > 0, self.n * away**2, 0.0)
        total = (np.maximum(self._scatter(), 0.0) + between).sum(axis=-1)
        return np.sqrt(_divide(total, self.n.sum(axis=-1) - 1))


def _rms(bound: Floats) -> float:
    """Root mean square of a bound over its columns; NaN if any column has none."""
    return float(np.sqrt(np.mean(bound**2)))


def statistics(cell: Cell) -> dict[str, Replicates]:
    """All metrics of a cell with their jackknife replicates.

    Parameters
    ----------
    cell : Cell
        Measured columns of one case, image, dose and restorer.

    Returns
    -------
    dict of str to Replicates
        In the order of `METRICS`, without the metrics that have no meaning here: ratios to a
        bound where none is stated, counts in a case that is not counted, positions where the fit
        held them. A metric that has a meaning but cannot be computed (no fit succeeded, one
        realization) is NaN.
    """
    position, scs = _Moments(cell.error_pm), _Moments(cell.scs_error_pct[np.newaxis])
    true = _Moments(cell.error_true_pm)
    distance = _Moments(np.hypot(*cell.error_pm)[np.newaxis])
    distance_true = _Moments(np.hypot(*cell.error_true_pm)[np.newaxis])
    absolute = _Moments(np.abs(cell.scs_error_pct)[np.newaxis])

    std = np.sqrt(position.variance().mean(axis=0))
    rmse = np.sqrt(position.mean_square().mean(axis=0))
    scs_std = np.sqrt(scs.variance()[0])
    scs_rmse = np.sqrt(scs.mean_square()[0])
    found = {
        "position_bias_x_pm": position.bias()[0],
        "position_bias_y_pm": position.bias()[1],
        "position_bias_rms_pm": position.squared_bias().mean(axis=0),
        "position_std_x_pm": np.sqrt(position.variance()[0]),
        "position_std_y_pm": np.sqrt(position.variance()[1]),
        "position_std_pm": std,
        "position_std_px": std / (100.0 * cell.sampling),
        "position_rmse_pm": rmse,
        "position_mae_pm": distance.mean()[0],
        "position_mae_spread_pm": distance.spread()[0],
        "position_bias_x_true_pm": true.bias()[0],
        "position_bias_y_true_pm": true.bias()[1],
        "position_rmse_true_pm": np.sqrt(true.mean_square().mean(axis=0)),
        "position_mae_true_pm": distance_true.mean()[0],
        "scs_bias_pct": scs.bias()[0],
        "scs_bias_rms_pct": scs.squared_bias()[0],
        "scs_std_pct": scs_std,
        "scs_rmse_pct": scs_rmse,
        "scs_mpe_pct": absolute.mean()[0],
        "scs_mpe_spread_pct": absolute.spread()[0],
        "failure_rate": _share(cell.failed),
        "flagged_rate": _share(cell.flagged),
    }
    if cell.counted_right is not None:
        found["count_accuracy"] = _share(cell.counted_right)
    if cell.counted_right_clean is not None:
        found["count_accuracy_clean"] = np.array([cell.counted_right_clean.mean()])
    if np.isfinite(cell.bound_pm).all():
        bound = _rms(cell.bound_pm)
        found["position_bound_pm"] = np.array([bound])
        found["position_std_over_bound"] = std / bound
        found["position_rmse_over_bound"] = rmse / bound
    if np.isfinite(cell.scs_bound_pct).all():
        bound = _rms(cell.scs_bound_pct)
        found["scs_bound_pct"] = np.array([bound])
        found["scs_std_over_bound"] = scs_std / bound
        found["scs_rmse_over_bound"] = scs_rmse / bound
    return {
        name: Replicates(float(found[name][0]), found[name][1:], metric.scale)
        for name, metric in METRICS.items()
        if name in found and not (cell.positions_held and name.startswith("position_"))
    }


def _share(flags: NDArray[np.bool_]) -> Floats:
    """Share of true entries: all realizations, then each left out."""
    per_realization = flags.mean(axis=1)
    n = per_realization.size
    total = per_realization.sum()
    left_out = (total - per_realization) / (n - 1) if n > 1 else np.full(1, np.nan)
    return np.concatenate([[total / n], left_out])
