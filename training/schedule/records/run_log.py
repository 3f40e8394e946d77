"""Log of a training in its folder: rows, TensorBoard's events, curves and images."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from training.losses.generator_loss import WEIGHTS
from training.pairs.pair import Image
from training.recipes.recipe import Recipe
from training.schedule.records.curves import CURVES, IMAGES, write_curves, write_image_grid
from training.schedule.records.history import (
    BOARD,
    TRAINING,
    VALIDATION,
    Board,
    Row,
    append_row,
    read_rows,
    write_rows,
)
from training.schedule.run_state import RunState

_COLUMNS: Final = (
    "step", "stage", "epoch", "learning_rate", "loss", "pixel_wise", *WEIGHTS, "discriminator",
)  # fmt: skip
"""Of training.csv: losses are means over the steps since the row before, terms are without their
weights, and those that a stage has not stay empty."""


class RunLog:
    """What is written down of a training while it runs.

    Parameters
    ----------
    folder : pathlib.Path
    recipe : Recipe
    state : RunState
        Where the training stands: later rows, of a call that was killed, are removed.
    board : bool
        Whether TensorBoard's events are written.

    Raises
    ------
    InputError
        If the folder cannot be read or written.
    """

    def __init__(self, folder: Path, recipe: Recipe, state: RunState, *, board: bool) -> None:
        self._folder = folder
        self._recipe = recipe
        self._training = read_rows(folder / TRAINING, up_to=state.step)
        self._validation = read_rows(folder / VALIDATION, up_to=state.step)
        for name, rows, columns in (
            (TRAINING, self._training, _COLUMNS),
            (VALIDATION, self._validation, ()),
        ):
            if rows:
                write_rows(folder / name, rows, columns=columns)
            else:
                (folder / name).unlink(missing_ok=True)
        self._board = Board(folder / BOARD) if board else None

    def add_losses(self, state: RunState, *, place: Mapping[str, int], rate: float) -> None:
        """Write the means of the losses since the last row.

        Parameters
        ----------
        state : RunState
            With these losses.
        place : mapping of str to int
            'stage' and 'epoch', counted from 1.
        rate : float
            Learning rate of the last step.
        """
        means = state.logged.means
        row: Row = {"step": state.step, **place, "learning_rate": rate, **means}
        row.setdefault("pixel_wise", means["loss"])
        append_row(self._folder / TRAINING, row, columns=_COLUMNS)
        self._training.append(row)
        if self._board is not None:
            self._board.add("training", {**means, "learning_rate": rate}, step=state.step)

    def add_validation(
        self, state: RunState, losses: Mapping[str, float], *, place: Mapping[str, int]
    ) -> Row:
        """Write losses and measures on what is held out, with the gap to the training's loss.

        Parameters
        ----------
        state : RunState
            With the training's losses since the validation before.
        losses : mapping of str to float
            'loss' and others.
        place : mapping of str to int
            'stage' and 'epoch', counted from 1.

        Returns
        -------
        dict
            The row.
        """
        learned = state.seen.means["loss"]
        gap = losses["loss"] - learned
        row: Row = {"step": state.step, **place, "training": learned, **losses, "gap": gap}
        self._validation.append(row)
        write_rows(self._folder / VALIDATION, self._validation)
        if self._board is not None:
            self._board.add("validation", {**losses, "gap": gap}, step=state.step)
            self._board.flush()
        write_curves(self._folder / CURVES, self._training, self._validation, recipe=self._recipe)
        return row

    def add_images(self, epoch: int, distorted: Image, restored: Any, clean: Image) -> None:
        """Draw held-out images after an epoch, which counts from 1 over all stages."""
        write_image_grid(
            self._folder / IMAGES / f"epoch-{epoch:02d}.png", distorted, restored, clean
        )
