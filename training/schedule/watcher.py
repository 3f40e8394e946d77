"""What happens between the steps of a training: rows, validations, images and checkpoints."""

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Final

from training.pairs.pair import Image
from training.recipes.recipe import Recipe
from training.recipes.training_stage import Stage
from training.schedule.records.run_log import RunLog
from training.schedule.run_state import RunState, Tally

#: Seconds between two checkpoints, whatever the steps.
_BETWEEN: Final = 600.0


@dataclass(frozen=True, kw_only=True)
class Place:
    """Stage, and epoch over all stages, both counted from 1."""

    stage: int
    epoch: int


@dataclass(kw_only=True)
class Watcher:
    """Writes down a training as its recipe's `watch` says.

    Attributes
    ----------
    recipe : Recipe
    log : RunLog
    save : callable
        Writes a checkpoint of a state.
    losses : callable
        Losses and measures on what is held out, of a stage's loss.
    images : callable
        Held-out distorted, restored and undistorted images.
    saved : tuple of int and float
        Step and time of the last checkpoint.
    """

    recipe: Recipe
    log: RunLog
    save: Callable[[RunState], None]
    losses: Callable[[Stage], Mapping[str, float]]
    images: Callable[[], tuple[Image, Image, Image]]
    saved: tuple[int, float] = field(default_factory=lambda: (0, time.monotonic()))

    def after(
        self, state: RunState, place: Place, stage: Stage, *, factor: float, last: bool
    ) -> RunState:
        """Do what is due after a step.

        Parameters
        ----------
        state : RunState
            With that step.
        place : Place
        stage : Stage
        factor : float
            Of the rates of that step.
        last : bool
            Whether no step follows.

        Returns
        -------
        RunState
            Without the sums that were written down.
        """
        watch = self.recipe.watch
        where: dict[str, Any] = asdict(place)
        if state.step % watch.log == 0:
            self.log.add_losses(state, place=where, rate=factor * stage.learning_rate)
            state = replace(state, logged=Tally())
        epoch_ends = state.step % self.recipe.steps_of_epoch == 0
        if epoch_ends or state.step % watch.validation == 0:
            self.log.add_validation(state, self.losses(stage), place=where)
            state = replace(state, seen=Tally())
        if epoch_ends:
            self.log.add_images(place.epoch, *self.images())
        step, moment = self.saved
        due = state.step - step >= watch.checkpoint or time.monotonic() - moment >= _BETWEEN
        if due or last:
            self.save(state)
            self.saved = (state.step, time.monotonic())
        return state
