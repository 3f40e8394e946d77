"""Speed of making training pairs of 256 x 256 px: pairs per second of one core.

Divide ``extra_info["pairs"]`` by the time of a round. The paper states 1.5 s for a pair.
"""

import numpy as np
import pytest

from training.pairs.modalities import DATA_SETS, modality_named
from training.pairs.pair import make_pair

#: As many as give the mean over kinds of specimens and pixel sizes to about a fifth.
COUNT = 24


@pytest.mark.parametrize("name", [each.name for each in DATA_SETS])
def test_pairs(benchmark, name: str) -> None:
    modality = modality_named(name)

    def once() -> np.ndarray:
        return np.stack([make_pair(1, k, modality=modality).distorted for k in range(COUNT)])

    make_pair(1, 0, modality=modality)  # compiles
    benchmark.extra_info["pairs"] = COUNT
    assert benchmark.pedantic(once, rounds=1).shape == (COUNT, 256, 256)
