"""Types of the ranges and probabilities that random chains are drawn from."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np


@dataclass(frozen=True)
class Range:
    """An interval and how values lie in it.

    Attributes
    ----------
    low, high : float
    unit : str
    scale : {'linear', 'log', 'low'}
        Uniform in the value; uniform in its logarithm; or exponential in its logarithm with a
        scale of half the interval, so that low values are more frequent.
    reason : str
        "paper" with the place where it is stated, or why it was chosen.
    """

    low: float
    high: float
    unit: str
    scale: Literal["linear", "log", "low"]
    reason: str

    def draw(self, rng: np.random.Generator) -> float:
        """Draw one value."""
        place = rng.random()
        if self.scale == "linear":
            return self.low + (self.high - self.low) * place
        if self.scale == "low":
            # Inverse of the cumulative exponential of scale 0.5, cut at 1.
            place = -0.5 * math.log1p(-place * -math.expm1(-2.0))
        return self.low * math.exp(place * math.log(self.high / self.low))


@dataclass(frozen=True)
class Chance:
    """Probability that something happens to an image, and why."""

    value: float
    reason: str

    def draw(self, rng: np.random.Generator) -> bool:
        """Draw whether it happens."""
        return bool(rng.random() < self.value)


@dataclass(frozen=True, kw_only=True, eq=False)
class Drawn:
    """What is drawn at random for one step: whether it happens, and its parameters.

    Attributes
    ----------
    name : str
    chance : Chance or None
        Of happening to an image; None if it always happens.
    ranges : mapping of str to Range
        Parameter to its range.
    choices : mapping of str to Chance
        Further probabilities by name.
    """

    name: str
    chance: Chance | None = None
    ranges: Mapping[str, Range] = field(default_factory=dict)
    choices: Mapping[str, Chance] = field(default_factory=dict)
