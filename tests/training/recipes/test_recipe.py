"""Recipes: the paper's values, and what is impossible."""

from dataclasses import replace

import pytest
from ase.data import atomic_numbers

from cases import CASES
from stembench.errors import InputError
from training import (
    FIRST_STAGE,
    JUDGED_LATTICES,
    THIRD_STAGE,
    AdamSettings,
    Cgrdn,
    MrUnet,
    Recipe,
    Stage,
    TrainedPairs,
    Watch,
)
from training.recipes.recipe_files import parse_recipe, recipe_text
from training.specimens.held_out.exclusion import case_distances

SMALL = TrainedPairs(training=10, validation=4, side=64)


def test_the_default_is_what_the_paper_states() -> None:
    """Sections 'Loss function' and 'Training'; 625 000 steps are 2.5 million pairs by fours."""
    recipe = Recipe()
    assert recipe.network == Cgrdn()
    assert (recipe.batch, recipe.pairs.side) == (4, 256)
    assert (recipe.pairs.training, recipe.pairs.validation) == (2_500_000, 100_000)
    assert recipe.adam == AdamSettings(beta_1=0.5, beta_2=0.999, epsilon=1e-7, clip=1.0)
    told = [
        (stage.epochs, stage.learning_rate, stage.discriminator_rate, stage.warm_up,
         stage.rate_factor) for stage in recipe.stages
    ]  # fmt: skip
    assert told == [
        (2, 5e-5, 0.0, 65_000, 1.0),
        (2, 2.5e-5, 0.0, 0, 1.0),
        (3, 1.25e-5, 1e-4, 0, 0.5),
    ]
    second, third = recipe.stages[1].loss, recipe.stages[2].loss
    assert (second.absolute, second.square, second.whitening, second.fourier) == (2, 1, 0.25, 0.1)
    assert (second.gamma, second.mean, second.std, second.adversarial) == (0.125, 1, 0.5, 0)
    assert third == replace(second, adversarial=2e-5)
    assert recipe.steps == 7 * 625_000


def test_validation_pairs_are_those_after_the_training_pairs() -> None:
    sequence = Recipe().pairs.sequence
    assert (sequence.first, len(sequence)) == (0, 2_600_000)


def test_pairs_of_a_recipe_show_nothing_that_networks_are_judged_on() -> None:
    """Neither what a case has, nor the lattices of the validation."""
    excluded = Recipe().pairs.sequence.exclude
    for case in CASES:
        assert excluded.has_number([atomic_numbers[case.structure.material.element]])
        first, second = case_distances(case)
        assert excluded.has_distance([0.955 * first]), case.name
        assert excluded.has_distance([1.045 * second]), case.name
    for lattice in JUDGED_LATTICES.values():
        for distance in lattice.distances:
            assert excluded.has_distance([1.045 * distance])
    assert not excluded.has_distance([10.7])


def test_a_validation_has_256_pairs_or_all_where_fewer_are_held_out() -> None:
    """What nobody wrote cannot be wrong; what somebody wrote can."""
    stages = (Stage(epochs=1, learning_rate=1e-3, loss=FIRST_STAGE),)
    for held_out, validated in ((4, 4), (256, 256), (1000, 256)):
        recipe = Recipe(pairs=replace(SMALL, validation=held_out), stages=stages)
        assert recipe.validated == validated
        assert recipe == replace(recipe, watch=Watch(validated=validated))
        assert parse_recipe(recipe_text(recipe)) == recipe
    with pytest.raises(InputError, match=r"validated of watch must be >= 1 and <= 4 .* not 256"):
        Recipe(pairs=SMALL, stages=stages, watch=Watch(validated=256))


def test_places_of_steps() -> None:
    stages = (
        Stage(epochs=2, learning_rate=1e-3, loss=FIRST_STAGE),
        Stage(epochs=1, learning_rate=1e-3, loss=FIRST_STAGE),
    )
    recipe = Recipe(pairs=SMALL, batch=3, stages=stages, watch=Watch(validated=4))
    assert recipe.steps_of_epoch == 3  # the tenth pair is left out
    assert [recipe.place(k) for k in (0, 5, 6, 8)] == [(0, 0), (0, 5), (1, 0), (1, 2)]
    with pytest.raises(IndexError):
        recipe.place(9)


def test_rates_rise_and_are_halved() -> None:
    stage = Stage(epochs=3, learning_rate=1e-3, warm_up=4, rate_factor=0.5, loss=FIRST_STAGE)
    found = [stage.rate(step, steps_of_epoch=5) for step in (0, 1, 3, 4, 5, 9, 10)]
    assert found == [0.25, 0.5, 1.0, 1.0, 0.5, 0.5, 0.25]


def test_rates_fall_as_half_a_cosine_over_a_stage() -> None:
    stage = Stage(epochs=2, learning_rate=1e-3, cosine=True, loss=FIRST_STAGE)
    found = [stage.rate(step, steps_of_epoch=30) for step in (0, 15, 30, 45, 59)]
    assert found[:4] == pytest.approx([1.0, (2 + 2**0.5) / 4, 0.5, (2 - 2**0.5) / 4])
    assert 0 < found[4] < 1e-3


@pytest.mark.parametrize("side", [-16, 8, 16_384])
def test_an_impossible_side_is_refused(side: int) -> None:
    with pytest.raises(InputError, match=f"images must be >= 16 and <= 8192 px, not {side}"):
        replace(SMALL, side=side)


@pytest.mark.parametrize("share", [-0.1, 1.1])
def test_an_impossible_share_of_scenes_is_refused(share: float) -> None:
    with pytest.raises(InputError, match="share of the scenes must be >= 0 and <= 1"):
        replace(SMALL, scenes=share)


@pytest.mark.parametrize("name", ["training", "validation"])
def test_more_pairs_than_can_be_put_in_order_are_refused(name: str) -> None:
    with pytest.raises(InputError, match=f"{name} pairs must be >= 1 and <= 1e"):
        replace(SMALL, **{name: 10**18})


def test_scenes_are_of_the_data_set_hrstem_alone() -> None:
    with pytest.raises(InputError, match="cannot be mixed with pairs of 'lrsem'"):
        _ = replace(SMALL, modality="lrsem", scenes=0.5).sequence


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"batch": 11}, "batch must be >= 1 and <= 10 training pairs, not 11"),
        ({"name": "../up"}, "name must be of small letters"),
        ({"name": ".hidden"}, "name must be of small letters"),
        ({"precision": "float16"}, "precision must be one of float32, mixed_bfloat16"),
        ({"stages": ()}, "at least one stage"),
        ({"seed": -1}, "seed must be >= 0"),
        ({"watch": Watch(validated=5)}, "validated of watch must be >= 1 and <= 4"),
        ({"watch": Watch(validated=0)}, "validated of watch must be >= 1 and <= 4"),
        ({"network": MrUnet()}, "divisible by 128 for the network, not 64; take 128"),
        ({"pairs": replace(SMALL, side=33)}, "divisible by 2 for the network, not 33; take 32"),
        ({"pairs": replace(SMALL, side=36)}, "divisible by 8 for the discriminator, not 36"),
    ],
)
def test_impossible_values_are_refused(change: dict[str, object], sentence: str) -> None:
    possible: dict[str, object] = {"pairs": SMALL, "watch": Watch(validated=4)}
    Recipe(**possible)  # type: ignore[arg-type]
    with pytest.raises(InputError, match=sentence):
        Recipe(**{**possible, **change})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"epochs": 0}, "epochs of a stage must be >= 1"),
        ({"epochs": 10**21}, "epochs of a stage must be >= 1 and <= 1e"),
        ({"learning_rate": 0.0}, "learning_rate must be > 0"),
        ({"warm_up": -1}, "warm_up must be >= 0"),
        ({"rate_factor": 1.5}, "rate_factor must be > 0 and <= 1"),
        ({"loss": THIRD_STAGE}, "go together"),
        ({"discriminator_rate": 1e-4}, "go together"),
    ],
)
def test_impossible_stages_are_refused(change: dict[str, object], sentence: str) -> None:
    possible: dict[str, object] = {"epochs": 1, "learning_rate": 1e-3, "loss": FIRST_STAGE}
    with pytest.raises(InputError, match=sentence):
        Stage(**{**possible, **change})  # type: ignore[arg-type]
