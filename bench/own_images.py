"""Fitting and restoring a user's own image file."""

from pathlib import Path
from typing import cast

import typer

from bench.image_files import ImageFile, known_sampling, read_image, read_positions, write_image
from noise.atomic_files import replacing
from noise.errors import InputError


def fit_file(
    path: Path,
    positions: Path,
    *,
    out: Path,
    sampling: float | None,
    dose: float | None,
    width: str,
    background: str,
) -> None:
    """Fit the columns of one image file and write their table as CSV.

    Parameters
    ----------
    path, positions : Path
        Image file, and CSV of start positions with columns x and y in px.
    out : Path
        CSV to write.
    sampling : float or None
        Å/px; None takes what the file states.
    dose : float or None
        e/Å² of an image in beam fractions, for Poisson errors.
    width, background : str
        See `fitting.fit_columns`; a width may be a number of px.

    Raises
    ------
    InputError
        If any input cannot be used.
    """
    from fitting import fit_columns
    from fitting.flags import FAILED
    from fitting.model import Background

    file = read_image(path)
    if file.stack:
        raise InputError(f"{path} holds a stack of {len(file.images)} images; give one image")
    pixel = known_sampling(file.sampling, sampling, path=path)
    start = read_positions(positions)
    height, breadth = file.images.shape[1:]
    outside = ~(
        (start[:, 0] > -0.5)
        & (start[:, 0] < breadth - 0.5)
        & (start[:, 1] > -0.5)
        & (start[:, 1] < height - 0.5)
    )
    if outside.any():
        raise InputError(
            f"{positions}: {outside.sum()} of {len(start)} positions lie outside the image of"
            f" {breadth} x {height} px, the first in row {int(outside.argmax()) + 1}; positions are"
            " pixels, x to the right and y down, from 0 at the first pixel's centre"
        )
    fitted = fit_columns(
        file.images[0],
        start,
        sampling=pixel,
        dose=dose,
        width=_width(width),
        background=cast(Background, background),  # an unknown one is refused there
    )
    with replacing(out) as temporary:
        fitted.table.rename_axis("column").to_csv(temporary)
    failed = int(((fitted.table["flags"] & FAILED) != 0).sum())
    typer.echo(f"{len(start)} columns at {pixel:g} Å/px: {len(start) - failed} fitted -> {out}")
    if failed:
        typer.echo(f"{failed} columns failed; their rows are empty and carry flags", err=True)


def restore_file(path: Path, out: Path, *, restorer: str, sampling: float | None) -> None:
    """Restore one image file and write the result.

    Parameters
    ----------
    path, out : Path
        Image or stack to read and file to write.
    restorer : str
        Restorer spec.
    sampling : float or None
        Å/px; None takes what the file states.

    Raises
    ------
    InputError
        If any input cannot be used, or the restorer returns something unusable.
    """
    from rich.progress import track

    from restore import RestorationError, load_restorer

    file = read_image(path)
    pixel = known_sampling(file.sampling, sampling, path=path)
    loaded = load_restorer(restorer)
    restored = file.images.copy()
    try:
        for k in track(range(len(restored)), description=f"Restoring with {loaded.metadata.name}"):
            restored[k] = loaded.restore(file.images[k : k + 1], sampling=pixel)[0]
    except RestorationError as error:
        raise InputError(str(error)) from error
    write_image(out, ImageFile(restored, stack=file.stack, sampling=pixel))
    typer.echo(f"{path} at {pixel:g} Å/px restored by {loaded.metadata.name} -> {out}")


def _width(text: str) -> str | float:
    try:
        return float(text)
    except ValueError:
        return text
