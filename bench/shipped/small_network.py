"""Weights of a trained `stembench-small` as the file that its restorer is made of.

    stembench train stembench-small --out out/small
    python bench/shipped/small_network.py [FOLDER] [--ship]

reads ``FOLDER/stembench-small.keras`` (out/small by default) and writes ``stembench-small.npz``
beside it; with `--ship` into the package, and says what to put into its table of hashes.
"""

import argparse
import hashlib
import json
import sys
from pathlib import Path
from typing import Any, Final

import typer

from restore import CgrdnSize, StoredNetwork, quiet_tensorflow, write_stored_network
from stembench.errors import InputError
from training import Cgrdn, Recipe, cgrdn_weights, read_recipe

NAME: Final = "stembench-small"
#: The recipe whose weights its training begins with.
START: Final = "stembench-small-start"
ROOT: Final = Path(__file__).parents[2]
FOLDER: Final = ROOT / "restore" / "cgrdn" / "small" / "data"


def stored(model: Any, recipe: Recipe, /) -> StoredNetwork:
    """Weights of a trained CGRDN with what it was trained by.

    Parameters
    ----------
    model : keras.Model
        As `training.write_network` writes it: the network between two standardisations.
    recipe : Recipe
    """
    network = recipe.network
    if not isinstance(network, Cgrdn):
        raise InputError(f"the recipe '{recipe.name}' is none of a CGRDN; name one that is")
    return StoredNetwork(
        size=CgrdnSize(**vars(network)),
        weights=cgrdn_weights(model.get_layer("cgrdn")),
        origin={**_told(recipe), "begun_with": _told(read_recipe(START))},
    )


def _told(recipe: Recipe, /) -> dict[str, Any]:
    return {"recipe": recipe.name, "steps": recipe.steps, "seed": recipe.seed}


def main(arguments: list[str]) -> int:
    """Write the file; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT / "out" / "small")
    parser.add_argument("--ship", action="store_true")
    told = parser.parse_args(arguments)
    source = told.folder / f"{NAME}.keras"
    try:
        if not source.is_file():
            raise InputError(
                f"{source} is absent; train it by `stembench train {NAME} --out {told.folder}`"
            )
        quiet_tensorflow()
        import keras

        model = keras.saving.load_model(source, compile=False)
        path = (FOLDER if told.ship else told.folder) / f"{NAME}.npz"
        path.parent.mkdir(exist_ok=True)
        write_stored_network(path, stored(model, read_recipe(NAME)))
    except InputError as error:
        typer.echo(str(error), err=True)
        return 2
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    typer.echo(f"{path}: {path.stat().st_size} bytes")
    typer.echo(json.dumps({NAME: digest}))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
