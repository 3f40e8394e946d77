"""Statistics of errors over realizations with their leave-one-realization-out values.

Errors have shape (..., n_realizations, n_columns) with NaN for failed fits; a column is anything
that is measured once in every realization. Each statistic is returned from all realizations,
followed by those with one left out. Sums over realizations are formed once and the left-out row
is subtracted, so that a statistic costs a few passes over its array.
"""

import numpy as np

from stembench.arrays import Bools, Floats


def _with_left_out(values: Floats) -> Floats:
    """Sums over axis -2 (realizations): all, then each left out; shape (..., 1 + n_r, n_c)."""
    total = values.sum(axis=-2, keepdims=True)
    return np.concatenate([total, total - values], axis=-2)


def _divide(numerator: Floats, denominator: Floats) -> Floats:
    """Quotient, NaN where the denominator is not positive."""
    safe = np.where(denominator > 0, denominator, 1.0)
    return np.where(denominator > 0, numerator / safe, np.nan)


class Moments:
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


def share_with_left_out(flags: Bools) -> Floats:
    """Share of true entries; `flags` has shape (n_realizations, n_columns)."""
    per_realization = flags.mean(axis=1)
    n = per_realization.size
    total = per_realization.sum()
    left_out = (total - per_realization) / (n - 1) if n > 1 else np.full(1, np.nan)
    return np.concatenate([[total / n], left_out])


def ratio_with_left_out(numerators: Floats, denominators: Floats) -> Floats:
    """Sum of numerators over the sum of denominators; NaN where the latter is not positive.

    Both have shape (n_realizations,).
    """
    totals = [np.concatenate([[v.sum()], v.sum() - v]) for v in (numerators, denominators)]
    if numerators.size < 2:
        totals = [total[:1] for total in totals]
    return _divide(totals[0], totals[1])


def mean_with_left_out(values: Floats) -> Floats:
    """Mean of one value per realization; NaN alone if there is none."""
    n = values.size
    if n == 0:
        return np.full(1, np.nan)
    left_out = (values.sum() - values) / (n - 1) if n > 1 else np.empty(0)
    return np.concatenate([[values.mean()], left_out])


def mean_of_each(errors: Floats) -> Floats:
    """Mean over the fitted columns of each realization; NaN where none was fitted.

    `errors` has shape (n_realizations, n_columns); nothing is left out in turn.
    """
    fitted = np.isfinite(errors)
    count = fitted.sum(axis=1)
    total = np.where(fitted, errors, 0.0).sum(axis=1)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def bias_products(errors: Floats) -> Floats:
    """Mean over columns of error times the mean of the column's errors in other realizations.

    One number per realization, whose mean over realizations estimates the mean squared bias of
    the columns without bias; `errors` has shape (n_realizations, n_columns).
    """
    fitted = np.isfinite(errors)
    filled = np.where(fitted, errors, 0.0)
    others = fitted.sum(axis=0) - fitted
    rest = (filled.sum(axis=0) - filled) / np.maximum(others, 1)
    return mean_of_each(np.where(fitted & (others > 0), errors * rest, np.nan))
