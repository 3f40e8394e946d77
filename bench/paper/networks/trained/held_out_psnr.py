"""PSNR of networks and filters on the pairs that no trial learned from."""

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Final

import numpy as np
import pandas as pd

from bench.paper.networks.trained.trained_network import TrainedNetwork
from bench.paper.networks.trained.trial import HELD_OUT
from reports import psnr
from restore import RestorationError, Restorer, load_restorer
from training import Pair, PairSequence, TrainedPairs

#: Restorers that were never trained, with their own defaults; 'raw' restores nothing.
FILTERS: Final = ("raw", "gaussian", "wiener", "tv", "nlm", "patch-pca", "bragg", "bm3d")


@lru_cache(maxsize=1)
def held_out(pairs: TrainedPairs, *, count: int = HELD_OUT) -> tuple[Pair, ...]:
    """The first held-out pairs of trials: none of the trained ones, and with whole noise."""
    sequence = PairSequence(
        pairs.modality,
        count,
        seed=pairs.seed,
        first=pairs.training,
        shape=(pairs.side, pairs.side),
        exclude=pairs.sequence.exclude,
    )
    return tuple(sequence.pair(number) for number in range(count))


def psnr_of(restorer: Restorer, pairs: Sequence[Pair]) -> list[float]:
    """PSNR in dB of each pair, equation (1) with the largest value of the undistorted image.

    An image that a filter refuses, such as one without the lattice that it needs, stays as it is.

    Parameters
    ----------
    restorer : Restorer
    pairs : sequence of Pair
    """
    found = []
    for pair in pairs:
        try:
            restored = restorer.restore(pair.distorted[None], sampling=pair.sampling)[0]
        except RestorationError:
            restored = pair.distorted.astype(np.float64)
        found.append(psnr(restored, pair.clean, maximum=float(pair.clean.max())))
    return found


def filter_rows(pairs: Sequence[Pair]) -> pd.DataFrame:
    """PSNR of every filter on every pair; columns as of `network_rows`."""
    return pd.concat([_rows(name, load_restorer(name), pairs) for name in FILTERS])


def network_rows(network: TrainedNetwork) -> pd.DataFrame:
    """PSNR of a trained network on its held-out pairs.

    Returns
    -------
    pandas.DataFrame
        Columns name, seed (0 for a filter), parameters, steps, pair, psnr_db.
    """
    recipe = network.trial.recipe
    pairs = held_out(replace(recipe.pairs, scenes=0.0, registered=0.0, lacking=""))
    return _rows(
        network.trial.name, network.restorer, pairs, seed=recipe.seed,
        parameters=network.parameters, steps=recipe.steps,
    )  # fmt: skip


def _rows(
    name: str,
    restorer: Restorer,
    pairs: Sequence[Pair],
    *,
    seed: int = 0,
    parameters: int = 0,
    steps: int = 0,
) -> pd.DataFrame:
    values = psnr_of(restorer, pairs)
    return pd.DataFrame(
        {"name": name, "seed": seed, "parameters": parameters, "steps": steps,
         "pair": range(len(values)), "psnr_db": np.round(values, 4)}
    )  # fmt: skip
