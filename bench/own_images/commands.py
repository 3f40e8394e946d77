"""Fitting and restoring a user's own image file."""

from pathlib import Path
from typing import Final, cast

import numpy as np
import pandas as pd
import typer

from bench.own_images.files.image_file import ImageFile, read_image
from bench.own_images.files.places.positions import corner_note, read_positions
from bench.own_images.files.sampling import FOR_COLUMNS, POSSIBLE, known_sampling, spacing_note
from bench.own_images.files.writers import IMAGES, TABLES, require_place, write_image
from bench.own_images.frame_series import drift_of, fit_each, sum_of
from bench.own_images.scanned_image import ScanChoice, columns_of_frames, fit_scanned, require_lines
from stembench.arrays import Floats
from stembench.atomic_files import replacing
from stembench.errors import InputError

_NO_SCAN: Final = ScanChoice()


def fit_file(
    path: Path,
    positions: Path | None,
    *,
    out: Path,
    sampling: float | None,
    dose: float | None,
    width: str,
    background: str,
    estimator: str,
    engine: str,
    scan: ScanChoice = _NO_SCAN,
    image: str | None = None,
    summed: bool = False,
) -> None:
    """Fit the columns of one image file and write their table as CSV.

    A stack is frames of one scene. Each is fitted by itself, unless they are summed or the scan is
    fitted along.

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
    dose : float or None
        e/Å² of an image in beam fractions, for Poisson errors.
    width, background, estimator, engine : str
        See `fitting.FitOptions`; a width may be a number of px.
    scan : ScanChoice
        Whether scan lines are fitted along, and how.
    image : str or None
        Title or number of the image in a file with several.
    summed : bool
        Whether the frames of a stack are aligned and added up before the fit.

    Raises
    ------
    InputError
        If any input cannot be used.
    typer.Exit
        With 1 if no column could be fitted.
    """
    from fitting import (
        FAILED,
        Background,
        Engine,
        Estimator,
        FitOptions,
        Width,
        find_columns,
        fit_columns,
        fit_cost,
    )

    options = FitOptions(
        # Whatever is unknown is refused here.
        width=cast(Width, _width(width)),
        background=cast(Background, background),
        estimator=cast(Estimator, estimator),
        engine=cast(Engine, engine),
    )
    model = scan.model()
    require_place(out, TABLES, source=path)
    file, pixel = _opened(path, image, sampling, columns=True)
    frames = file.images
    if summed and model is not None:
        raise InputError("--sum adds frames up, and a scan fit wants them apart; give one of both")
    if model is not None:
        require_lines(frames.shape[1:], scan)
    each = model is None and len(frames) > 1 and not summed
    drift = np.zeros((1, 2))
    if summed and len(frames) > 1:
        frames, dose = _added_up(frames, dose=dose)
    elif each:
        drift = drift_of(frames)
    if positions is None:
        start = find_columns(sum_of(frames, drift)) if each else columns_of_frames(frames)
        if not len(start):
            raise InputError(f"no column was found in {path}; give their places with --positions")
        typer.echo(f"{len(start)} columns found")
    else:
        start = _positions_within(positions, frames.shape[1:], sampling=pixel)
        _say(corner_note(start, frames.shape[1:]))
    _say(spacing_note(start, pixel))
    if options.engine == "lmfit" and model is None:
        # Widths of their own are at most one more parameter each.
        cost = fit_cost(frames[0].size, (4 if width == "column" else 3) * len(start))
        typer.echo(
            f"stembench: lmfit takes about {cost.seconds * len(frames):.2g} s and "
            f"{cost.memory / 1e9:.1g} GB",
            err=True,
        )
    if model is not None:
        table = fit_scanned(
            frames, start, choice=scan, model=model, options=options, sampling=pixel,
            dose=dose, out=out, name=path.name,
        )  # fmt: skip
    else:

        def fitted(frame: Floats, places: Floats) -> pd.DataFrame:
            return fit_columns(frame, places, sampling=pixel, options=options, dose=dose).table

        if each:
            table = fit_each(frames, start, drift=drift, fit=fitted)
        else:
            table = fitted(frames[0], start)
    with replacing(out) as temporary:
        table.rename_axis("column").to_csv(temporary)
    failed = int(((table["flags"] & FAILED) != 0).sum())
    series = f" in {len(frames)} frames" if each else ""
    typer.echo(
        f"{len(start)} columns{series} at {pixel:g} Å/px: {len(table) - failed} fitted -> {out}"
    )
    if failed:
        typer.echo(f"{failed} columns failed; their rows are empty and carry flags", err=True)
    if failed == len(table):
        raise typer.Exit(1)


def _opened(
    path: Path, image: str | None, sampling: float | None, *, columns: bool = False
) -> tuple[ImageFile, float]:
    """Image of a file and its Å/px, after saying what is to be said of them.

    Parameters
    ----------
    columns : bool
        Whether atomic columns are to be fitted: pixels may be missing then, and the pixel size
        must be one at which columns are seen.
    """
    file = read_image(path, image=image, missing=columns)
    _say(*file.notes)
    possible = FOR_COLUMNS if columns else POSSIBLE
    pixel, notes = known_sampling(file.pixel, sampling, path=path, possible=possible)
    _say(*notes)
    return file, pixel


def _say(*sentences: str) -> None:
    for sentence in sentences:
        if sentence:
            typer.echo(f"stembench: {sentence}", err=True)


def _added_up(frames: Floats, *, dose: float | None) -> tuple[Floats, float | None]:
    """Sum of frames as a stack of one, and its dose.

    With a dose the values are fractions of the beam, and the mean of the frames has the dose of
    all of them together.
    """
    drift = drift_of(frames)
    image = sum_of(frames, drift)
    far = float(np.abs(drift).max())
    what = "mean" if dose is not None else "sum"
    typer.echo(f"{what} of {len(frames)} frames with a drift of up to {far:.1f} px")
    if dose is None:
        return image[None], None
    return image[None] / len(frames), dose * len(frames)


def _positions_within(path: Path, shape: tuple[int, ...], *, sampling: float) -> Floats:
    """Start positions of a file, all of which must lie in the image."""
    start = read_positions(path, sampling=sampling)
    height, width = shape
    outside = ~(
        (start[:, 0] > -0.5)
        & (start[:, 0] < width - 0.5)
        & (start[:, 1] > -0.5)
        & (start[:, 1] < height - 0.5)
    )
    if outside.any():
        raise InputError(
            f"{path}: {outside.sum()} of {len(start)} positions lie outside the image of"
            f" {width} x {height} px, the first in row {int(outside.argmax()) + 1}; positions are"
            " pixels, x to the right and y down, from 0 at the first pixel's centre"
        )
    return start


def restore_file(
    path: Path, out: Path, *, restorer: str, sampling: float | None, image: str | None = None
) -> None:
    """Restore one image file and write the result.

    Parameters
    ----------
    path, out : Path
        Image or stack to read and file to write.
    restorer : str
        Restorer spec.
    sampling : float or None
        Å/px; None takes what the file states.
    image : str or None
        Title or number of the image in a file with several.

    Raises
    ------
    InputError
        If any input cannot be used, or the restorer returns something unusable.
    """
    from bench.progress import restore_with_progress
    from restore import RestorationError, load_restorer

    require_place(out, IMAGES, source=path)
    file, pixel = _opened(path, image, sampling)
    loaded = load_restorer(restorer)
    try:
        restored = restore_with_progress(loaded, file.images, sampling=pixel)
    except RestorationError as error:
        raise InputError(str(error)) from error
    write_image(out, ImageFile(restored, stack=file.stack, sampling=pixel))
    typer.echo(f"{path} at {pixel:g} Å/px restored by {loaded.metadata.name} -> {out}")


def distort_file(
    path: Path,
    out: Path,
    *,
    preset: str,
    dose: float,
    sampling: float | None,
    seed: int,
    image: str | None = None,
) -> None:
    """Distort one clean image file and write the result in electrons per pixel.

    Parameters
    ----------
    path, out : Path
        Image or stack in fractions of the beam to read, and file to write.
    preset : str
        Name in `noise.presets.PRESETS`.
    dose : float
        e/Å².
    sampling : float or None
        Å/px; None takes what the file states.
    seed : int
    image : str or None
        Title or number of the image in a file with several.

    Raises
    ------
    InputError
        If any input cannot be used.
    """
    from noise import distort_array

    require_place(out, IMAGES, source=path)
    file, pixel = _opened(path, image, sampling)
    distorted = distort_array(file.images, preset, dose=dose, sampling=pixel, seed=seed)
    write_image(out, ImageFile(distorted, stack=file.stack, sampling=pixel))
    typer.echo(f"{path} at {pixel:g} Å/px and {dose:g} e/Å² ({preset}, seed {seed}) -> {out}")


def _width(text: str) -> str | float:
    try:
        return float(text)
    except ValueError:
        return text
