"""Fisher information of one pixel about its electrons: Poisson, or Poisson plus Gaussian."""

from functools import lru_cache
from typing import Final

import numpy as np

from stembench.arrays import Floats

#: Expected electrons between which the information is tabulated; below and above it is continued
#: by its limits.
SMALLEST: Final = 1e-6
LARGEST: Final = 400.0
_NODES: Final = 240


def information_per_electron(expected: Floats, *, sigma: float) -> Floats:
    """Information I(λ) = E[(∂ ln p/∂λ)²] of counts Poisson(λ) + Normal(0, σ²).

    Parameters
    ----------
    expected : ndarray
        Expected electrons λ of each pixel.
    sigma : float
        Standard deviation σ of the Gaussian part [electrons]; 0 gives 1/λ exactly.

    Returns
    -------
    ndarray
        Information [1/electrons²], the shape of `expected`.

    Notes
    -----
    For σ > 0 the density p(y) = Σ_n P(n; λ) φ((y - n)/σ) is summed on a grid of step σ/4 or
    finer, and I = ∫ (∂p/∂λ)² / p dy with ∂P(n)/∂λ = P(n - 1) - P(n) by the trapezoidal rule,
    which for such a smooth integrand is exact to rounding. I (λ + σ²) is tabulated at 240
    values of λ between 1e-6 and 400, interpolated by a cubic spline in ln λ (to 1e-6), held
    constant below, and above tends to 1 as 1/λ. Negative λ count as 1e-6.
    """
    if sigma == 0:
        return np.asarray(1.0 / expected, dtype=np.float64)
    from scipy.interpolate import CubicSpline

    nodes, ratio = _table(float(sigma))
    safe = np.maximum(expected, SMALLEST)
    curve = CubicSpline(np.log(nodes), ratio)
    value = curve(np.log(np.minimum(safe, LARGEST)))
    value = np.where(safe > LARGEST, 1.0 + (ratio[-1] - 1.0) * LARGEST / safe, value)
    return np.asarray(value / (safe + sigma**2), dtype=np.float64)


@lru_cache(maxsize=8)
def _table(sigma: float) -> tuple[Floats, Floats]:
    nodes = np.geomspace(SMALLEST, LARGEST, _NODES)
    return nodes, np.array([_information(rate, sigma) * (rate + sigma**2) for rate in nodes])


def _information(rate: float, sigma: float) -> float:
    """I(λ) by direct summation."""
    from scipy.stats import poisson

    per_electron = max(4, int(np.ceil(4.0 / sigma)))  # grid points per electron
    low = max(0, int(np.floor(rate - 12 * np.sqrt(rate) - 5)))
    high = int(np.ceil(rate + 12 * np.sqrt(rate) + 20))
    n = np.arange(low, high + 1)
    probability = poisson.pmf(n, rate)
    slope = poisson.pmf(n - 1, rate) - probability
    reach = int(np.ceil(9.0 * sigma * per_electron))
    grid = np.arange(-reach, reach + 1) / per_electron
    gauss = np.exp(-0.5 * (grid / sigma) ** 2) / (sigma * np.sqrt(2 * np.pi))
    combed = np.zeros(((high - low) * per_electron + 1, 2))
    combed[::per_electron, 0] = probability
    combed[::per_electron, 1] = slope
    density = np.convolve(combed[:, 0], gauss)
    change = np.convolve(combed[:, 1], gauss)
    seen = density > 1e-300
    return float(np.sum(change[seen] ** 2 / density[seen]) / per_electron)
