"""Electron detection: Poisson counting and the photomultiplier's pulse spread, (43) to (46)."""

import math
from dataclasses import dataclass

import numpy as np

from noise.ranges import RANGES
from stembench.arrays import Floats
from stembench.errors import InputError
from stembench.limits import require


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
        require(self.photons, "photons per electron", low=0, open_low=True)
        require(self.photon_variance, "photon variance", low=0)
        require(self.efficiency, "detector efficiency", low=0, open_low=True, high=1)
        require(self.secondary_gain, "secondary gain", low=1, open_low=True)
        require(self.gain, "detector gain", low=0, open_low=True)

    @classmethod
    def sample(cls, rng: np.random.Generator) -> "Detector":
        """Draw parameters over the ranges of `noise.ranges`."""
        photons = RANGES["detector.photons"].draw(rng)
        return cls(
            photons=photons,
            photon_variance=photons * RANGES["detector.photon_variance"].draw(rng),
            efficiency=RANGES["detector.efficiency"].draw(rng),
            secondary_gain=RANGES["detector.secondary_gain"].draw(rng),
        )

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


def count_electrons(expected: Floats, rng: np.random.Generator) -> Floats:
    """Poisson counts of `expected` electrons per pixel, equations (30) and (45); exact.

    Raises
    ------
    InputError
        If more electrons are expected than a 64-bit integer can count.
    """
    try:
        return rng.poisson(expected).astype(np.float64)
    except ValueError as error:
        raise InputError(
            f"{expected.max():.3g} electrons per pixel cannot be counted; lower the dose or check"
            " that the image is a fraction of the incident beam"
        ) from error


def add_pulse_noise(counts: Floats, rng: np.random.Generator, *, detector: Detector) -> Floats:
    """Add the detector's Gaussian term N(0, σ) of equation (46), in electrons per pixel."""
    return counts + detector.sigma_electrons * rng.standard_normal(counts.shape)
