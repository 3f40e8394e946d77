"""Training of a trial in a folder of its own, and the restorer that it gives."""

from collections.abc import Callable
from dataclasses import dataclass
from math import prod
from pathlib import Path

from bench.paper.networks.trained.trial import Trial
from restore import Restorer
from training import (
    LackingPairs,
    MadePairs,
    PairSource,
    Told,
    WrittenPairs,
    forward_pass,
    make_reproducible,
    restorer_of,
    train,
)


@dataclass(frozen=True, eq=False)
class TrainedNetwork:
    """A trained network of a trial.

    Attributes
    ----------
    trial : Trial
    restorer : Restorer
        Of images in any unit.
    parameters : int
        Trained numbers of the network.
    """

    trial: Trial
    restorer: Restorer
    parameters: int


def source_of(trial: Trial, pairs: Path | None) -> PairSource:
    """Pairs of a trial: of a folder if it holds them, made while the network learns otherwise.

    Parameters
    ----------
    trial : Trial
    pairs : pathlib.Path or None
        Folder of `stembench pairs`.
    """
    sequence = trial.recipe.pairs.sequence
    if pairs is None or isinstance(sequence, LackingPairs):
        return MadePairs(sequence)
    return WrittenPairs.opened(pairs, sequence)


def trained_network(
    trial: Trial, folder: Path, *, pairs: Path | None = None, note: Callable[[str], None]
) -> TrainedNetwork:
    """Train a trial's network, or go on with it; a finished one is taken as it is.

    Parameters
    ----------
    trial : Trial
    folder : pathlib.Path
        Gets the folder of the training, named by the trial's key.
    pairs : pathlib.Path, optional
        Folder of `stembench pairs`; pairs are made while the network learns by default.
    note : callable
        Called with sentences.
    """
    make_reproducible()
    model = train(
        trial.recipe,
        folder / trial.key,
        source=source_of(trial, pairs),
        board=False,
        told=Told(note=note),
    )
    size = sum(prod(variable.shape) for variable in model.trainable_variables)
    return TrainedNetwork(trial, restorer_of(forward_pass(model), trial.recipe), size)
