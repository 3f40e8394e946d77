"""Scan jitter: correlated displacement of scan lines, equations (41) and (42)."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage, signal

from noise.errors import InputError

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Jitter:
    """AR(1) jitter, x (fast scan) and y (slow scan) independent, one displacement per scan line.

    Attributes
    ----------
    sigma_x, sigma_y : float
        Standard deviation of the innovations a_t in Å, >= 0. The displacements themselves scatter
        by sigma / sqrt(1 - phi²).
    phi_x, phi_y : float
        Correlation of consecutive lines, 0 <= phi < 1.
    """

    sigma_x: float
    sigma_y: float
    phi_x: float
    phi_y: float

    def __post_init__(self) -> None:
        for name, sigma, phi in (
            ("x", self.sigma_x, self.phi_x),
            ("y", self.sigma_y, self.phi_y),
        ):
            if not (math.isfinite(sigma) and sigma >= 0):
                raise InputError(f"jitter sigma_{name} must be >= 0 Å, not {sigma}")
            if not 0 <= phi < 1:
                raise InputError(f"jitter phi_{name} must lie in [0, 1), not {phi}")


def line_displacements(
    rng: np.random.Generator, lines: int, *, sigma: float, phi: float
) -> FloatArray:
    """Displacement of each scan line, equation (41).

    The first term is a / sqrt(1 - phi²), which makes the series stationary from its start:
    covariance of lines k and l is sigma² phi^|k-l| / (1 - phi²).

    Parameters
    ----------
    rng : numpy.random.Generator
    lines : int
        Number of scan lines.
    sigma : float
        Standard deviation of the innovations, any length unit.
    phi : float
        Correlation coefficient in [0, 1).

    Returns
    -------
    ndarray, shape (lines,)
        Displacements in the unit of `sigma`.
    """
    innovations = sigma * rng.standard_normal(lines)
    innovations[0] /= math.sqrt(1 - phi**2)
    return np.asarray(signal.lfilter([1.0], [1.0, -phi], innovations), dtype=np.float64)


def spline_coefficients(image: FloatArray) -> FloatArray:
    """Coefficients of the bicubic spline through `image` (h, w), mirror boundary.

    They depend on the clean image alone, so a batch of realizations computes them once.
    """
    return np.asarray(ndimage.spline_filter(image, order=3, mode="mirror"), dtype=np.float64)


def displace_lines(coefficients: FloatArray, dx: FloatArray, *, dy: FloatArray) -> FloatArray:
    """Evaluate the bicubic spline on the jittered grid, equation (42).

    Line k is read at (column + dx[k], k + dy[k]). All pixels of a line share one fractional shift,
    so the spline is separable per line: four lines are blended, then four columns.

    Parameters
    ----------
    coefficients : ndarray, shape (h, w)
        From `spline_coefficients`.
    dx, dy : ndarray, shape (h,)
        Displacements in px along the fast and the slow scan.

    Returns
    -------
    ndarray, shape (h, w)
    """
    height, width = coefficients.shape
    row = np.arange(height) + dy
    row_start = np.floor(row).astype(np.intp) - 1
    row_weights = _cubic_weights(row - np.floor(row))
    blended = np.zeros((height, width))
    for tap in range(4):
        blended += row_weights[tap][:, None] * coefficients[_mirror(row_start + tap, height)]

    column_start = np.floor(dx).astype(np.intp) - 1
    column_weights = _cubic_weights(dx - np.floor(dx))
    columns = np.arange(width)
    out = np.zeros((height, width))
    for tap in range(4):
        index = _mirror(columns[None, :] + (column_start + tap)[:, None], width)
        out += column_weights[tap][:, None] * np.take_along_axis(blended, index, axis=1)
    return out


def _cubic_weights(fraction: FloatArray) -> tuple[FloatArray, ...]:
    """Cubic B-spline at the four knots around a point `fraction` beyond the second one."""
    t = fraction
    return (
        (1 - t) ** 3 / 6,
        (4 - 6 * t**2 + 3 * t**3) / 6,
        (1 + 3 * t + 3 * t**2 - 3 * t**3) / 6,
        t**3 / 6,
    )


def _mirror(index: npt.NDArray[np.intp], length: int) -> npt.NDArray[np.intp]:
    """Fold indices back into the array about the centres of its end pixels."""
    if length == 1:
        return np.zeros_like(index)
    period = 2 * (length - 1)
    folded = np.abs(index) % period
    return np.where(folded >= length, period - folded, folded)
