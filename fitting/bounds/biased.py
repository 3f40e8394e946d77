"""Cramér-Rao bound of a biased estimator, and the gradient of its bias."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from stembench.errors import InputError


@dataclass(frozen=True)
class BiasGradient:
    """Slope db/dθ of an estimator's bias b(θ) = E[estimate] - θ.

    Attributes
    ----------
    slope : float
        0 for an unbiased estimator, -1 for one that returns the same whatever the truth.
    slope_err : float
        Standard error of the slope.
    n : int
        Number of estimates.
    """

    slope: float
    slope_err: float
    n: int


def bias_gradient(truth: ArrayLike, estimate: ArrayLike) -> BiasGradient:
    """Measure the bias gradient from estimates at several true values.

    Parameters
    ----------
    truth : array_like, shape (n,)
        True parameter values, at least two different ones, spread over a range in which the
        bias is taken as linear: columns displaced by known amounts, or thicknesses.
    estimate : array_like, shape (n,)
        Estimates, one per true value and realization; NaN rows are left out.

    Returns
    -------
    BiasGradient
        By least squares of estimate - truth on truth.

    Raises
    ------
    InputError
        If shapes differ or there are fewer than three usable rows or two true values.
    """
    x = np.asarray(truth, dtype=np.float64).ravel()
    y = np.asarray(estimate, dtype=np.float64).ravel()
    if x.shape != y.shape:
        raise InputError(f"{y.size} estimates do not match {x.size} true values")
    good = np.isfinite(x) & np.isfinite(y)
    x, bias = x[good], (y - x)[good]
    if len(x) < 3 or np.ptp(x) == 0:
        raise InputError("a bias gradient needs three estimates at two or more true values")
    centred = x - x.mean()
    power = float(centred @ centred)
    slope = float(centred @ bias) / power
    rest = bias - bias.mean() - slope * centred
    error = np.sqrt(float(rest @ rest) / max(1, len(x) - 2) / power)
    return BiasGradient(slope=slope, slope_err=float(error), n=len(x))


def bias_corrected(bound: Any, gradient: BiasGradient | float) -> Any:
    """Least standard deviation of an estimator whose bias has this gradient: |1 + b'| CRB.

    Parameters
    ----------
    bound : float, ndarray or pandas object
        Cramér-Rao bound as a standard deviation (from `cramer_rao`).
    gradient : BiasGradient or float
        Measured gradient, or its slope.

    Returns
    -------
    Same type as `bound`

    Notes
    -----
    Var(θ̂) >= (1 + db/dθ)² / F; van Trees, Detection, Estimation and Modulation Theory I (1968),
    section 2.4. A restorer that pulls columns towards a lattice has b' < 0 and may scatter less
    than the unbiased bound: what it gains in precision it owes to its prior.
    """
    slope = gradient.slope if isinstance(gradient, BiasGradient) else float(gradient)
    return abs(1.0 + slope) * bound
