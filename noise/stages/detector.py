"""Photomultiplier detector: the spread of its pulses, equations (44) and (46)."""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from noise.ranges import Chance, Range
from noise.stages.stage import Axis, Context, Example, Stage
from stembench.arrays import Floats
from stembench.limits import require

RANGES: Final = {
    "photons": Range(
        2,
        300,
        "photons/e",
        "log",
        "paper, before (44), names about 100; secondary electrons (SEM) give far fewer",
    ),
    "photon_variance": Range(0.5, 2, "times the mean", "log", "around the Poisson value 1"),
    "efficiency": Range(
        0.02,
        0.4,
        "",
        "log",
        "photocathodes reach 0.4; poor light guides lose most. With the rest, σ is 0.09 to 6.2 e"
        " per pixel: published pairs hold noise that does not depend on intensity",
    ),
    "secondary_gain": Range(3, 8, "", "linear", "gain of a dynode at usual voltages"),
}


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
        """Draw parameters over `RANGES`."""
        photons = RANGES["photons"].draw(rng)
        return cls(
            photons=photons,
            photon_variance=photons * RANGES["photon_variance"].draw(rng),
            efficiency=RANGES["efficiency"].draw(rng),
            secondary_gain=RANGES["secondary_gain"].draw(rng),
        )

    @classmethod
    def of_sigma(cls, sigma: float) -> "Detector":
        """Our photomultiplier with as many photons per electron as give a pulse spread.

        Efficiency 0.2 and secondary gain 4 are those of the studies, the photons are Poisson; (44)
        is then sqrt(6.667 / m_c) in electrons, 0.258 for the studies' 100 photons.

        Parameters
        ----------
        sigma : float
            Standard deviation added to each pixel in electrons, > 0.
        """
        require(sigma, "detector sigma", low=0, open_low=True, unit="e")
        efficiency, secondary_gain = 0.2, 4.0
        photons = ((1 - efficiency + 1 / (secondary_gain - 1)) / efficiency + 1) / sigma**2
        return cls(
            photons=photons,
            photon_variance=photons,
            efficiency=efficiency,
            secondary_gain=secondary_gain,
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
    def sigma_electrons(self) -> float:
        """Standard deviation added to each pixel, in electrons (σ of (44) over the mean pulse)."""
        return self.pulse_sigma / self.mean_pulse


def add_pulse_noise(counts: Floats, rng: np.random.Generator, *, detector: Detector) -> Floats:
    """Add the detector's Gaussian term N(0, σ) of equation (46), in electrons per pixel."""
    return counts + detector.sigma_electrons * rng.standard_normal(counts.shape)


def _apply(image: Floats, detector: Detector, context: Context, /) -> Floats:
    return add_pulse_noise(image, context.streams["pulse"], detector=detector)


_STUDY: Final = Detector(photons=100.0, photon_variance=100.0, efficiency=0.2, secondary_gain=4.0)
_WEAK: Final = Detector(photons=5.0, photon_variance=5.0, efficiency=0.05, secondary_gain=4.0)

STAGES: Final = (
    Stage(
        name="detector",
        settings=Detector,
        apply=_apply,
        summary="photomultiplier pulse spread",
        equations="(44), (46)",
        streams=("pulse",),
        chance=Chance(0.9, "'S(T)EM detector noise' is always there; 0.1 keeps pure counting"),
        ranges=RANGES,
        sample=Detector.sample,
        typical=_STUDY,
        axis=Axis(
            name="detector",
            quantity="σ of the detector",
            unit="e",
            settings={
                0.26: _STUDY,  # 0.258
                1.0: Detector.of_sigma(1.0),
                3.0: Detector.of_sigma(3.0),
            },
        ),
        symbols={
            "photons": ("m_c", " photons per electron"),
            "photon_variance": ("their variance δ_c²", ""),
            "efficiency": ("DQE η", ""),
            "secondary_gain": ("secondary gain δ", ""),
            "gain": ("tube gain G", ""),
        },
        examples=(Example("detector (46)", f"σ {_WEAK.sigma_electrons:.2g} e", _WEAK),),
    ),
)
