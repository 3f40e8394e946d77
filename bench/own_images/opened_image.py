"""What every command on a user's own image does first: open it, and say what is assumed of it."""

from pathlib import Path
from typing import Final

import typer

from bench.own_images.files.image_file import ImageFile, read_image
from bench.own_images.files.places.positions import corner_note, read_positions
from bench.own_images.files.sampling import FOR_COLUMNS, POSSIBLE, known_sampling
from stembench.arrays import Floats
from stembench.errors import InputError

#: More positions than this part outside the frame are in another unit, or x and y exchanged.
_MOST_OUTSIDE: Final = 0.5


def opened(
    path: Path, image: str | None, sampling: float | None, *, columns: bool = False
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

    Raises
    ------
    InputError
        If the file or its pixel size cannot be used.
    """
    file = read_image(path, image=image, finite=not columns)
    say(*file.notes)
    possible = FOR_COLUMNS if columns else POSSIBLE
    pixel, notes = known_sampling(file.pixel, sampling, path=path, possible=possible)
    say(*notes)
    return file, pixel


def say(*sentences: str) -> None:
    """Tell the user on the error stream; empty sentences are left out."""
    for sentence in sentences:
        if sentence:
            typer.echo(f"stembench: note: {sentence}", err=True)


def positions_near(path: Path, shape: tuple[int, ...], *, sampling: float) -> Floats:
    """Start positions (n, 2) of a file, most of which must lie in the image (h, w).

    Raises
    ------
    InputError
        If the file cannot be read or most positions lie outside.
    """
    start = read_positions(path, sampling=sampling)
    height, width = shape
    outside = ~(
        (start[:, 0] > -0.5)
        & (start[:, 0] < width - 0.5)
        & (start[:, 1] > -0.5)
        & (start[:, 1] < height - 0.5)
    )
    if outside.mean() > _MOST_OUTSIDE:
        raise InputError(
            f"{path}: {outside.sum()} of {len(start)} positions lie outside the image of"
            f" {width} x {height} px, the first in row {int(outside.argmax()) + 1}; positions are"
            " pixels, x to the right and y down, from 0 at the first pixel's centre"
        )
    say(corner_note(start, shape))
    if outside.any():
        say(
            f"{outside.sum()} of {len(start)} positions lie outside the image; their light is part"
            " of the model, and their rows carry the flag OUT_OF_FRAME"
        )
    return start
