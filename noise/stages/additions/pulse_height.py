"""Pulse heights counted one by one: equation (46) with a spread that grows with the electrons.

(46) adds the spread of a single pulse, (44), to every pixel, however many electrons it counted.
Where each electron has a pulse of its own, the heights of n pulses add up to n with a standard
deviation of sqrt(n) σ. This variant is ours, and replaces the stage `detector`.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from noise.ranges import Chance
from noise.stages.detector import Detector
from noise.stages.stage import Context, Example, Stage
from stembench.arrays import Floats


@dataclass(frozen=True)
class PulseHeight(Detector):
    """Scintillator and photomultiplier tube that add the pulse of each counted electron.

    Its parameters are those of `noise.stages.detector.Detector`; `sigma_electrons` is the spread
    of one pulse.
    """

    @property
    def excess(self) -> float:
        """Variance of a pixel over that of its electrons alone: 1 + σ².

        Variance of a compound Poisson sum: mean count times the mean square pulse. It is Poisson
        noise of a dose lower by this factor.
        """
        return 1 + self.sigma_electrons**2


def add_pulse_heights(counts: Floats, rng: np.random.Generator, *, detector: PulseHeight) -> Floats:
    """Add N(0, sqrt(n) σ) to n counted electrons, in electrons per pixel."""
    spread = detector.sigma_electrons * np.sqrt(counts)
    return np.asarray(counts + spread * rng.standard_normal(counts.shape), dtype=np.float64)


def _apply(image: Floats, detector: PulseHeight, context: Context, /) -> Floats:
    return add_pulse_heights(image, context.streams["pulse_height"], detector=detector)


_WEAK: Final = PulseHeight(photons=5.0, photon_variance=5.0, efficiency=0.05, secondary_gain=4.0)

STAGES: Final = (
    Stage(
        name="pulse_height",
        settings=PulseHeight,
        apply=_apply,
        summary="`detector` with the spread of each counted electron's pulse (ours)",
        equations="(44), (46) with sqrt(n) σ",
        streams=("pulse_height",),
        chance=Chance(0.0, "ours; `detector` is the paper's"),
        variant_of="detector",
        symbols={
            "photons": ("m_c", " photons per electron"),
            "photon_variance": ("their variance δ_c²", ""),
            "efficiency": ("DQE η", ""),
            "secondary_gain": ("secondary gain δ", ""),
            "gain": ("tube gain G", ""),
        },
        examples=(
            Example("pulse heights (ours)", f"σ {_WEAK.sigma_electrons:.2g} e per pulse", _WEAK),
        ),
    ),
)
