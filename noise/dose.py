"""Conversion between dose, sampling and expected electrons per pixel."""

from typing import Final

import numpy as np

from noise.ranges import Drawn, Range
from stembench.limits import require

#: Largest dose in e/Å²: a million times what any specimen bears.
MOST_DOSE: Final = 1e12

#: Mean electron count of random images.
DRAWN: Final = Drawn(
    name="dose",
    ranges={
        "electrons": Range(
            0.5,
            750,
            "e/px",
            "low",
            "paper, text before (30): mean counts in [0.5, 750], exponential with scale 0.5; taken"
            " in the logarithm, because only so low doses prevail as the text says",
        ),
    },
)


def electrons_per_pixel(dose: float, sampling: float) -> float:
    """Expected electrons per pixel at unit beam fraction: the dose scale α of equation (45).

    Parameters
    ----------
    dose : float
        Mean electron dose in e/Å², > 0.
    sampling : float
        Pixel size in Å/px, > 0.

    Returns
    -------
    float
        dose · sampling² in electrons per pixel.

    Raises
    ------
    InputError
        If either is not a positive finite number, or the dose is beyond `MOST_DOSE`.
    """
    require(dose, "dose", low=0, high=MOST_DOSE, open_low=True, unit="e/Å²")
    require(sampling, "sampling", low=0, open_low=True, unit="Å/px")
    return dose * sampling**2


def draw_counts(rng: np.random.Generator) -> float:
    """Draw the mean electron count per pixel of a random image.

    It is α E{y} of the text before equation (30), in [0.5, 750] electrons per pixel. Divided by
    ``image.mean() * sampling**2`` it is the dose in e/Å².
    """
    return DRAWN.ranges["electrons"].draw(rng)
