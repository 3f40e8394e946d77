"""Folder of a training: it holds the recipe, and is refused to any other."""

from pathlib import Path
from typing import Final

from stembench.errors import InputError
from stembench.sealed_files import write_whole
from training.recipes.recipe import Recipe
from training.recipes.recipe_files import difference, read_recipe, recipe_text

RECIPE: Final = "recipe.toml"


def open_folder(folder: Path, recipe: Recipe) -> None:
    """Write the recipe into a new folder; refuse one of a training by another.

    Raises
    ------
    InputError
        If the folder cannot be written, or holds another recipe.
    """
    path = folder / RECIPE
    if not path.exists():
        write_whole(path, recipe_text(recipe).encode())
        return
    others = difference(read_recipe(path), recipe)
    if others:
        raise InputError(
            f"{folder} holds a training by another recipe ({', '.join(others)} differ); name "
            "another folder"
        )
