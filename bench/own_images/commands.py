"""Fitting and restoring a user's own image file."""

from pathlib import Path
from typing import Final, cast

import typer

from bench.own_images.image_files import (
    ImageFile,
    known_sampling,
    read_image,
    read_positions,
    write_image,
)
from bench.own_images.scanned_image import ScanChoice, columns_of_frames, fit_scanned, require_lines
from stembench.arrays import Floats
from stembench.atomic_files import replacing, require_writable
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
) -> None:
    """Fit the columns of one image file and write their table as CSV.

    Parameters
    ----------
    path : Path
        Image file.
    positions : Path or None
        CSV of start positions with columns x and y in px; None finds the columns.
    out : Path
        CSV to write.
    sampling : float or None
        Å/px; None takes what the file states.
    dose : float or None
        e/Å² of an image in beam fractions, for Poisson errors.
    width, background, estimator, engine : str
        See `fitting.FitOptions`; a width may be a number of px.
    scan : ScanChoice
        Whether scan lines are fitted along, and how; a stack then is frames of one scene.

    Raises
    ------
    InputError
        If any input cannot be used.
    """
    from fitting import (
        FAILED,
        Background,
        Engine,
        Estimator,
        FitOptions,
        Width,
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
    require_writable(out)
    file = read_image(path)
    if file.stack and model is None:
        raise InputError(f"{path} holds a stack of {len(file.images)} images; give one image")
    if model is not None:
        require_lines(file.images.shape[1:], scan)
    pixel = known_sampling(file.sampling, sampling, path=path)
    if positions is None:
        start = columns_of_frames(file.images)
        if not len(start):
            raise InputError(f"no column was found in {path}; give their places with --positions")
        typer.echo(f"{len(start)} columns found")
    else:
        start = _positions_within(positions, file.images.shape[1:])
    if options.engine == "lmfit" and model is None:
        # Widths of their own are at most one more parameter each.
        cost = fit_cost(file.images[0].size, (4 if width == "column" else 3) * len(start))
        typer.echo(
            f"stembench: lmfit takes about {cost.seconds:.2g} s and {cost.memory / 1e9:.1g} GB",
            err=True,
        )
    if model is None:
        table = fit_columns(file.images[0], start, sampling=pixel, options=options, dose=dose).table
    else:
        table = fit_scanned(
            file.images, start, choice=scan, model=model, options=options, sampling=pixel,
            dose=dose, out=out, name=path.name,
        )  # fmt: skip
    with replacing(out) as temporary:
        table.rename_axis("column").to_csv(temporary)
    failed = int(((table["flags"] & FAILED) != 0).sum())
    typer.echo(f"{len(start)} columns at {pixel:g} Å/px: {len(start) - failed} fitted -> {out}")
    if failed:
        typer.echo(f"{failed} columns failed; their rows are empty and carry flags", err=True)


def _positions_within(path: Path, shape: tuple[int, ...]) -> Floats:
    """Start positions of a file, all of which must lie in the image."""
    start = read_positions(path)
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
    from bench.progress import restore_with_progress
    from restore import RestorationError, load_restorer

    require_writable(out)
    file = read_image(path)
    pixel = known_sampling(file.sampling, sampling, path=path)
    loaded = load_restorer(restorer)
    try:
        restored = restore_with_progress(loaded, file.images, sampling=pixel)
    except RestorationError as error:
        raise InputError(str(error)) from error
    write_image(out, ImageFile(restored, stack=file.stack, sampling=pixel))
    typer.echo(f"{path} at {pixel:g} Å/px restored by {loaded.metadata.name} -> {out}")


def distort_file(
    path: Path, out: Path, *, preset: str, dose: float, sampling: float | None, seed: int
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

    Raises
    ------
    InputError
        If any input cannot be used.
    """
    from noise import distort_array

    require_writable(out)
    file = read_image(path)
    pixel = known_sampling(file.sampling, sampling, path=path)
    distorted = distort_array(file.images, preset, dose=dose, sampling=pixel, seed=seed)
    write_image(out, ImageFile(distorted, stack=file.stack, sampling=pixel))
    typer.echo(f"{path} at {pixel:g} Å/px and {dose:g} e/Å² ({preset}, seed {seed}) -> {out}")


def _width(text: str) -> str | float:
    try:
        return float(text)
    except ValueError:
        return text
