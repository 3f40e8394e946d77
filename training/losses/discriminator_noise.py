"""Noise on what the discriminator sees, a variant of the authors' code."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from training.losses.image_moments import image_std

_CHANCE: Final = 0.5
_LOWEST: Final = 0.001
_HIGHEST: Final = 0.1


def draw_discriminator_noise(
    shape: tuple[int, ...], rng: np.random.Generator, /
) -> NDArray[np.float32]:
    """Draw noise for the truths and the restored images of a batch.

    Parameters
    ----------
    shape : tuple of int
        (n, h, w, 1).
    rng : numpy.random.Generator

    Returns
    -------
    ndarray
        (2, n, h, w, 1), in standard deviations of each truth: with a chance of 0.5 Gaussian of a
        strength uniform in [0.001, 0.1], else zero. That each image of a batch has its own chance
        and strength, and that both have the strength but not the noise in common, is ours.
    """
    strength = rng.uniform(_LOWEST, _HIGHEST, shape[0]) * (rng.random(shape[0]) < _CHANCE)
    noise = rng.standard_normal((2, *shape)) * strength[:, None, None, None]
    return noise.astype(np.float32)


def with_discriminator_noise(truth: Any, restored: Any, noise: Any, /) -> tuple[Any, Any]:
    """Add drawn noise, times the standard deviation of each truth, to both images."""
    std = image_std(truth)
    return truth + noise[0] * std, restored + noise[1] * std
