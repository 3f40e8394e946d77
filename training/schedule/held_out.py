"""Validation: the loss on held-out pairs, and measures of the network as a restorer."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from restore import ContractRestorer, Restorer, RestorerMetadata, StandardisedNetwork, Tiling
from training.losses.generator_loss import GeneratorLoss
from training.pairs.pair import Image
from training.recipes.recipe import Recipe
from training.schedule.pair_source import PairSource, standardised_batch
from training.schedule.stage_steps import heads_of, pixel_wise

Validate = Callable[[Restorer], Mapping[str, float]]
"""Measures of a restorer by name, such as those of lattices that are in no training."""

#: Side above which the network's images are restored in windows, px.
_WHOLE: Final = 1024


@dataclass(frozen=True, eq=False)
class HeldOut:
    """Held-out pairs in batches, as they are and standardised.

    Attributes
    ----------
    batches : tuple of tuple of two ndarray
        Distorted and undistorted images, (n, h, w, 1).
    """

    batches: tuple[tuple[Image, Image], ...]

    @classmethod
    def of(cls, recipe: Recipe, source: PairSource) -> "HeldOut":
        """Take the first held-out pairs of a recipe."""
        first = recipe.pairs.training
        numbers = range(first, first + recipe.validated)
        cut = [tuple(numbers[k : k + recipe.batch]) for k in range(0, len(numbers), recipe.batch)]
        return cls(tuple(source.stream(cut)))

    def losses(self, forward: Callable[[Image], Any], loss: GeneratorLoss) -> dict[str, float]:
        """Mean losses of a network over the pairs.

        Parameters
        ----------
        forward : callable
            The network's forward pass on standardised images.
        loss : GeneratorLoss
            What 'loss' is, pixel by pixel: a discriminator has no part in it.

        Returns
        -------
        dict of str to float
            'loss'; 'absolute', the mean difference in standard deviations of the distorted images;
            'psnr' in dB, equation (1) with the largest value of each undistorted image.
        """
        from keras import ops

        found: dict[str, list[float]] = {"loss": [], "absolute": [], "psnr": []}
        weights = []
        for distorted, clean in self.batches:
            x, y = standardised_batch(distorted, clean)
            outputs = forward(x)
            restored = ops.convert_to_numpy(heads_of(outputs)[0])
            weights.append(len(x))
            found["loss"].append(float(pixel_wise(loss, ops.convert_to_tensor(y), outputs)[0]))
            found["absolute"].append(float(np.abs(restored - y).mean()))
            found["psnr"].append(float(np.mean(_psnr(restored, distorted, clean))))
        return {name: float(np.average(values, weights=weights)) for name, values in found.items()}

    def first(self, count: int) -> tuple[Image, Image]:
        """The first distorted and undistorted images, at most `count`."""
        distorted = np.concatenate([x for x, _ in self.batches])[:count]
        return distorted, np.concatenate([y for _, y in self.batches])[:count]


def _psnr(restored: Image, distorted: Image, clean: Image) -> NDArray[np.float64]:
    x, y = distorted.astype(np.float64), clean.astype(np.float64)
    axes = (1, 2, 3)
    unit = x.std(axis=axes, keepdims=True)
    unit[unit == 0] = 1.0
    error = restored * unit + x.mean(axis=axes, keepdims=True) - y
    square = np.maximum(np.mean(error**2, axis=axes), np.finfo(np.float64).tiny)
    largest = np.maximum(y.max(axis=axes), np.finfo(np.float64).tiny)
    found: NDArray[np.float64] = 10 * np.log10(largest**2 / square)
    return found


@dataclass(frozen=True, kw_only=True)
class _NetworkInTraining(StandardisedNetwork):
    metadata: RestorerMetadata


def restorer_of(forward: Callable[[Image], Any], recipe: Recipe) -> Restorer:
    """Return a network in training as a restorer of images in any unit.

    Parameters
    ----------
    forward : callable
        Forward pass on standardised images (n, h, w, 1), with the weights of each call.
    recipe : Recipe
    """

    def restored(image: Image) -> Image:
        from keras import ops

        output = ops.convert_to_numpy(heads_of(forward(image[None, :, :, None]))[0])
        return np.asarray(output, dtype=np.float32)[0, :, :, 0]

    multiple = recipe.network.multiple
    metadata = RestorerMetadata(
        name=recipe.name,
        version="in training",
        licence="unknown",
        training_data=f"pairs of {recipe.pairs.modality}",
        input_scale="standardised by each image's own mean and standard deviation",
        precision=recipe.precision,
        scales_with_counts=True,
    )
    tiling = Tiling(whole=_WHOLE, tile=_WHOLE, margin=64, blend=16, multiple=multiple)
    return ContractRestorer(_NetworkInTraining(forward=restored, tiling=tiling, metadata=metadata))
