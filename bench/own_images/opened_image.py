"""What every command on a user's own image does first: open it, and say what is assumed of it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import typer

from bench.own_images.files.image_file import ImageFile, read_image
from bench.own_images.files.places.positions import corner_note, read_positions
from bench.own_images.files.sampling import FOR_COLUMNS, POSSIBLE, known_sampling
from stembench.arrays import Floats
from stembench.errors import InputError

#: More positions than this part outside the frame are in another unit, or x and y exchanged.
_MOST_OUTSIDE: Final = 0.5


@dataclass(frozen=True, kw_only=True)
class Listener:
    """Who is told what is done to an image.

    Attributes
    ----------
    fact : callable
        Called with each sentence on what was done.
    note : callable
        Called with each sentence that a user should know before trusting the numbers.
    progress : callable
        Called with each sentence on work that begins, such as the time that it will take.
    """

    fact: Callable[[str], None]
    note: Callable[[str], None]
    progress: Callable[[str], None]

    def notes(self, *sentences: str) -> None:
        """Pass notes on; empty sentences are left out."""
        for sentence in sentences:
            if sentence:
                self.note(sentence)


def say(*sentences: str) -> None:
    """Tell the user on the error stream; empty sentences are left out."""
    for sentence in sentences:
        if sentence:
            typer.echo(f"stembench: note: {sentence}", err=True)


#: Facts on standard output, notes on standard error.
TERMINAL: Final = Listener(fact=typer.echo, note=say, progress=say)


def opened(
    path: Path,
    image: str | None,
    sampling: float | None,
    *,
    columns: bool = False,
    listener: Listener = TERMINAL,
) -> tuple[ImageFile, float]:
    """Image of a file and its Å/px, after saying what is to be said of them.

    Parameters
    ----------
    path : Path
    image : str or None
        Title or number of the image in a file with several.
    sampling : float or None
        Å/px; None takes what the file states.
    columns : bool
        Whether atomic columns are to be fitted: pixels may be missing then, and the pixel size
        must be one at which columns are seen.
    listener : Listener

    Raises
    ------
    InputError
        If the file or its pixel size cannot be used.
    """
    file = read_image(path, image=image, finite=not columns)
    pixel = told_sampling(file, sampling, name=str(path), columns=columns, listener=listener)
    return file, pixel


def told_sampling(
    file: ImageFile, sampling: float | None, *, name: str, columns: bool, listener: Listener
) -> float:
    """Å/px of an image, after saying what is to be said of it; parameters as of `opened`.

    Raises
    ------
    InputError
        If the pixel size cannot be used.
    """
    listener.notes(*file.notes)
    possible = FOR_COLUMNS if columns else POSSIBLE
    pixel, notes = known_sampling(file.pixel, sampling, path=name, possible=possible)
    listener.notes(*notes)
    return pixel


def positions_near(
    positions: Path | Floats,
    shape: tuple[int, ...],
    *,
    sampling: float,
    listener: Listener = TERMINAL,
) -> Floats:
    """Start positions (n, 2) of a file or array, most of which must lie in the image (h, w).

    Raises
    ------
    InputError
        If they cannot be read or most of them lie outside.
    """
    if isinstance(positions, Path):
        start, name = read_positions(positions, sampling=sampling), str(positions)
    else:
        start, name = _as_positions(positions), "positions"
    height, width = shape
    outside = ~(
        (start[:, 0] > -0.5)
        & (start[:, 0] < width - 0.5)
        & (start[:, 1] > -0.5)
        & (start[:, 1] < height - 0.5)
    )
    if outside.mean() > _MOST_OUTSIDE:
        raise InputError(
            f"{name}: {outside.sum()} of {len(start)} positions lie outside the image of"
            f" {width} x {height} px, the first in row {int(outside.argmax()) + 1}; positions are"
            " pixels, x to the right and y down, from 0 at the first pixel's centre"
        )
    say(corner_note(start, shape))
    if outside.any():
        listener.note(
            f"{outside.sum()} of {len(start)} positions lie outside the image; their light is part"
            " of the model, and their rows carry the flag OUT_OF_FRAME"
        )
    return start


def _as_positions(given: Floats) -> Floats:
    start = np.asarray(given, dtype=np.float64)
    if start.ndim != 2 or start.shape[1:] != (2,) or not len(start):
        raise InputError(
            f"positions have the shape {start.shape}; they are rows of x and y in px, (n, 2)"
        )
    if not np.isfinite(start).all():
        raise InputError("positions hold NaN or infinite values; leave these rows out")
    return start
