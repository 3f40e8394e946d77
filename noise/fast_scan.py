"""Fast scan: the trailing response of detector and readout along a scan line, (47) to (50).

Two misprints are mended. Equation (48) integrates to 1/4 over its half line, and the factor of
(50) is not the reciprocal of the integral of (49); each sampled response is therefore normalised
to sum 1. e^{-x/β} would grow for x <= 0, so |x| stands in it. The tail trails along the scan:
a later pixel carries the charge of an earlier one.
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from noise.errors import InputError

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class FastScan:
    """Response of detector and readout, all lengths in px (dwell times).

    Attributes
    ----------
    alpha : float
        Width of the detector's Lorentzian, equation (48), > 0; its half width at half maximum is
        α / 2π.
    beta : float
        Decay length of the readout's damped oscillation, equation (49), > 0.
    gamma : float
        Period of the oscillation, > 0.
    theta : float
        Phase of the oscillation in rad; its response at lag 0, sin θ, must be positive.
    length : int
        Lags kept, >= 1; what lies beyond is folded into the normalisation.
    """

    alpha: float
    beta: float
    gamma: float
    theta: float
    length: int = 64

    def __post_init__(self) -> None:
        for name in ("alpha", "beta", "gamma"):
            value = getattr(self, name)
            if not (math.isfinite(value) and value > 0):
                raise InputError(f"fast-scan {name} must be a positive number of px, not {value}")
        if not (math.isfinite(self.theta) and math.sin(self.theta) > 0):
            raise InputError(f"fast-scan theta must have a positive sine, not {self.theta} rad")
        if self.length < 1:
            raise InputError(f"fast-scan length must be at least 1 px, not {self.length}")
        if self._readout().sum() <= 0:
            raise InputError("fast-scan beta, gamma and theta give a readout of no net charge")

    def _readout(self) -> FloatArray:
        lag = np.arange(self.length)
        wave = np.sin(2 * np.pi * lag / self.gamma + self.theta)
        return np.asarray(np.exp(-lag / self.beta) * wave, dtype=np.float64)

    def detector_response(self) -> FloatArray:
        """Sampled psf_detector (48) at lags 0, 1, ... px, shape (length,), sum 1."""
        lag = np.arange(self.length)
        response = self.alpha / (4 * np.pi**2 * lag**2 + self.alpha**2)
        return np.asarray(response / response.sum(), dtype=np.float64)

    def readout_response(self) -> FloatArray:
        """Sampled psf_readout (49) at lags 0, 1, ... px, shape (length,), sum 1."""
        response = self._readout()
        return np.asarray(response / response.sum(), dtype=np.float64)

    def response(self) -> FloatArray:
        """Both responses after each other, equation (47), shape (2 * length - 1,), sum 1."""
        return np.convolve(self.detector_response(), self.readout_response())


def trail(images: FloatArray, fast_scan: FastScan) -> FloatArray:
    """Convolve each scan line with the trailing response, equation (47).

    Parameters
    ----------
    images : ndarray, shape (..., h, w)
        Any unit. Before its first pixel a line is taken to rest at that pixel's value.
    fast_scan : FastScan

    Returns
    -------
    ndarray, shape (..., h, w)
    """
    response = fast_scan.response()
    # The kernel is one-sided: put lag 0 in its middle so that no lag reaches forward.
    kernel = np.concatenate([np.zeros(response.size - 1), response])
    out = ndimage.convolve1d(images, kernel, axis=-1, mode="nearest")
    return np.asarray(out, dtype=np.float64)
