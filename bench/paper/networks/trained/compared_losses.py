"""Which loss: the absolute one alone, and with each other term added."""

from dataclasses import replace
from typing import Final

from bench.paper.networks.trained.trial import SCENES, Trial, trial_of
from training import FIRST_STAGE, THIRD_STAGE, Cgrdn, GeneratorLoss

SEEDS: Final = (1, 2)
ALONE: Final = "absolute"
#: The network of `stembench-small`.
SMALL: Final = Cgrdn(features=32, growth=16, groups=4, blocks=2, dense_layers=4)
#: Its trained numbers.
SMALL_NUMBERS: Final = 329_281
#: Terms of the paper's third stage that are added one at a time, each at its weight there.
ADDED: Final = ("square", "whitening", "fourier", "mean", "std", "adversarial")
LOSSES: Final[dict[str, GeneratorLoss]] = {
    ALONE: FIRST_STAGE,
    **{
        f"{ALONE}-and-{name}": replace(FIRST_STAGE, **{name: getattr(THIRD_STAGE, name)})
        for name in ADDED
    },
}
"""By name."""


def loss_trials() -> tuple[Trial, ...]:
    """Trainings of the small network by all losses, a seed at a time."""
    return tuple(
        trial_of(name, SMALL, seed=seed, loss=loss, scenes=SCENES)
        for seed in SEEDS
        for name, loss in LOSSES.items()
    )
