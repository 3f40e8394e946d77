"""Recipes as TOML files, and those that ship: the paper's data sets' and a small network's."""

import tomllib
from collections.abc import Mapping
from dataclasses import fields
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from stembench.describe import as_plain, from_dict
from stembench.errors import InputError
from training.losses.generator_loss import WEIGHTS
from training.networks.dense_networks import Cgrdn, Grdn
from training.networks.generator import Generator
from training.networks.mr_unet import MrUnet
from training.pairs.modalities import DATA_SETS
from training.recipes.recipe import Recipe

#: Networks that can be trained, by what a recipe calls them.
NETWORKS: Final[Mapping[str, type[Cgrdn] | type[Grdn] | type[MrUnet]]] = {
    "cgrdn": Cgrdn,
    "grdn": Grdn,
    "mr-unet": MrUnet,
}
#: Recipes that ship.
RECIPES: Final = (*(each.name for each in DATA_SETS), "stembench-small-start", "stembench-small")
_ENDING: Final = ".toml"


def read_recipe(spec: str | Path, /) -> Recipe:
    """Read a recipe.

    Parameters
    ----------
    spec : str or pathlib.Path
        A TOML file, or the name of one that ships, such as 'hrstem'. What a file leaves out is the
        paper's; a term that is left out of a stage's loss has no weight.

    Raises
    ------
    InputError
        If there is none, or it holds unknown or impossible values.
    """
    if isinstance(spec, str) and spec in RECIPES:
        text = files("training").joinpath("recipes", "shipped", spec + _ENDING).read_text("utf-8")
        return parse_recipe(text, source=f"recipe {spec}")
    path = Path(spec)
    if path.suffix != _ENDING:
        raise InputError(
            f"there is no recipe '{spec}'; name a {_ENDING} file or one of {', '.join(RECIPES)}"
        )
    try:
        text = path.read_text(encoding="utf-8-sig")  # some editors begin a text with a mark
    except FileNotFoundError as error:
        raise InputError(
            f"there is no recipe file {path}; name one that is there, or one of "
            f"{', '.join(RECIPES)}"
        ) from error
    except OSError as error:
        raise InputError(
            f"{path} cannot be read ({error.strerror or error}); name a recipe that can"
        ) from error
    except UnicodeDecodeError as error:
        raise InputError(
            f"{path} is no recipe: it is not a text in UTF-8; save it as one, or name another file"
        ) from error
    return parse_recipe(text, source=str(path))


def parse_recipe(text: str, /, *, source: str = "recipe") -> Recipe:
    """Build a recipe from the text of a TOML file.

    Raises
    ------
    InputError
        If it is no TOML, or holds unknown or impossible values.
    """
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{source} is no TOML file ({error}); mend that place") from error
    except RecursionError as error:
        raise InputError(f"{source} is nested too deeply; a recipe has tables of tables") from error
    if "network" in content:
        content["network"] = _network(content["network"], source)
    _complete_losses(content)
    return from_dict(Recipe, content, source=source)


def recipe_text(recipe: Recipe, /) -> str:
    """Return a recipe as the text of a TOML file, with every value; the inverse of `parse_recipe`.

    Raises
    ------
    InputError
        If its network is none that a file can name.
    """
    import tomli_w

    name = next((name for name, kind in NETWORKS.items() if kind is type(recipe.network)), None)
    if name is None:
        raise InputError(
            f"a recipe's network is one of {', '.join(NETWORKS)}, not a "
            f"{type(recipe.network).__name__}"
        )
    plain = as_plain(recipe)
    plain["network"] = {"kind": name, **plain["network"]}
    return tomli_w.dumps(plain)


def difference(one: Recipe, other: Recipe, /) -> tuple[str, ...]:
    """Names of the parts in which two recipes differ."""
    return tuple(
        field.name
        for field in fields(Recipe)
        if getattr(one, field.name) != getattr(other, field.name)
    )


def _complete_losses(content: dict[str, Any]) -> None:
    """Give the terms that a stage's loss does not name no weight.

    The defaults of a `GeneratorLoss` are the second stage's, which nobody means who names one term.
    """
    stages = content.get("stages")
    for stage in stages if isinstance(stages, list) else ():
        loss = stage.get("loss") if isinstance(stage, Mapping) else None
        if isinstance(loss, dict):
            for name in WEIGHTS:
                loss.setdefault(name, 0.0)


def _network(described: Any, source: str) -> Generator:
    if not isinstance(described, Mapping):
        raise InputError(f"network of {source} must be a table with a kind, not {described!r}")
    settings = dict(described)
    kind = settings.pop("kind", None)
    if not isinstance(kind, str) or kind not in NETWORKS:
        raise InputError(f"kind of network in {source} must be one of {', '.join(NETWORKS)}, not "
                         f"{kind!r}")  # fmt: skip
    network: Generator = from_dict(NETWORKS[kind], settings, source=f"network of {source}")
    return network
