"""A stage of training: its loss, how long it lasts, and its learning rates."""

import math
from dataclasses import dataclass
from typing import Final

from stembench.errors import InputError
from stembench.limits import require
from training.losses.generator_loss import FIRST_STAGE, SECOND_STAGE, THIRD_STAGE, GeneratorLoss


@dataclass(frozen=True, kw_only=True)
class Stage:
    """One stage."""

    epochs: int
    """Times that all training pairs are seen, from 1 to a million."""
    learning_rate: float
    """Of the generator."""
    discriminator_rate: float = 0.0
    """Learning rate of the discriminator; 0 without one, which the adversarial loss needs."""
    warm_up: int = 0
    """Steps over which the rates rise in proportion to the step's number."""
    rate_factor: float = 1.0
    """What the rates are multiplied by after each epoch of the stage."""
    cosine: bool = False
    """Whether the rates fall to 0 over the stage as half a cosine does; ours."""
    loss: GeneratorLoss

    def __post_init__(self) -> None:
        require(self.epochs, "epochs of a stage", low=1, high=1_000_000)
        require(self.learning_rate, "learning_rate", low=0, high=1, open_low=True)
        require(self.discriminator_rate, "discriminator_rate", low=0, high=1)
        require(self.warm_up, "warm_up", low=0, unit="steps")
        require(self.rate_factor, "rate_factor", low=0, high=1, open_low=True)
        if bool(self.loss.adversarial) != bool(self.discriminator_rate):
            raise InputError(
                "the loss 'adversarial' and discriminator_rate go together; give both, or set both"
                " to 0"
            )

    @property
    def adversarial(self) -> bool:
        """Whether a discriminator is trained beside the generator."""
        return bool(self.loss.adversarial)

    def rate(self, step: int, *, steps_of_epoch: int) -> float:
        """Factor of both learning rates at a step of the stage, the first being 0.

        Parameters
        ----------
        step : int
        steps_of_epoch : int
            Steps that an epoch has.
        """
        rising = min(1.0, (step + 1) / self.warm_up) if self.warm_up else 1.0
        falling = self.rate_factor ** (step // steps_of_epoch)
        if self.cosine:
            falling *= 0.5 * (1 + math.cos(math.pi * step / (self.epochs * steps_of_epoch)))
        return float(rising * falling)


PAPER_STAGES: Final = (
    Stage(epochs=2, learning_rate=5e-5, warm_up=65_000, loss=FIRST_STAGE),
    Stage(epochs=2, learning_rate=2.5e-5, loss=SECOND_STAGE),
    Stage(
        epochs=3,
        learning_rate=1.25e-5,
        discriminator_rate=1e-4,
        rate_factor=0.5,
        loss=THIRD_STAGE,
    ),
)
"""The paper's three stages, section 'Loss function'; that the warm-up is the first stage's and
linear is our reading."""
