"""Folder of a training: it holds the recipe, and is refused to any other."""

from pathlib import Path
from typing import Final

from stembench.atomic_files import require_writable
from stembench.errors import InputError
from stembench.sealed_files import write_whole
from training.recipes.recipe import Recipe
from training.recipes.recipe_files import difference, read_recipe, recipe_text
from training.schedule.records.checkpoint import CHECKPOINT
from training.schedule.records.curves import CURVES
from training.schedule.records.history import TRAINING, VALIDATION

RECIPE: Final = "recipe.toml"


def check_folder(folder: Path, recipe: Recipe) -> None:
    """Refuse a folder of a training by another recipe, or that could not be written.

    What is written at the end of a training is looked at too, before days are spent on it.

    Raises
    ------
    InputError
    """
    path = folder / RECIPE
    if path.exists():
        others = difference(read_recipe(path), recipe)
        if others:
            raise InputError(
                f"{folder} holds a training by another recipe (other {', '.join(others)}); name "
                "another folder"
            )
    for name in (RECIPE, TRAINING, VALIDATION, CURVES, CHECKPOINT, *recipe.exported):
        require_writable(folder / name)


def keep_recipe(folder: Path, recipe: Recipe) -> None:
    """Write the recipe into a folder that has none: from there on it is refused to any other.

    Raises
    ------
    InputError
        If it cannot be written.
    """
    path = folder / RECIPE
    if not path.exists():
        write_whole(path, recipe_text(recipe).encode())
