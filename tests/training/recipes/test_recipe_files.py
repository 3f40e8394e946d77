"""Recipe files: those that ship, what is read back, and what is refused in one sentence."""

from pathlib import Path

import pytest

from restore import count_parameters
from stembench.errors import InputError
from training import (
    DATA_SETS,
    FIRST_STAGE,
    RECIPES,
    Cgrdn,
    Grdn,
    LossForm,
    MrUnet,
    Recipe,
    TrainedPairs,
    make_pair,
    modality_named,
    parse_recipe,
    read_recipe,
    recipe_text,
)
from training.recipes.recipe_files import difference

ONE = "[[stages]]\nepochs = 1\nlearning_rate = 1e-3\n"


#: The second begins with what the first gave.
SMALL = ("stembench-small-start", "stembench-small")
SHIPPED = Path(__file__).parents[3] / "training" / "recipes" / "shipped"


@pytest.mark.parametrize("name", [each.name for each in DATA_SETS])
def test_a_shipped_recipe_is_the_papers_and_makes_pairs(name: str) -> None:
    """Frozen: it states every value, so that no default changes what it means."""
    recipe = read_recipe(name)
    assert recipe == Recipe(name=name, pairs=TrainedPairs(modality=name))
    text = (SHIPPED / f"{name}.toml").read_text(encoding="utf-8")
    assert text.endswith("\n\n" + recipe_text(recipe))
    pair = make_pair(
        recipe.pairs.seed, 0, modality=modality_named(recipe.pairs.modality), shape=(32, 32)
    )
    assert pair.distorted.shape == (32, 32)


def test_there_is_a_recipe_of_each_data_set_and_of_the_small_network() -> None:
    assert {*(each.name for each in DATA_SETS), *SMALL} == set(RECIPES)
    assert len(RECIPES) == 8
    assert {f"{name}.toml" for name in RECIPES} == {path.name for path in SHIPPED.iterdir()}


@pytest.mark.parametrize("name", SMALL)
def test_the_recipes_of_the_small_network_are_frozen_and_small(name: str) -> None:
    recipe = read_recipe(name)
    assert recipe.name == name
    assert recipe.network == read_recipe(SMALL[0]).network  # one begins with the other's weights
    text = (SHIPPED / f"{name}.toml").read_text(encoding="utf-8")
    assert text.endswith("\n\n" + recipe_text(recipe))
    assert isinstance(recipe.network, Cgrdn)
    assert 250_000 < count_parameters(recipe.network) < 350_000


@pytest.mark.parametrize(
    "network", [Cgrdn(growth=16, dense_layers=4), Grdn(attention=True), MrUnet(channels=(8, 16))]
)
def test_what_is_written_is_read_back(network: Cgrdn | Grdn | MrUnet, tmp_path: Path) -> None:
    recipe = Recipe(network=network, batch=3)
    path = tmp_path / "one.toml"
    path.write_text(recipe_text(recipe), encoding="utf-8")
    assert read_recipe(path) == recipe
    assert difference(recipe, Recipe(batch=3, seed=1)) == ("seed", "network")


def test_the_recipe_of_the_documentation_is_one() -> None:
    page = Path(__file__).parents[3] / "docs" / "training.md"
    _, _, text = page.read_text(encoding="utf-8").partition("```toml\n")
    recipe = parse_recipe(text.partition("```")[0])
    assert recipe.pairs == TrainedPairs(training=20_000, validation=256, side=128)
    (stage,) = recipe.stages
    assert stage.loss == FIRST_STAGE


def test_terms_that_are_left_out_of_a_loss_have_no_weight() -> None:
    recipe = parse_recipe(ONE + "loss = {square = 2.0, form = {floor = 0.2}}\n")
    (stage,) = recipe.stages
    assert (stage.loss.square, stage.loss.absolute, stage.loss.std) == (2.0, 0.0, 0.0)
    assert stage.loss.form == LossForm(floor=0.2)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("batch = ", "no TOML file"),
        ("bach = 4", "has no parameter 'bach'; it knows name, seed, batch"),
        ('batch = "4"', "batch must be of type int, not '4'"),
        ("network = 3", "network of the recipe must be a table"),
        ("network = {kind = 'vgg'}", "must be one of cgrdn, grdn, mr-unet, not 'vgg'"),
        ("network = {kind = 'cgrdn', width = 3}", "has no parameter 'width'"),
        ("network = {kind = 'cgrdn', growth = 0}", "growth of a CGRDN must be >= 1"),
        ("pairs = {modality = 'xray'}", "there is no modality 'xray'"),
        (ONE, "loss is needed"),
        (ONE + "loss = {}", "all weights of the loss are 0"),
        (ONE + "loss = {l1 = 1.0}", "has no parameter 'l1'"),
        ("[[stages]]\nepochs = 0\nlearning_rate = 1\nloss = {absolute = 1}", "epochs of a stage"),
        ("stages = 4", "stages must be a list"),
        ("a = " + "[" * 5000 + "]" * 5000, "nested too deeply"),
        ("network = {kind = ['cgrdn']}", "must be one of cgrdn, grdn, mr-unet, not ['cgrdn']"),
        ("adam = {clip = nan}", "clip must be a finite number, not nan"),
        ("pairs = {modality = 'lrsem', scenes = 0.5}", "the recipe.pairs scenes of columns are"),
    ],
)
def test_unknown_and_impossible_values_are_refused(text: str, sentence: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_recipe(text, source="the recipe")
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value).strip()


def test_what_is_no_recipe_is_refused(tmp_path: Path) -> None:
    with pytest.raises(
        InputError, match=r"there is no recipe 'nothing'; name a \.toml file or one"
    ):
        read_recipe("nothing")
    with pytest.raises(InputError, match=r"no recipe file .*none.toml; name one .* or one of hrst"):
        read_recipe(tmp_path / "none.toml")
    (tmp_path / "folder.toml").mkdir()
    with pytest.raises(InputError, match=r"folder.toml cannot be read \(Is a directory\); name"):
        read_recipe(tmp_path / "folder.toml")
    (tmp_path / "text.toml").write_text('name = "one"\n', encoding="utf-16")
    with pytest.raises(InputError, match="it is not a text in UTF-8; save it as one"):
        read_recipe(tmp_path / "text.toml")


def test_a_mark_at_the_beginning_of_a_text_is_no_fault(tmp_path: Path) -> None:
    """Some editors write one before UTF-8."""
    path = tmp_path / "one.toml"
    path.write_text('name = "one"\n', encoding="utf-8-sig")
    assert read_recipe(path).name == "one"
