"""Published pairs restored by a network, in the grey values of the pair."""

import numpy as np

from bench.images.pairs import ImagePair, pairs
from reports import Material
from stembench.arrays import Floats

#: Name in tables and restorer of each modality of published pairs.
NETWORKS = {
    "hrstem": ("HR-STEM", "cgrdn"),
    "lrstem": ("LR-STEM", "cgrdn-lrstem"),
    "hrsem": ("HR-SEM", "cgrdn-hrsem"),
    "lrsem": ("LR-SEM", "cgrdn-lrsem"),
    "lrtem": ("LR-TEM", "cgrdn-lrtem"),
}


def distorted_pairs(modality: str) -> list[ImagePair]:
    """Published pairs of a modality but for those that are not distorted."""
    every = pairs(modality, seed=0, realizations=1)
    return [pair for pair in every if not np.array_equal(pair.distorted, pair.truth)]


def restored_grey(pair: ImagePair, image: Floats, spec: str, material: Material) -> Floats:
    """Restore an image (h, w) on the grey scale of a pair, and return it on that scale."""
    restored = material.restored(pair.grey.to_counts(image), spec, sampling=pair.sampling)
    return pair.grey.to_grey(restored)
