"""Opening a user's image for a command: the image, its pixel size, and what is to be said."""

from pathlib import Path

import typer

from bench.own_images.files.image_file import ImageFile, read_image
from bench.own_images.files.sampling import FOR_COLUMNS, POSSIBLE, known_sampling


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
        If there is no such image, or no usable pixel size.
    """
    file = read_image(path, image=image, finite=not columns)
    say(*file.notes)
    possible = FOR_COLUMNS if columns else POSSIBLE
    pixel, notes = known_sampling(file.pixel, sampling, path=path, possible=possible)
    say(*notes)
    return file, pixel


def say(*sentences: str) -> None:
    """Print sentences that are not empty beside the results."""
    for sentence in sentences:
        if sentence:
            typer.echo(f"stembench: {sentence}", err=True)
