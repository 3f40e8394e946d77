"""Weights that a training begins with, from the network of an earlier one."""

from pathlib import Path
from typing import Any

from stembench.errors import InputError


def begin_with(model: Any, path: Path, /) -> None:
    """Give a network the weights of a trained one of the same kind and size.

    Parameters
    ----------
    model : keras.Model
        Its weights are replaced; the state of its optimiser is not.
    path : pathlib.Path
        A ``.keras`` file of `training.write_network`.

    Raises
    ------
    InputError
        If the file cannot be read or holds another network.
    """
    import keras

    if not path.is_file():
        raise InputError(
            f"there is no file {path} to begin with; name the .keras file of a training"
        )
    try:
        trained = keras.saving.load_model(path, compile=False).get_layer(model.name)
        model.set_weights(trained.get_weights())
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise InputError(
            f"{path} holds no trained network of the recipe's kind and size; name the .keras file "
            "of a training of it"
        ) from error
