"""Evaluation of a stored scan at any positions by its Fourier series, with source blur.

A scan whose step is at most λ/(4 α) holds the whole image, because no STEM image has frequencies
beyond 2 α/λ (Dwyer, 10.1016/j.ultramic.2010.04.016); its Fourier series is therefore exact, and a
Gaussian source multiplies each coefficient by exp(-2 π² σ² q²).
"""

import numpy as np
import numpy.typing as npt

from cases.files import Boundary

FloatArray = npt.NDArray[np.float64]


def interpolation_matrix(
    targets: FloatArray, *, points: int, step: float, sigma: float, boundary: Boundary
) -> FloatArray:
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


def _periodic_matrix(targets: FloatArray, *, points: int, step: float, sigma: float) -> FloatArray:
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
    cosines: FloatArray = (np.cos(at_target) * weight) @ np.cos(at_point).T
    sines: FloatArray = (np.sin(at_target) * weight) @ np.sin(at_point).T
    return cosines + sines
