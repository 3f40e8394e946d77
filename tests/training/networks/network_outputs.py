"""Outputs of the networks of training on the backend that Keras is set to, written to a file.

Run as a script with KERAS_BACKEND set: ``python network_outputs.py FILE``.
"""

import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from restore import quiet_tensorflow, read_published_weights
from restore.networks.normalisation import standardise
from training import Cgrdn, Grdn, MrUnet, PatchDiscriminator

SMALL = {"features": 16, "growth": 8, "groups": 2, "blocks": 2, "dense_layers": 2}


def outputs(seed: int) -> dict[str, list[NDArray[np.float32]]]:
    """Outputs of each network; those without published weights have drawn ones, none of them 0."""
    from keras import ops

    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[:48, :64]
    # Columns 9 px apart: what is left of an even image has next to no contrast.
    expected = 5.0 + 4.0 * np.cos(rows * 2 * np.pi / 9) * np.cos(columns * 2 * np.pi / 9)
    standard = standardise(rng.poisson(expected).astype(np.float64))
    assert standard is not None
    image = standard.image[None, :, :, None]
    published = Cgrdn().build_with(read_published_weights("hrstem").convolutions)
    drawn = {
        "GRDN": Grdn(**SMALL).build(rng),
        "GRDN with attention": Grdn(**SMALL, attention=True).build(rng),
        "MR-UNET": MrUnet(channels=(16, 32, 32, 32)).build(rng),
        "discriminator": PatchDiscriminator(features=16).build(rng),
        "discriminator with trained norms": PatchDiscriminator(
            features=16, trained_norm=True
        ).build(rng),
    }
    for model in drawn.values():
        # Biases and norms differ from those that a network begins with; variances stay above 0.
        model.set_weights([w + rng.normal(0, 0.02, w.shape) for w in model.get_weights()])
    given: dict[str, Any] = {"CGRDN, published": (published, image)}
    for name, model in drawn.items():
        pair = [image, image[:, ::-1].copy()]
        given[name] = (model, pair if name.startswith("discriminator") else image)
    found = {}
    for name, (model, inputs) in given.items():
        made = model(inputs, training=False)
        heads = list(made) if isinstance(made, list | tuple) else [made]
        found[name] = [np.asarray(ops.convert_to_numpy(head)) for head in heads]
    return found


if __name__ == "__main__":
    quiet_tensorflow()
    np.savez(
        Path(sys.argv[1]),
        allow_pickle=False,
        **{
            f"{name}/{number}": head
            for name, heads in outputs(5).items()
            for number, head in enumerate(heads)
        },
    )
