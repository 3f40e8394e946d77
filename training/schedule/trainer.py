"""Training of a network by a recipe, in a folder, from wherever it was stopped."""

import time
import zlib
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import numpy as np

from stembench.describe import as_plain
from training.pairs.pair import Image
from training.recipes.recipe import VALIDATED, Recipe
from training.recipes.training_stage import Stage
from training.schedule.begun_weights import begin_with
from training.schedule.gradients import Step, forward_pass, require_backend, several_devices
from training.schedule.held_out import HeldOut, Validate, restorer_of
from training.schedule.pair_order import epoch_order
from training.schedule.pair_source import MadePairs, PairSource, standardised_batch
from training.schedule.records.checkpoint import Origin, Parts, read_checkpoint, write_checkpoint
from training.schedule.records.history import require_board
from training.schedule.records.run_log import RunLog
from training.schedule.records.training_folder import check_folder, keep_recipe
from training.schedule.run_state import RunState, check_converging
from training.schedule.stage_steps import Batch, adam, draw_noise, heads_of, stage_step
from training.schedule.want_of_memory import telling_of_memory
from training.schedule.watcher import Place, Watcher

#: Held-out images of the grid that is drawn after each epoch.
_SHOWN: Final = 4


@dataclass(frozen=True, eq=False)
class Networks:
    """Networks of a training with their optimisers; the discriminator only where a stage has one.

    Attributes
    ----------
    generator, discriminator : tuple of (keras.Model, optimizer), or None
    """

    generator: tuple[Any, Any]
    discriminator: tuple[Any, Any] | None = None

    @classmethod
    def built(cls, recipe: Recipe) -> "Networks":
        """Build the networks of a recipe with their first weights."""
        model = recipe.network.build(_generator(recipe, "generator"), precision=recipe.precision)
        generator = (model, adam(model, recipe.adam))
        if not any(stage.adversarial for stage in recipe.stages):
            return cls(generator)
        judge = recipe.adversary.network.build(_generator(recipe, "discriminator"))
        return cls(generator, (judge, adam(judge, recipe.adam)))

    @property
    def parts(self) -> Parts:
        """All variables, by what they belong to."""
        parts = {"generator": self.generator[0].variables, "adam": self.generator[1].variables}
        if self.discriminator is not None:
            parts["discriminator"] = self.discriminator[0].variables
            parts["discriminator_adam"] = self.discriminator[1].variables
        return parts

    @property
    def finished(self) -> Any:
        """The generator as a training gives it: with its averaged weights where a recipe has such.

        To be asked for once all checkpoints are written, which hold the weights that learn.
        """
        model, optimizer = self.generator
        optimizer.finalize_variable_values(model.trainable_variables)
        return model


@dataclass(frozen=True, kw_only=True, eq=False)
class Told:
    """Who is told of a training's progress; nobody by default."""

    announce: Callable[[float, float], None] = lambda _total, _done: None
    """Called once with the steps in all, and those that are done already."""
    progress: Callable[[float], None] = lambda _steps: None
    """Called with the steps that were done since."""
    note: Callable[[str], None] = lambda _sentence: None
    """Called with a sentence."""


def train(
    recipe: Recipe,
    folder: Path,
    *,
    source: PairSource | None = None,
    begin: Path | None = None,
    steps: int | None = None,
    validate: Validate | None = None,
    board: bool = True,
    told: Told | None = None,
) -> Any:
    """Train a network; a training that was stopped, however that was, goes on.

    Stopped or not, the losses are the same to the last bit on one machine and backend with one
    number of threads (`make_reproducible`).

    Parameters
    ----------
    recipe : Recipe
    folder : pathlib.Path
        Gets recipe.toml, training.csv, validation.csv, losses.png, images/, tensorboard/ and
        checkpoint.npz.
    source : PairSource, optional
        Of the recipe's pairs; this process makes them by default.
    begin : pathlib.Path, optional
        ``.keras`` file of an earlier training whose weights are taken in place of drawn ones; not
        read again by a training that goes on.
    steps : int, optional
        Steps in all after which to stop; those of the recipe by default. Rates do not depend on it.
    validate : callable, optional
        Takes the network as a restorer of images in any unit, returns measures by name; called
        with each validation.
    board : bool
        Whether events for TensorBoard are written too.
    told : Told, optional

    Returns
    -------
    keras.Model
        The trained generator, on standardised images; with averaged weights where the recipe says
        so. What is validated on the way are the weights that learn.

    Raises
    ------
    InputError
        If the folder holds another training or cannot be written, the training diverges, memory
        runs out, or the backend cannot train.
    """
    told = told or Told()
    sequence = recipe.pairs.sequence
    source = source or MadePairs(sequence)
    origin = Origin(
        backend=require_backend(),
        excluded=sequence.exclude.description(),
        recipe=as_plain(recipe),
    )
    if board:
        require_board()
    check_folder(folder, recipe)
    devices = several_devices()
    if devices > 1:
        told.note(f"batches are spread over {devices} devices")
    with telling_of_memory(recipe):
        networks = Networks.built(recipe)
    found = read_checkpoint(folder, networks.parts, origin=origin)
    if found is None and begin is not None:
        begin_with(networks.generator[0], begin)
    state = found or RunState()
    end = recipe.steps if steps is None else min(steps, recipe.steps)
    told.announce(float(end), float(min(state.step, end)))
    if state.step >= end:
        return networks.finished
    forward = forward_pass(networks.generator[0])
    if recipe.validated == recipe.pairs.validation < VALIDATED:
        told.note(f"validations are on all of {recipe.validated} held-out pairs, not {VALIDATED}")
    held_out = HeldOut.of(recipe, source)
    keep_recipe(folder, recipe)
    watch = Watcher(
        recipe=recipe,
        log=RunLog(folder, recipe, state, board=board),
        save=lambda reached: write_checkpoint(folder, networks.parts, reached, origin=origin),
        losses=lambda stage: _judged(held_out, forward, stage, recipe, validate),
        images=lambda: _shown(held_out, forward),
        saved=(state.step, time.monotonic()),
    )

    @lru_cache(maxsize=1)  # a stage's step is compiled once, not for each of its epochs
    def step_of(stage: Stage) -> Step:
        return stage_step(
            stage,
            recipe,
            generator=networks.generator,
            discriminator=networks.discriminator,
            devices=devices,
        )

    with telling_of_memory(recipe):
        while state.step < end:
            state = _epoch(recipe, step_of, state, end, source, watch=watch, told=told)
    return networks.finished


def _epoch(
    recipe: Recipe,
    step_of: Callable[[Stage], Step],
    state: RunState,
    end: int,
    source: PairSource,
    *,
    watch: Watcher,
    told: Told,
) -> RunState:
    """Learn from what is left of an epoch, at most up to step `end`."""
    number, within = recipe.place(state.step)
    stage = recipe.stages[number]
    epoch, done = divmod(state.step, recipe.steps_of_epoch)
    place = Place(stage=number + 1, epoch=epoch + 1)
    if not within:
        state = state.at_new_stage()
    step = step_of(stage)
    order = epoch_order(recipe.pairs.training, recipe.batch, seed=recipe.seed, epoch=epoch)
    with closing(source.stream(order[done : done + end - state.step])) as batches:
        for pairs in batches:
            factor = stage.rate(within, steps_of_epoch=recipe.steps_of_epoch)
            arrays: tuple[Batch, ...] = standardised_batch(*pairs)
            if stage.adversarial:
                rng = _generator(recipe, "discriminator noise", state.step)
                arrays = (*arrays, draw_noise(recipe, arrays[0].shape, rng))
            values = step(factor, *arrays)
            check_converging(state, values, stage=number)
            state = watch.after(
                state.after(values), place, stage, factor=factor, last=state.step + 1 == end
            )
            within += 1
            told.progress(1.0)
    return state


def _judged(
    held_out: HeldOut,
    forward: Callable[[Image], Any],
    stage: Stage,
    recipe: Recipe,
    validate: Validate | None,
) -> dict[str, float]:
    """Losses on held-out pairs, and measures of the network as a restorer."""
    losses = held_out.losses(forward, stage.loss)
    if validate is None:
        return losses
    measures = validate(restorer_of(forward, recipe))
    return {**losses, **{name: value for name, value in measures.items() if name not in losses}}


def _shown(held_out: HeldOut, forward: Callable[[Image], Any]) -> tuple[Image, Image, Image]:
    """Held-out images of a figure: distorted, restored and undistorted, standardised."""
    from keras import ops

    distorted, clean = standardised_batch(*held_out.first(_SHOWN))
    return distorted, ops.convert_to_numpy(heads_of(forward(distorted))[0]), clean


def _generator(recipe: Recipe, purpose: str, number: int = 0) -> np.random.Generator:
    """Random generator of one purpose, and of one step where each has its own."""
    key = (zlib.crc32(b"training of a network"), zlib.crc32(purpose.encode()), number)
    return np.random.default_rng(np.random.SeedSequence(recipe.seed, spawn_key=key))
