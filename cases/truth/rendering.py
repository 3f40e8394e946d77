"""Evaluation of a stored scan at any positions by its Fourier series, with source blur.

A scan whose step is at most λ/(4 α) holds the whole image, because no STEM image has frequencies
beyond 2 α/λ (Dwyer, 10.1016/j.ultramic.2010.04.016); its Fourier series is therefore exact, and a
Gaussian source multiplies each coefficient by exp(-2 π² σ² q²).
"""

import numpy as np
import numpy.typing as npt

from cases.specimens.specimen import Boundary
from stembench.arrays import Floats


def interpolation_matrix(
    targets: Floats, *, points: int, step: float, sigma: float, boundary: Boundary
) -> Floats:
    """Weights of the scan points along one axis for each target.

    Parameters
    ----------
    targets : ndarray, shape (m,)
        Coordinates in Å, counted from the first scan point.
    points : int
        Number of scan points.
    step : float
        Their distance in Å.
    sigma : float
        Standard deviation of the source along one axis in Å, >= 0.
    boundary : {'periodic', 'mirror'}
        'mirror' continues the scan evenly about half a step outside its first and last points.

    Returns
    -------
    ndarray, shape (m, points)
        Each row sums to 1.
    """
    if boundary == "mirror":
        both = _periodic_matrix(targets, points=2 * points, step=step, sigma=sigma)
        return both[:, :points] + both[:, points:][:, ::-1]
    return _periodic_matrix(targets, points=points, step=step, sigma=sigma)


def _periodic_matrix(targets: Floats, *, points: int, step: float, sigma: float) -> Floats:
    period = points * step
    order = np.arange(points // 2 + 1)
    frequency = order / period
    weight = np.full(len(order), 2.0)
    weight[0] = 1.0
    if points % 2 == 0:
        # The highest frequency of an even number of points has one member only.
        weight[-1] = 1.0
    weight *= np.exp(-2 * (np.pi * sigma * frequency) ** 2) / points
    phase = 2 * np.pi * frequency
    at_target = np.outer(targets, phase)
    at_point = np.outer(np.arange(points) * step, phase)
    cosines: Floats = (np.cos(at_target) * weight) @ np.cos(at_point).T
    sines: Floats = (np.sin(at_target) * weight) @ np.sin(at_point).T
    return cosines + sines


def orbit_variance(
    rows: Floats, columns: Floats, variance: Floats, *, orbits: npt.NDArray[np.int64]
) -> Floats:
    """Variance of rendered pixels where all places of an orbit share one value and one error.

    Parameters
    ----------
    rows, columns : ndarray, shape (h, ny) and (w, nx)
        Weights of the scan points for each row and each column of pixels.
    variance : ndarray, shape (ny, nx)
        Of the scan points; the same at all places of an orbit.
    orbits : ndarray of int, shape (ny, nx)
        Number of the orbit at each place.

    Returns
    -------
    ndarray, shape (h, w)
    """
    out = np.zeros((len(rows), len(columns)))
    for number in range(orbits.max() + 1):
        y, x = np.nonzero(orbits == number)
        out += (rows[:, y] @ columns[:, x].T) ** 2 * variance[y[0], x[0]]
    return out
