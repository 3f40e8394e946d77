"""A training of seconds, of all kinds of stages; run as a script it trains and exports."""

import sys
from pathlib import Path

from training import (
    FIRST_STAGE,
    SECOND_STAGE,
    THIRD_STAGE,
    Adversary,
    Cgrdn,
    PatchDiscriminator,
    Recipe,
    Stage,
    TrainedPairs,
    Watch,
    make_reproducible,
    train,
    write_network,
)

#: Epochs of 10 steps: 20 of the first stage, 10 of the second, 10 of the third.
EPOCHS = (2, 1, 1)


def tiny_recipe(*, epochs: tuple[int, ...] = EPOCHS, checkpoint: int = 7) -> Recipe:
    """Recipe of pairs of 16 px; epochs of a stage that are 0 leave it out."""
    stages = (
        Stage(epochs=max(1, epochs[0]), learning_rate=1e-3, warm_up=5, loss=FIRST_STAGE),
        Stage(epochs=max(1, epochs[1]), learning_rate=1e-3, loss=SECOND_STAGE),
        Stage(
            epochs=max(1, epochs[2]), learning_rate=1e-3, discriminator_rate=1e-3,
            rate_factor=0.5, loss=THIRD_STAGE,
        ),
    )  # fmt: skip
    return Recipe(
        name="tiny",
        batch=2,
        network=Cgrdn(features=8, growth=4, groups=1, blocks=1, dense_layers=2),
        pairs=TrainedPairs(modality="lrsem", training=20, validation=4, side=16),
        adversary=Adversary(network=PatchDiscriminator(features=4), noise=True),
        watch=Watch(log=1, checkpoint=checkpoint, validation=6, validated=3),
        stages=tuple(each for each, count in zip(stages, epochs, strict=True) if count),
    )


if __name__ == "__main__":
    make_reproducible()
    counts = tuple(int(each) for each in sys.argv[2].split(","))
    recipe, folder = tiny_recipe(epochs=counts), Path(sys.argv[1])
    steps = int(sys.argv[3]) if sys.argv[3:] else None
    write_network(train(recipe, folder, steps=steps, board=False), recipe, folder)
