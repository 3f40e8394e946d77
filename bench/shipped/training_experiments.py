"""Trainings of the experiments one after the other: tables in results/training, resumable.

    python bench/shipped/training_experiments.py {networks,losses,noise} ... [--seeds 1 2]
        [--pairs out/experiments/pairs] [--work out/experiments] [--out results/training]

`networks` is Table 1 and the ablation of model size, `losses` the absolute loss alone against each
added term, `noise` the four wrong noise models after Fig. 6. A training has a folder of its own in
the work folder, with a checkpoint every ten minutes; one whose rows are in the table is left out.
"""

import argparse
import gc
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import pandas as pd
import typer

from bench.images.faithfulness.judged_network import Faithfulness
from bench.paper.networks.trained.compared_losses import loss_trials
from bench.paper.networks.trained.compared_networks import network_trials
from bench.paper.networks.trained.compared_noise import noise_trials
from bench.paper.networks.trained.held_out_psnr import filter_rows, held_out, network_rows
from bench.paper.networks.trained.kept_rows import add_rows, has_rows
from bench.paper.networks.trained.lacking_judge import DISTORTIONS, errors_under
from bench.paper.networks.trained.trained_network import TrainedNetwork, trained_network
from bench.paper.networks.trained.trial import Trial
from restore import quiet_tensorflow
from stembench.errors import InputError

ROOT: Final = Path(__file__).parents[2]
#: Of each scene and dose of the measures of a loss.
_REALIZATIONS: Final = 4


def _loss_measures(network: TrainedNetwork) -> pd.DataFrame:
    """Measures on lattices that no pair has, and the mean PSNR of the held-out pairs."""
    values = dict(Faithfulness(realizations=_REALIZATIONS)(network.restorer))
    values["psnr_db"] = float(network_rows(network)["psnr_db"].mean())
    recipe = network.trial.recipe
    return pd.DataFrame(
        {"name": network.trial.name, "seed": recipe.seed, "measure": list(values),
         "value": [float(f"{value:.6g}") for value in values.values()]}
    )  # fmt: skip


def _noise_measures(network: TrainedNetwork) -> pd.DataFrame:
    """Errors under what the network did not learn; under all of it if it learned everything."""
    lack = network.trial.recipe.pairs.lacking
    found = [errors_under(one, network.restorer) for one in ([lack] if lack else DISTORTIONS)]
    return _of_network(network.trial.name, network.trial.recipe.seed, found)


EXPERIMENTS: Final[
    dict[str, tuple[Callable[[], Sequence[Trial]], Callable[[TrainedNetwork], pd.DataFrame]]]
] = {
    "networks": (network_trials, network_rows),
    "losses": (loss_trials, _loss_measures),
    "noise": (noise_trials, _noise_measures),
}


def _filters_beside(trial: Trial) -> pd.DataFrame:
    return filter_rows(held_out(trial.recipe.pairs))


def _raw_beside(_: Trial) -> pd.DataFrame:
    return _of_network("raw", 0, [errors_under(lack, None) for lack in DISTORTIONS])


#: Rows of what is not trained, 'raw' among it, of the experiments that have such.
_UNTRAINED: Final[dict[str, Callable[[Trial], pd.DataFrame]]] = {
    "networks": _filters_beside,
    "noise": _raw_beside,
}


def _of_network(name: str, seed: int, found: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Errors of one network, or of raw images, as rows of a table."""
    rows = pd.concat(found, ignore_index=True).round(4)
    rows.insert(0, "seed", seed)
    rows.insert(0, "name", name)
    return rows


def _go(name: str, told: argparse.Namespace) -> None:
    import keras

    trials, measured = EXPERIMENTS[name]
    path = told.out / f"{name}.csv"
    declared = trials()
    if name in _UNTRAINED and not has_rows(path, name="raw", seed=0):
        add_rows(path, _UNTRAINED[name](declared[0]))
    for trial in declared:
        seed = trial.recipe.seed
        if told.seeds and seed not in told.seeds:
            continue
        if has_rows(path, name=trial.name, seed=seed):
            continue
        begun = time.monotonic()
        network = trained_network(trial, told.work, pairs=told.pairs, note=typer.echo)
        trained = time.monotonic()
        add_rows(path, measured(network))
        typer.echo(
            f"{name}: {trial.key}, {trained - begun:.0f} s of training, "
            f"{time.monotonic() - trained:.0f} s of judging"
        )
        del network
        keras.backend.clear_session()
        gc.collect()


def main(arguments: list[str]) -> int:
    """Train and judge what is not in the tables; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("experiments", nargs="+", choices=list(EXPERIMENTS))
    parser.add_argument("--seeds", nargs="+", type=int, default=[])
    parser.add_argument("--pairs", type=Path, default=None)
    parser.add_argument("--work", type=Path, default=ROOT / "out" / "experiments")
    parser.add_argument("--out", type=Path, default=ROOT / "results" / "training")
    told = parser.parse_args(arguments)
    quiet_tensorflow()
    try:
        for name in told.experiments:
            _go(name, told)
    except InputError as error:
        typer.echo(str(error), err=True)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
