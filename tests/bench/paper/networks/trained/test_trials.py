"""Trainings that are compared: alike in all but what is compared."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from math import prod

import numpy as np
import pytest
from ase.data import atomic_numbers

from bench.paper.networks.trained.compared_losses import (
    ADDED,
    ALONE,
    SMALL,
    SMALL_NUMBERS,
    loss_trials,
)
from bench.paper.networks.trained.compared_networks import FULL_SIZE, NETWORKS, network_trials
from bench.paper.networks.trained.compared_noise import WHOLE, noise_trials
from bench.paper.networks.trained.trial import STEPS, Trial
from cases import CASES
from restore import quiet_tensorflow
from training import (
    FIRST_STAGE,
    LACKING,
    THIRD_STAGE,
    Generator,
    Grdn,
    MrUnet,
    Recipe,
    case_distances,
    exclusion_of_tuning,
)

quiet_tensorflow()
ALL: dict[str, Callable[[], Sequence[Trial]]] = {
    "networks": network_trials, "losses": loss_trials, "noise": noise_trials,
}  # fmt: skip


def alike(recipe: Recipe, what: str) -> Recipe:
    """A recipe with what is compared, and the seed, made equal."""
    common = replace(recipe, name="x", seed=0)
    if what == "networks":
        return replace(common, network=NETWORKS["cgrdn-16-4"])
    if what == "losses":
        (stage,) = common.stages
        return replace(common, stages=(replace(stage, loss=FIRST_STAGE, discriminator_rate=0.0),))
    return replace(common, pairs=replace(common.pairs, lacking=""))


@pytest.mark.parametrize("what", ALL)
def test_trainings_differ_in_what_is_compared_alone(what: str) -> None:
    trials = ALL[what]()
    first = alike(trials[0].recipe, what)
    assert all(alike(trial.recipe, what) == first for trial in trials)
    keys = [trial.key for trial in trials]
    assert len(set(keys)) == len(keys)
    assert first.steps == STEPS >= 3000
    assert first.batch == 4
    left_out = first.pairs.sequence.exclude
    assert left_out == exclusion_of_tuning()
    assert set(left_out.numbers) >= {
        atomic_numbers[case.structure.material.element] for case in CASES
    }
    assert set(left_out.distances) >= {each for case in CASES for each in case_distances(case)}


def test_every_network_loss_and_lack_is_trained_from_every_seed() -> None:
    for what, names, seeds in (
        ("networks", set(NETWORKS), {1, 2, 3}),
        ("losses", {ALONE, *(f"{ALONE}-and-{name}" for name in ADDED)}, {1, 2}),
        ("noise", {WHOLE, *(f"without-{lack}" for lack in LACKING)}, {1, 2}),
    ):
        trials = ALL[what]()
        found = {(trial.name, trial.recipe.seed) for trial in trials}
        assert found == {(name, seed) for name in names for seed in seeds}


def test_a_term_is_added_at_the_paper_s_weight() -> None:
    for trial in loss_trials():
        (stage,) = trial.recipe.stages
        terms = {name: getattr(stage.loss, name) for name in (*ADDED, "absolute")}
        added = trial.name.removeprefix(f"{ALONE}-and-")
        wanted = dict.fromkeys(ADDED, 0.0) | {"absolute": 1.0}
        if added != ALONE:
            wanted[added] = getattr(THIRD_STAGE, added)
            assert wanted[added] > 0
        assert terms == wanted


def trained_numbers(network: Generator) -> int:
    model = network.build(np.random.default_rng(1))
    return sum(prod(variable.shape) for variable in model.trainable_variables)


def test_mr_unet_has_six_times_the_numbers_of_cgrdn() -> None:
    sizes = {name: trained_numbers(network) for name, network in NETWORKS.items()}
    assert sizes["cgrdn-16-4"] == 1_158_785
    full = FULL_SIZE["mr-unet"] / FULL_SIZE["cgrdn-16-4"]
    assert sizes["mr-unet"] / sizes["cgrdn-16-4"] == pytest.approx(full, rel=0.005)
    assert sizes["cgrdn-8-4"] < sizes["cgrdn-16-4"] < sizes["cgrdn-24-4"]
    assert trained_numbers(SMALL) == SMALL_NUMBERS
    assert trained_numbers(MrUnet()) == FULL_SIZE["mr-unet"]
    assert trained_numbers(Grdn()) == FULL_SIZE["grdn-16-4"]
