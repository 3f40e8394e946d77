"""Noisy images of a block: distorted by the noise chain, edited ones coupled to the unedited."""

import numpy as np

from bench.plan.blocks import Block
from cases import Case, load_ground_truth
from noise import (
    ScanNoise,
    coupled_counts,
    distort,
    electrons_per_pixel,
    realization_generator,
)
from stembench.arrays import Floats


def noisy_images(block: Block, case: Case, *, noise: ScanNoise) -> Floats:
    """Distort the block's image, realization by realization.

    An edited image shares the counts of the unedited one wherever the two are alike.

    Parameters
    ----------
    block : Block
    case : Case
        Of the block.
    noise : ScanNoise
        The block's chain.

    Returns
    -------
    ndarray, shape (n, h, w)
        In electrons per pixel.
    """
    truth = load_ground_truth(case)
    base = truth.base_label(block.image)
    counts = distort(
        truth.image(base, margin=case.margin),
        _generators(block, base),
        dose=block.dose,
        sampling=case.sampling,
        noise=noise,
        margin=case.margin,
    )
    if base == block.image:
        return counts
    electrons = electrons_per_pixel(block.dose, case.sampling)
    return coupled_counts(
        counts,
        _generators(block, block.image),
        before=truth.image(base) * electrons,
        after=truth.image(block.image) * electrons,
    )


def _generators(block: Block, image: str) -> list[np.random.Generator]:
    """Generators of the block's realizations of an image."""
    return [
        realization_generator(block.seed, block.case, image=image, dose=block.dose, realization=k)
        for k in range(block.start, block.stop)
    ]
