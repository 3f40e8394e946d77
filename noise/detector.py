"""Electron detection: Poisson counting and the photomultiplier's pulse spread, (43) to (46)."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from noise.errors import InputError

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Detector:
    """Scintillator and photomultiplier tube.

    Attributes
    ----------
    photons : float
        m_c, photons collected per incident electron, > 0.
    photon_variance : float
        δ_c², variance of that number, >= 0.
    efficiency : float
        η, detective quantum efficiency of the photocathode, in (0, 1].
    secondary_gain : float
        δ, secondary gain of each stage, > 1.
    gain : float
        G, gain of the whole tube, > 0. It scales the pulses alike and cancels in counted electrons.
    """

    photons: float
    photon_variance: float
    efficiency: float
    secondary_gain: float
    gain: float = 1.0

    def __post_init__(self) -> None:
        if not (math.isfinite(self.photons) and self.photons > 0):
            raise InputError(f"photons per electron must be positive, not {self.photons}")
        if not (math.isfinite(self.photon_variance) and self.photon_variance >= 0):
            raise InputError(f"photon variance must be >= 0, not {self.photon_variance}")
        if not 0 < self.efficiency <= 1:
            raise InputError(f"detector efficiency must lie in (0, 1], not {self.efficiency}")
        if not (math.isfinite(self.secondary_gain) and self.secondary_gain > 1):
            raise InputError(f"secondary gain must exceed 1, not {self.secondary_gain}")
        if not (math.isfinite(self.gain) and self.gain > 0):
            raise InputError(f"detector gain must be positive, not {self.gain}")

    @property
    def mean_pulse(self) -> float:
        """m_c η G, mean pulse of one electron at the anode."""
        return self.photons * self.efficiency * self.gain

    @property
    def pulse_sigma(self) -> float:
        """Standard deviation of the pulse, equation (44)."""
        spread = (1 - self.efficiency + 1 / (self.secondary_gain - 1)) / (
            self.photons * self.efficiency
        ) + self.photon_variance / self.photons**2
        return self.mean_pulse * math.sqrt(spread)

    @property
    def pulse_fwhm(self) -> float:
        """Full width at half maximum of the pulse, equation (43)."""
        return 2 * math.sqrt(2 * math.log(2)) * self.pulse_sigma

    @property
    def sigma_electrons(self) -> float:
        """Standard deviation added to each pixel, in electrons (σ of (44) over the mean pulse)."""
        return self.pulse_sigma / self.mean_pulse


def count_electrons(expected: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Poisson counts of `expected` electrons per pixel, equation (45); exact at any mean."""
    return rng.poisson(expected).astype(np.float64)


def add_pulse_noise(
    counts: FloatArray, rng: np.random.Generator, *, detector: Detector
) -> FloatArray:
    """Add the detector's Gaussian term N(0, σ) of equation (46), in electrons per pixel."""
    return counts + detector.sigma_electrons * rng.standard_normal(counts.shape)
