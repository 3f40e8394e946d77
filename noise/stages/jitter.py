"""Scan jitter: correlated displacement of scan lines, equations (41) and (42)."""

import math
from dataclasses import dataclass

import numpy as np

from noise.ranges import CHANCES, RANGES
from stembench.arrays import Floats
from stembench.limits import require


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
        for axis in ("x", "y"):
            require(getattr(self, f"sigma_{axis}"), f"jitter sigma_{axis}", low=0, unit="Å")
            require(
                getattr(self, f"phi_{axis}"), f"jitter phi_{axis}", low=0, high=1, open_high=True
            )

    @classmethod
    def sample(cls, rng: np.random.Generator) -> "Jitter":
        """Draw parameters over the ranges of `noise.ranges`: in x, in y or in both."""
        place, chance = rng.random(), CHANCES["jitter.x_only"].value
        sigma_x, sigma_y = (RANGES["jitter.sigma"].draw(rng) for _ in range(2))
        phi_x, phi_y = (RANGES["jitter.phi"].draw(rng) for _ in range(2))
        if place < chance:
            sigma_y = phi_y = 0.0
        elif place < 2 * chance:
            sigma_x = phi_x = 0.0
        return cls(sigma_x=sigma_x, sigma_y=sigma_y, phi_x=phi_x, phi_y=phi_y)


def line_displacements(rng: np.random.Generator, lines: int, *, sigma: float, phi: float) -> Floats:
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
    from scipy import signal

    return np.asarray(signal.lfilter([1.0], [1.0, -phi], innovations), dtype=np.float64)


def spline_coefficients(image: Floats) -> Floats:
    """Coefficients of the bicubic spline through `image` (h, w), mirror boundary.

    They depend on the clean image alone, so a batch of realizations computes them once.
    """
    from scipy import ndimage

    return np.asarray(ndimage.spline_filter(image, order=3, mode="mirror"), dtype=np.float64)


def displace_lines(coefficients: Floats, dx: Floats, *, dy: Floats) -> Floats:
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
    from noise.stages.kernels import displace

    row = np.arange(coefficients.shape[0]) + dy
    out = np.empty(coefficients.shape)
    displace(
        np.ascontiguousarray(coefficients),
        np.floor(row).astype(np.intp) - 1,
        np.stack(_cubic_weights(row - np.floor(row))),
        np.floor(dx).astype(np.intp) - 1,
        np.stack(_cubic_weights(dx - np.floor(dx))),
        out,
    )
    return out


def _cubic_weights(fraction: Floats) -> tuple[Floats, ...]:
    """Cubic B-spline at the four knots around a point `fraction` beyond the second one."""
    t = fraction
    return (
        (1 - t) ** 3 / 6,
        (4 - 6 * t**2 + 3 * t**3) / 6,
        (1 + 3 * t + 3 * t**2 - 3 * t**3) / 6,
        t**3 / 6,
    )
