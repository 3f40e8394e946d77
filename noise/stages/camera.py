"""Spatial noise of a TEM camera: fixed pattern (31), dark current and its counts (32), (33)."""

import math
from dataclasses import dataclass

import numpy as np

from noise.ranges import RANGES
from stembench.arrays import Floats
from stembench.limits import require


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
        """Draw parameters over the ranges of `noise.ranges`."""
        return cls(sigma=RANGES["fixed_pattern.sigma"].draw(rng))


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
        """Draw parameters over the ranges of `noise.ranges`."""
        mean = RANGES["dark_current.mean"].draw(rng)
        return cls(
            mean=mean,
            sigma=mean * RANGES["dark_current.spread"].draw(rng),
            hot_fraction=RANGES["dark_current.hot_fraction"].draw(rng),
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
