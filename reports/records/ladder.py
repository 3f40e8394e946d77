"""Ladders of noise chains: one image and dose that a run makes once more under each chain."""

from dataclasses import dataclass
from typing import Final, Literal

from noise import ScanNoise
from stembench.exact_numbers import exact

#: Stages added one after another.
ABLATION: Final = "ablation"
#: One stage stepped through its strengths.
AXES: Final = "axes"

#: What a ladder is for, and the folder of a run that holds its records.
Kind = Literal["ablation", "axes"]


@dataclass(frozen=True, kw_only=True)
class Rung:
    """One noise chain of a ladder.

    Attributes
    ----------
    label : str
        Unique among the ladders of its kind and case.
    value : float
        Place on the axis in its unit; the number of the rung in an ablation.
    noise : ScanNoise
    """

    label: str
    value: float
    noise: ScanNoise


@dataclass(frozen=True, kw_only=True)
class Ladder:
    """One image and dose, run once more under each of a ladder of noise chains.

    Attributes
    ----------
    kind : {'ablation', 'axes'}
    axis : str
        Name of what the rungs vary: 'stages' in an ablation, else an axis of `noise.noise_axes`.
    quantity, unit : str
        The axis in words.
    case, image : str
    dose : float
        e/Å².
    realizations : int
        Per rung; those of the case's own records.
    rungs : tuple of Rung
    beside : tuple of str
        Restorers that are run beside those of the profile.
    """

    kind: Kind
    axis: str
    quantity: str
    unit: str
    case: str
    image: str
    dose: float
    realizations: int
    rungs: tuple[Rung, ...]
    beside: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Name that no other ladder of a run has."""
        return f"{self.axis} of {self.case} {self.image} at {exact(self.dose)} e/Å²"

    @property
    def labels(self) -> tuple[str, ...]:
        """Labels of the rungs, in order."""
        return tuple(rung.label for rung in self.rungs)
