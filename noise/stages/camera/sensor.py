"""Sensor noise of a TEM camera: fixed pattern (31), dark current and its counts (32), (33)."""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from noise.ranges import Chance, Range
from noise.stages.stage import Context, Example, Stage
from stembench.arrays import Floats
from stembench.limits import require

PATTERN_SIGMA: Final = Range(1e-3, 0.03, "", "log", "gain mismatch left by a flat-field correction")
DARK_RANGES: Final = {
    "mean": Range(0.05, 5, "e/px", "log", "cooled to warm sensor, usual exposures"),
    "spread": Range(0.1, 1.0, "of mean", "linear", "uniform to very uneven sensor"),
    "hot_fraction": Range(1e-5, 1e-3, "of px", "log", "as black pixels"),
}


@dataclass(frozen=True)
class FixedPattern:
    """Gain mismatch of pixels that the flat-field correction left.

    Attributes
    ----------
    sigma : float
        Standard deviation of the relative gain, >= 0.
    """

    sigma: float

    def __post_init__(self) -> None:
        require(self.sigma, "fixed-pattern sigma", low=0)

    @classmethod
    def sample(cls, rng: np.random.Generator) -> "FixedPattern":
        """Draw the width over `PATTERN_SIGMA`."""
        return cls(sigma=PATTERN_SIGMA.draw(rng))


@dataclass(frozen=True)
class DarkCurrent:
    """Charge that gathers without a beam, uneven over the pixels.

    Attributes
    ----------
    mean, sigma : float
        μ and σ of equation (32): mean and standard deviation of the log-normal distribution
        itself (not of its logarithm), in electrons per pixel and exposure; mean > 0, sigma >= 0.
    hot_fraction : float
        Share of hot pixels in [0, 1]. They alone carry the uniform term U(μ + 5 σ, μ + 8 σ);
        added to every pixel it would make an offset, not outliers.
    """

    mean: float
    sigma: float
    hot_fraction: float = 0.0

    def __post_init__(self) -> None:
        require(self.mean, "dark-current mean", low=0, open_low=True, unit="e/px")
        require(self.sigma, "dark-current sigma", low=0, unit="e/px")
        require(self.hot_fraction, "share of hot pixels", low=0, high=1)

    @classmethod
    def sample(cls, rng: np.random.Generator) -> "DarkCurrent":
        """Draw parameters over `DARK_RANGES`."""
        mean = DARK_RANGES["mean"].draw(rng)
        return cls(
            mean=mean,
            sigma=mean * DARK_RANGES["spread"].draw(rng),
            hot_fraction=DARK_RANGES["hot_fraction"].draw(rng),
        )


def add_fixed_pattern(
    image: Floats, rng: np.random.Generator, *, fixed_pattern: FixedPattern
) -> Floats:
    """Add x · N(0, σ_fpn), equation (31)."""
    gain = 1 + fixed_pattern.sigma * rng.standard_normal(image.shape)
    return np.asarray(image * gain, dtype=np.float64)


def dark_pattern(
    shape: tuple[int, int], rng: np.random.Generator, *, dark_current: DarkCurrent
) -> Floats:
    """Expected dark electrons of each pixel, equation (32).

    Parameters
    ----------
    shape : tuple of two int
        Height and width.
    rng : numpy.random.Generator
        A new sensor is drawn for each image.
    dark_current : DarkCurrent

    Returns
    -------
    ndarray, shape (h, w)
        In electrons per pixel.
    """
    mean, sigma = dark_current.mean, dark_current.sigma
    # The logarithm's parameters from the distribution's own mean and standard deviation.
    log_variance = math.log1p((sigma / mean) ** 2)
    log_mean = math.log(mean) - log_variance / 2
    pattern = np.exp(log_mean + math.sqrt(log_variance) * rng.standard_normal(shape))
    hot = rng.random(shape) < dark_current.hot_fraction
    pattern[hot] += rng.uniform(mean + 5 * sigma, mean + 8 * sigma, size=int(hot.sum()))
    return np.asarray(pattern, dtype=np.float64)


def add_dark_counts(
    image: Floats, rng: np.random.Generator, *, dark_current: DarkCurrent
) -> Floats:
    """Add the Poisson counts of the dark pattern, equation (33), in electrons per pixel."""
    pattern = dark_pattern((image.shape[0], image.shape[1]), rng, dark_current=dark_current)
    return np.asarray(image + rng.poisson(pattern), dtype=np.float64)


def _pattern(image: Floats, fixed_pattern: FixedPattern, context: Context, /) -> Floats:
    return add_fixed_pattern(image, context.streams["fixed_pattern"], fixed_pattern=fixed_pattern)


def _dark(image: Floats, dark_current: DarkCurrent, context: Context, /) -> Floats:
    return add_dark_counts(image, context.streams["dark_current"], dark_current=dark_current)


STAGES: Final = (
    Stage(
        name="fixed_pattern",
        settings=FixedPattern,
        apply=_pattern,
        summary="gain mismatch of the pixels",
        equations="(31)",
        streams=("fixed_pattern",),
        chance=Chance(0.5, "half of the cameras are flat-fielded well"),
        ranges={"sigma": PATTERN_SIGMA},
        sample=FixedPattern.sample,
        typical=FixedPattern(sigma=0.01),
        symbols={"sigma": ("σ", " of the gain")},
        examples=(Example("fixed pattern (31)", "σ 0.2", FixedPattern(sigma=0.2)),),
    ),
    Stage(
        name="dark_current",
        settings=DarkCurrent,
        apply=_dark,
        summary="dark-current non-uniformity and its shot noise",
        equations="(32), (33)",
        streams=("dark_current",),
        chance=Chance(0.5, "half of the cameras are cooled or dark-subtracted"),
        ranges=DARK_RANGES,
        sample=DarkCurrent.sample,
        typical=DarkCurrent(mean=0.5, sigma=0.25, hot_fraction=1e-4),
        symbols={
            "mean": ("mean", " e/px"),
            "sigma": ("σ", " e/px"),
            "hot_fraction": ("hot pixels", " of all"),
        },
        examples=(
            Example(
                "dark current (32), (33)",
                "4 ± 2 e, 0.6 % hot",
                DarkCurrent(mean=4.0, sigma=2.0, hot_fraction=6e-3),
            ),
        ),
    ),
)
