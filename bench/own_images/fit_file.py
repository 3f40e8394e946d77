"""Fitting the columns of a user's own image file: the table and what is written beside it."""

from pathlib import Path

import numpy as np
import typer

from bench.own_images.files.image_file import ImageFile
from bench.own_images.files.writers import IMAGES, TABLES, require_place, write_image
from bench.own_images.fit_image import ImageFit, ImageFitChoice, fit_image
from bench.own_images.opened_image import TERMINAL, opened
from stembench.atomic_files import replacing
from stembench.errors import InputError


def fit_file(
    path: Path,
    positions: Path | None,
    *,
    out: Path,
    sampling: float | None,
    choice: ImageFitChoice,
    residual: Path | None = None,
    image: str | None = None,
) -> None:
    """Fit the columns of one image file (`fit_image`) and write their table as CSV.

    Where scan lines are fitted along, their table goes beside it, and the picture that the choice
    names is drawn.

    Parameters
    ----------
    path : Path
        Image file.
    positions : Path or None
        Start positions, see `read_positions`; None finds the columns.
    out : Path
        CSV to write.
    sampling : float or None
        Å/px; None takes what the file states.
    choice : ImageFitChoice
    residual : Path or None
        Image of the residual to write.
    image : str or None
        Title or number of the image in a file with several.

    Raises
    ------
    InputError
        If any input cannot be used, or no column could be fitted.
    """
    # What is unknown or cannot be written is refused before any work.
    choice.options()
    scanned = choice.scan.model() is not None
    require_place(out, TABLES, source=path)
    if residual is not None:
        require_place(residual, IMAGES, source=path)
        if scanned:
            raise InputError("--residual is not for a scan fit; leave --scan out")
    file, pixel = opened(path, image, sampling, columns=True)
    if residual is not None and choice.each_of(len(file.images)):
        raise InputError("--residual is of one image; add --sum, or give one frame")
    found = fit_image(
        file, positions, sampling=pixel, choice=choice, name=str(path), listener=TERMINAL
    )
    _write_beside(found, out, residual=residual, figure=choice.scan.figure, name=path.name)
    with replacing(out) as temporary:
        found.table.rename_axis("column").to_csv(temporary)
    failed, rows = int(np.count_nonzero(found.failed)), len(found.table)
    series = f" in {len(found.frames)} frames" if found.each else ""
    typer.echo(
        f"{found.table.index.nunique()} columns{series} at {pixel:g} Å/px: {rows - failed} fitted"
        f" -> {out}"
    )
    if failed == rows:
        raise InputError(
            f"none of {failed} columns could be fitted; the flags in {out} say why"
            " (docs/fitting.md lists them)"
        )
    if failed:
        typer.echo(f"{failed} columns failed; their rows are empty and carry flags", err=True)


def _write_beside(
    found: ImageFit, out: Path, *, residual: Path | None, figure: Path | None, name: str
) -> None:
    """Write residual, lines and picture of a fit."""
    left = found.residual
    if residual is not None and left is not None:
        write_image(residual, ImageFile(left[None], stack=False, sampling=found.sampling))
        typer.echo(f"residual -> {residual}")
    if found.scanned is None:
        return
    lines = out.with_name(f"{out.stem}_lines.csv")
    with replacing(lines) as temporary:
        found.scanned.line_table.to_csv(temporary, index=False)
    typer.echo(f"lines -> {lines}")
    if figure is not None:
        found.scanned.draw(figure, name=name)
        typer.echo(f"Picture of the lines -> {figure}")
