"""The six data sets of the paper: three microscopes at high and low resolution."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from noise import Chain, Chance, Drawn, ScanNoise, TemNoise
from stembench.errors import InputError


@dataclass(frozen=True)
class Modality:
    """One data set.

    Attributes
    ----------
    name : str
        Such as 'hrstem'.
    microscope : {'stem', 'sem', 'tem'}
    high_resolution : bool
        Whether its images are of atoms.
    """

    name: str
    microscope: str
    high_resolution: bool

    def noise(self, rng: np.random.Generator) -> Chain:
        """Draw a noise chain over the ranges of docs/noise.md."""
        if self.microscope == "tem":
            return TemNoise.sample(rng)
        return ScanNoise.sample(rng, modality=self.microscope)


#: The six data sets of the paper: high and low resolution of each microscope.
DATA_SETS: Final = tuple(
    Modality(f"{resolution}{microscope}", microscope, resolution == "hr")
    for microscope in ("stem", "tem", "sem")
    for resolution in ("hr", "lr")
)

#: Ours: largest displacement of a scan line that is given context, in its standard deviations.
_REACH: Final = 4.0
#: What is drawn for a pair beside specimen, image and noise.
PAIR: Final = Drawn(
    name="pair",
    ranges={},
    choices={
        "atoms": Chance(
            0.4, "ours: atoms in an image at low resolution, seen in 10 of 24 published pairs"
        ),
    },
)


def modality_named(name: str) -> Modality:
    """Return a data set by its name (InputError for an unknown one)."""
    for each in DATA_SETS:
        if each.name == name:
            return each
    names = ", ".join(each.name for each in DATA_SETS)
    raise InputError(f"there is no modality {name!r}; modalities: {names}")


def correlation_distance(noise: Chain) -> float:
    """Maximum correlation distance d_ext of a chain's scan distortions in Å.

    Twice the largest displacement of a scan line that is given context: lines scatter by
    sigma / sqrt(1 - phi²), equation (41).
    """
    jitter = noise.jitter if isinstance(noise, ScanNoise) else None
    if jitter is None:
        return 0.0
    scatter = max(
        jitter.sigma_x / (1 - jitter.phi_x**2) ** 0.5, jitter.sigma_y / (1 - jitter.phi_y**2) ** 0.5
    )
    return float(2 * _REACH * scatter)
