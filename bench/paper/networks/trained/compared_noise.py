"""A wrong noise model: the small network taught by pairs that lack one thing, after Fig. 6."""

from typing import Final

from bench.paper.networks.trained.compared_losses import ALONE, SMALL
from bench.paper.networks.trained.trial import SCENES, Trial, trial_of
from training import FIRST_STAGE, LACKING

SEEDS: Final = (1, 2)
#: The network whose pairs lack nothing; the same training as that of the absolute loss alone.
WHOLE: Final = ALONE


def noise_trials() -> tuple[Trial, ...]:
    """Trainings by the absolute loss on whole noise and on each that lacks something."""
    return tuple(
        trial_of(
            f"without-{lack}" if lack else WHOLE,
            SMALL,
            seed=seed,
            loss=FIRST_STAGE,
            scenes=SCENES,
            lacking=lack,
        )
        for seed in SEEDS
        for lack in ("", *LACKING)
    )
