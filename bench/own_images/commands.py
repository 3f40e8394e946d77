"""Fitting and restoring a user's own image file."""

from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

import numpy as np
import pandas as pd
import typer

from bench.own_images.files.image_file import ImageFile
from bench.own_images.files.places.positions import corner_note, read_positions
from bench.own_images.files.sampling import spacing_note
from bench.own_images.files.writers import IMAGES, TABLES, require_place, write_image
from bench.own_images.fit_words import cautions, facts
from bench.own_images.frame_series import added_up, drift_of, fit_each, sum_of
from bench.own_images.opening import opened, say
from bench.own_images.pixel_choice import PixelChoice
from bench.own_images.scanned_image import ScanChoice, columns_of_frames, fit_scanned, require_lines
from stembench.arrays import Bools, Floats
from stembench.atomic_files import replacing
from stembench.errors import InputError

if TYPE_CHECKING:
    from fitting import OwnImageOptions

_NO_SCAN: Final = ScanChoice()
_ALL_PIXELS: Final = PixelChoice()
#: More positions than this part outside the frame are in another unit, or x and y exchanged.
_MOST_OUTSIDE: Final = 0.5


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
    pixels: PixelChoice = _ALL_PIXELS,
    contrast: str = "unknown",
    residual: Path | None = None,
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
        See `fitting.FitOptions`; a width may be a number of px, a background 'auto'.
    scan : ScanChoice
        Whether scan lines are fitted along, and how.
    pixels : PixelChoice
        Which pixels are fitted.
    contrast : str
        See `fitting.OwnImageOptions`.
    residual : Path or None
        Image of the residual to write.
    image : str or None
        Title or number of the image in a file with several.
    summed : bool
        Whether the frames of a stack are aligned and added up before the fit.

    Raises
    ------
    InputError
        If any input cannot be used.
    """
    from fitting import (
        FAILED,
        Background,
        Contrast,
        Engine,
        Estimator,
        FitOptions,
        OwnBackground,
        OwnImageOptions,
        Width,
    )

    model = scan.model()
    fit = FitOptions(
        # Whatever is unknown is refused here.
        width=cast(Width, _width(width)),
        background="constant" if background == "auto" else cast(Background, background),
        estimator=cast(Estimator, estimator),
        engine=cast(Engine, engine),
    )
    options = OwnImageOptions(
        fit=fit,
        background=cast(OwnBackground, background),
        contrast=cast(Contrast, contrast),
    )
    require_place(out, TABLES, source=path)
    if residual is not None:
        require_place(residual, IMAGES, source=path)
    if summed and model is not None:
        raise InputError("--sum adds frames up, and a scan fit wants them apart; give one of both")
    file, pixel = opened(path, image, sampling, columns=True)
    shape = file.images.shape[1:]
    region = pixels.region(shape)
    masked = pixels.left_out(shape)[region]
    images = file.images[:, region[0], region[1]]
    corner = np.array([region[1].start, region[0].start], dtype=np.float64)
    start = None
    if positions is not None:
        start = _positions_near(positions, shape, sampling=pixel) - corner
    each = model is None and len(images) > 1 and not summed
    if each:
        table = _fitted_frames(
            np.where(masked, np.nan, images), start, path=path, options=options, sampling=pixel,
            dose=dose, residual=residual,
        )  # fmt: skip
    elif model is None:
        if summed and len(images) > 1:
            image_sum, dose, sentence = added_up(np.where(masked, np.nan, images), dose=dose)
            typer.echo(sentence)
            images = image_sum[None]
            masked = np.zeros_like(masked)
        table = _fitted(
            images[0], start, path=path, masked=masked, options=options, sampling=pixel,
            dose=dose, residual=residual,
        )  # fmt: skip
    else:
        require_lines(images.shape[1:], scan)
        _require_scan_can(contrast, images[:, ~masked], residual=residual, path=path)
        if start is None:
            start = columns_of_frames(np.where(masked, np.nan, images) if masked.any() else images)
            _require_columns(len(start), path)
        table = fit_scanned(
            images, start, choice=scan, model=model, options=fit, sampling=pixel,
            dose=dose, out=out, name=path.name, mask=masked if masked.any() else None,
        )  # fmt: skip
    table = _moved(table, corner, sampling=pixel)
    if not each:
        say(spacing_note(table[["x", "y"]].dropna().to_numpy(), pixel))
    with replacing(out) as temporary:
        table.rename_axis("column").to_csv(temporary)
    failed = int(((table["flags"] & FAILED) != 0).sum())
    series = f" in {len(images)} frames" if each else ""
    typer.echo(
        f"{table.index.nunique()} columns{series} at {pixel:g} Å/px: {len(table) - failed} fitted"
        f" -> {out}"
    )
    if failed == len(table):
        raise InputError(
            f"none of {failed} columns could be fitted; the flags in {out} say why"
            " (docs/fitting.md lists them)"
        )
    if failed:
        typer.echo(f"{failed} columns failed; their rows are empty and carry flags", err=True)


def _fitted_frames(
    frames: Floats,
    start: Floats | None,
    *,
    path: Path,
    options: "OwnImageOptions",
    sampling: float,
    dose: float | None,
    residual: Path | None,
) -> pd.DataFrame:
    """Fit each frame of one scene with the same columns, searched for in the aligned sum."""
    if residual is not None:
        raise InputError("--residual is of one image; add --sum, or leave it out for a stack")
    drift = drift_of(frames)
    nothing = np.zeros(frames.shape[1:], dtype=np.bool_)
    if start is None:
        found = _fitted(
            sum_of(frames, drift), None, path=path, masked=nothing, options=options,
            sampling=sampling, dose=None, residual=None, name="sum of the frames: ",
        )  # fmt: skip
        start = found[["x", "y"]].dropna().to_numpy()
        _require_columns(len(start), path)
    numbers = count(1)

    def fitted(frame: Floats, places: Floats) -> pd.DataFrame:
        return _fitted(
            frame, places, path=path, masked=nothing, options=options, sampling=sampling,
            dose=dose, residual=None, name=f"frame {next(numbers)}: ",
        )  # fmt: skip

    return fit_each(frames, start, drift=drift, fit=fitted)


def _fitted(
    image: Floats,
    start: Floats | None,
    *,
    path: Path,
    masked: Bools,
    options: "OwnImageOptions",
    sampling: float,
    dose: float | None,
    residual: Path | None,
    name: str = "",
) -> pd.DataFrame:
    """Find and fit the columns of an image, say what was done, and write the residual."""
    from fitting import fit_cost, fit_own_image

    engine = options.fit.engine
    if engine == "lmfit" and start is None:
        joint = replace(options, fit=replace(options.fit, engine="joint"))
        found = fit_own_image(image, sampling=sampling, options=joint, dose=dose, mask=masked)
        start = found.table[["x", "y"]].to_numpy()[~found.failed]
        _require_columns(len(start), path)
    elif start is not None and engine == "lmfit":
        typer.echo(f"{len(start)} positions given")
    if engine == "lmfit" and start is not None:
        # Widths of their own are at most one more parameter each.
        cost = fit_cost(image.size, (4 if options.fit.width == "column" else 3) * len(start))
        typer.echo(
            f"stembench: lmfit takes about {cost.seconds:.2g} s and {cost.memory / 1e9:.1g} GB",
            err=True,
        )
    fit = fit_own_image(image, start, sampling=sampling, options=options, dose=dose, mask=masked)
    if start is None:
        if fit.inverted:
            raise InputError(
                f"the columns of {path} look dark (annular bright field?): dark ones describe the"
                " image far better than bright ones; give --dark, or --bright to fit bright ones"
            )
        _require_columns(len(fit.table), path)
    for sentence in facts(fit):
        typer.echo(f"{name}{sentence}")
    for sentence in cautions(fit):
        typer.echo(f"stembench: {name}{sentence}", err=True)
    if residual is not None:
        left = np.where(fit.valid, image - fit.model_image, np.nan)[None]
        write_image(residual, ImageFile(left, stack=False, sampling=sampling))
        typer.echo(f"residual -> {residual}")
    return fit.table


def _require_columns(number: int, path: Path) -> None:
    """Say how many columns were found, or raise InputError if none was."""
    if not number:
        raise InputError(f"no column was found in {path}; give their places with --positions")
    typer.echo(f"{number} columns found")


def _require_scan_can(contrast: str, values: Floats, *, residual: Path | None, path: Path) -> None:
    """Refuse what a scan fit does not do."""
    if contrast == "dark":
        raise InputError("--dark is not for a scan fit; leave --scan out")
    if residual is not None:
        raise InputError("--residual is not for a scan fit; leave --scan out")
    if not np.isfinite(values).all():
        raise InputError(
            f"{path} holds NaN or infinite values, which a scan fit needs masked: give --mask"
        )


def _moved(table: pd.DataFrame, corner: Floats, *, sampling: float) -> pd.DataFrame:
    """Table of a region with its places counted from the image's first pixel."""
    shift = {"x": corner[0], "y": corner[1], "x_init": corner[0], "y_init": corner[1]}
    shift |= {"x_A": corner[0] * sampling, "y_A": corner[1] * sampling}
    return table.assign(**{name: table[name] + by for name, by in shift.items()})


def _positions_near(path: Path, shape: tuple[int, ...], *, sampling: float) -> Floats:
    """Start positions of a file, most of which must lie in the image."""
    start = read_positions(path, sampling=sampling)
    say(corner_note(start, shape))
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
    if outside.any():
        typer.echo(
            f"stembench: {outside.sum()} of {len(start)} positions lie outside the image; their"
            " light is part of the model, and their rows carry the flag OUT_OF_FRAME",
            err=True,
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
    file, pixel = opened(path, image, sampling)
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
    file, pixel = opened(path, image, sampling)
    distorted = distort_array(file.images, preset, dose=dose, sampling=pixel, seed=seed)
    write_image(out, ImageFile(distorted, stack=file.stack, sampling=pixel))
    typer.echo(f"{path} at {pixel:g} Å/px and {dose:g} e/Å² ({preset}, seed {seed}) -> {out}")


def _width(text: str) -> str | float:
    try:
        return float(text)
    except ValueError:
        return text
