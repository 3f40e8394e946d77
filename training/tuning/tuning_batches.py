"""Batches of a tuning: scenes with their truth, and the published network's own kind of pairs."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from stembench.errors import InputError
from stembench.limits import require
from training.pairs.modalities import modality_named
from training.pairs.pair import make_pair
from training.tuning.judged_lattices import exclusion_of_tuning
from training.tuning.scene_pair import make_scene_pair

Images = NDArray[np.float32]
#: Least standard deviation that is divided by, as in the published networks.
_FLOOR: Final = 0.1


@dataclass(frozen=True, kw_only=True)
class TuningBatches:
    """Batches by their number; each is a function of the seed and its number.

    Attributes
    ----------
    network : str
        Published network that is tuned: its data set gives the distilled pairs.
    seed : int
    size : int
        Pairs of a batch.
    distilled : int
        Of them, how many are of the ordinary data set, restored by the published network: what it
        does there is to stay.
    shape : tuple of two int
        Rows and columns in px.
    """

    network: str = "hrstem"
    seed: int = 0
    size: int = 4
    distilled: int = 1
    shape: tuple[int, int] = (128, 128)

    def __post_init__(self) -> None:
        modality_named(self.network)
        require(self.seed, "seed", low=0)
        require(self.size, "pairs of a batch", low=1)
        if not 0 <= self.distilled <= self.size:
            raise InputError(
                f"a batch of {self.size} pairs cannot have {self.distilled} distilled ones"
            )

    def batch(self, number: int, teacher: Callable[[Images], Any]) -> tuple[Images, ...]:
        """Standardised images, truths and weights, each (size, h, w, 1), of batch `number`.

        Parameters
        ----------
        number : int
        teacher : callable
            The published network: standardised images (n, h, w, 1) to restored ones.
        """
        scenes = self.size - self.distilled
        rows = [
            _standardised(pair.distorted, pair.clean, pair.weights)
            for pair in (
                make_scene_pair(self.seed, number * scenes + k, shape=self.shape)
                for k in range(scenes)
            )
        ]
        for k in range(self.distilled):
            pair = make_pair(
                self.seed, number * self.distilled + k, modality=modality_named(self.network),
                shape=self.shape, exclude=exclusion_of_tuning(),
            )  # fmt: skip
            x, _, ones = _standardised(pair.distorted, pair.clean, np.ones_like(pair.clean))
            rows.append((x, np.asarray(teacher(x[None]), dtype=np.float32)[0], ones))
        return tuple(np.stack(column) for column in zip(*rows, strict=True))


def _standardised(distorted: Images, clean: Images, weights: Images) -> tuple[Images, ...]:
    """Shift and scale both images by the distorted one's mean and standard deviation."""
    mean, std = float(distorted.mean()), max(float(distorted.std()), _FLOOR)
    return (
        ((distorted - mean) / std)[..., None],
        ((clean - mean) / std)[..., None],
        weights[..., None],
    )
