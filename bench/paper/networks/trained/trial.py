"""One training of an experiment, and the scale that all of them share."""

from dataclasses import dataclass
from typing import Final

from training import (
    AdamSettings,
    Adversary,
    Generator,
    GeneratorLoss,
    PatchDiscriminator,
    Recipe,
    Stage,
    TrainedPairs,
    Watch,
)

#: Side of the images in px, pairs that are learned from once each, pairs that PSNR is taken of.
SIDE: Final = 64
TRAINED: Final = 12_000
HELD_OUT: Final = 200
#: Of the pairs, the same for all; first weights and order are those of a trial's own seed.
PAIR_SEED: Final = 7
#: Share of the pairs that are scenes of columns, where columns are judged: of hrstem pairs alone
#: 3000 steps do not teach the small network to resolve the lattices of the validation.
SCENES: Final = 0.8
_REGISTERED: Final = 0.5
_BATCH: Final = 4
STEPS: Final = TRAINED // _BATCH
_RATE: Final = 5e-4
_WARM_UP: Final = 200
_DISCRIMINATOR_RATE: Final = 1e-4
#: The discriminator's first channels, a quarter of the paper's: what it sees is a quarter as wide.
_DISCRIMINATOR_FEATURES: Final = 16


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One training.

    Attributes
    ----------
    name : str
        Of what is compared, such as 'cgrdn-16-4'; trials of one name differ in their seed.
    recipe : Recipe
    """

    name: str
    recipe: Recipe

    @property
    def key(self) -> str:
        """Name with the seed: of the folder, and of its rows among the results."""
        return f"{self.name}-seed{self.recipe.seed}"


def trial_of(
    name: str,
    network: Generator,
    *,
    seed: int,
    loss: GeneratorLoss,
    scenes: float = 0.0,
    lacking: str = "",
) -> Trial:
    """Make a trial of the common scale: 3000 steps of 4 pairs of 64 x 64 px, one stage.

    Adam as the paper has it but for its first moment (0.9), 5e-4 after 200 steps, falling to zero
    as half a cosine: 65 000 steps of warm-up would be more than there are.

    Parameters
    ----------
    name : str
    network : Generator
    seed : int
        Of first weights and order.
    loss : GeneratorLoss
    scenes : float
        Share of the pairs that are scenes of columns; half of the scenes are registered.
    lacking : str
        What the noise of the training pairs lacks (`training.LACKING`); nothing by default.
    """
    stage = Stage(
        epochs=1,
        learning_rate=_RATE,
        discriminator_rate=_DISCRIMINATOR_RATE if loss.adversarial else 0.0,
        warm_up=_WARM_UP,
        cosine=True,
        loss=loss,
    )
    recipe = Recipe(
        name=name,
        seed=seed,
        batch=_BATCH,
        network=network,
        pairs=TrainedPairs(
            training=TRAINED,
            validation=HELD_OUT,
            side=SIDE,
            seed=PAIR_SEED,
            scenes=scenes,
            registered=_REGISTERED if scenes else 0.0,
            lacking=lacking,
        ),
        adam=AdamSettings(beta_1=0.9),
        adversary=Adversary(network=PatchDiscriminator(features=_DISCRIMINATOR_FEATURES)),
        watch=Watch(validation=1000, checkpoint=500, validated=64),
        stages=(stage,),
    )
    return Trial(name=name, recipe=recipe)
