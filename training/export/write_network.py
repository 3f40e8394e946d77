"""Files of a trained network, for `stembench run`, `check` and whoever else restores images."""

import warnings
from pathlib import Path
from typing import Any

import numpy as np

from stembench.atomic_files import replacing
from stembench.sealed_files import write_whole
from training.export.keras_network import with_standardisation
from training.export.onnx_network import encode_network
from training.recipes.recipe import Recipe


def write_network(model: Any, recipe: Recipe, folder: Path, /) -> tuple[Path, Path]:
    """Write a trained network as a ``.keras`` and an ``.onnx`` file, each whole or not at all.

    Both take images as they are, standardise them within, and calculate in float32 in whichever
    precision the network was trained.

    Parameters
    ----------
    model : keras.Model
        Of `train`.
    recipe : Recipe
        Of that training; names the files.
    folder : pathlib.Path

    Returns
    -------
    tuple of two pathlib.Path

    Raises
    ------
    InputError
        If they cannot be written, or the package onnx is not installed: the ``.keras`` file is
        written first.
    """
    # The first weights are thrown away.
    exact = recipe.network.build(np.random.default_rng(0), precision="float32")
    exact.set_weights(model.get_weights())
    keras_file, onnx_file = (folder / name for name in recipe.exported)
    with replacing(keras_file) as temporary, warnings.catch_warnings():
        # Keras asks TensorFlow for arrays in a way that numpy 2 warns of.
        warnings.filterwarnings("ignore", "__array__ implementation", DeprecationWarning)
        with_standardisation(exact).save(temporary)
    write_whole(onnx_file, encode_network(exact))
    return keras_file, onnx_file
