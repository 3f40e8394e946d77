"""Fitting the columns of a user's own image file."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

import numpy as np
import pandas as pd
import typer

from bench.own_images.files.image_file import ImageFile, read_image
from bench.own_images.files.sampling import spacing_note
from bench.own_images.files.writers import IMAGES, TABLES, require_place, write_image
from bench.own_images.fit_words import cautions, facts, restored_caution
from bench.own_images.frame_series import added_up, drift_of, fit_each, sum_of
from bench.own_images.opened_image import opened, positions_near, say
from bench.own_images.pixel_choice import PixelChoice
from bench.own_images.scanned_image import ScanChoice, columns_of_frames, fit_scanned, require_lines
from bench.own_images.values.atom_counts import read_library, with_counts
from bench.own_images.values.beam_fractions import detector_levels, require_measured_fractions
from stembench.arrays import Bools, Floats
from stembench.atomic_files import replacing
from stembench.errors import InputError

if TYPE_CHECKING:
    from fitting import OwnImageFit, OwnImageOptions

_NO_SCAN: Final = ScanChoice()
_ALL_PIXELS: Final = PixelChoice()


@dataclass(frozen=True, kw_only=True)
class BeamChoice:
    """What a command says of the beam.

    Attributes
    ----------
    dose : float or None
        e/Å² of an image in beam fractions, for Poisson errors.
    detector_map : Path or None
        Scan of the probe over the detector, which turns grey values into beam fractions.
    library : Path or None
        Table of SCS in Å² by number of atoms; counts are written.
    fraction : bool
        Whether the values are said to be beam fractions.
    """

    dose: float | None = None
    detector_map: Path | None = None
    library: Path | None = None
    fraction: bool = False

    @property
    def fractions(self) -> bool:
        """Whether the image is fitted in fractions of the beam."""
        return self.fraction or self.dose is not None or self.detector_map is not None


_NO_BEAM: Final = BeamChoice()


def fit_file(
    path: Path,
    positions: Path | None,
    *,
    out: Path,
    sampling: float | None,
    width: str,
    background: str,
    estimator: str,
    engine: str,
    beam: BeamChoice = _NO_BEAM,
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
    width, background, estimator, engine : str
        See `fitting.FitOptions`; a width may be a number of px, a background 'auto'.
    beam : BeamChoice
        Dose, normalisation and library.
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
        If any input cannot be used, or no column could be fitted.
    """
    from fitting import FAILED

    model = scan.model()
    options = _options(width, background, estimator, engine, contrast)
    require_place(out, TABLES, source=path)
    if residual is not None:
        require_place(residual, IMAGES, source=path)
    library = None if beam.library is None else read_library(beam.library)
    if library is not None and not beam.fractions:
        raise InputError(
            "--library holds SCS of beam fractions; say that the image's values are such by"
            " --fraction, or make them such by --detector-map"
        )
    file, pixel = opened(path, image, sampling, columns=True)
    say(restored_caution(file.restored_by))
    if summed and model is not None:
        raise InputError("--sum adds frames up, and a scan fit wants them apart; give one of both")
    shape = file.images.shape[1:]
    region = pixels.region(shape)
    masked = pixels.left_out(shape)[region]
    frames = _as_fractions(file.images, beam, name=str(path))[:, region[0], region[1]]
    corner = np.array([region[1].start, region[0].start], dtype=np.float64)
    start = None
    if positions is not None:
        start = positions_near(positions, shape, sampling=pixel) - corner
        say(spacing_note(start, pixel))
    each = model is None and len(frames) > 1 and not summed
    if each and residual is not None:
        raise InputError("--residual is of one image; add --sum, or give one frame")
    dose = beam.dose
    if model is None and len(frames) > 1:
        # Frames drift, so that what is left out goes along with them.
        frames, masked = np.where(masked, np.nan, frames), np.zeros_like(masked)
        if summed:
            total, dose, sentence = added_up(frames, dose=dose, fractions=beam.fractions)
            typer.echo(sentence)
            frames = total[None]
    one = _OneImage(path=path, masked=masked, options=options, sampling=pixel)
    if model is not None:
        require_lines(frames.shape[1:], scan)
        _require_scan_can(contrast, frames[:, ~masked], residual=residual, path=path)
        if start is None:
            start = columns_of_frames(np.where(masked, np.nan, frames) if masked.any() else frames)
            _require_columns(len(start), path)
        table = fit_scanned(
            frames, start, choice=scan, model=model, options=options.fit, sampling=pixel,
            dose=dose, out=out, name=path.name, mask=masked if masked.any() else None,
        )  # fmt: skip
    elif each:
        table = one.of_frames(frames, start, dose=dose, fractions=beam.fractions)
    else:
        fit = one.fit(frames[0], start, dose=dose)
        table = fit.table
        if residual is not None:
            left = np.where(fit.valid, frames[0] - fit.model_image, np.nan)[None]
            write_image(residual, ImageFile(left, stack=False, sampling=pixel))
            typer.echo(f"residual -> {residual}")
    table = _moved(table, corner, sampling=pixel)
    if start is None:
        say(spacing_note(table[["x", "y"]].dropna().to_numpy(), pixel))
    if library is not None:
        table, beyond = with_counts(table, library)
        if beyond:
            say(f"{beyond} columns have an SCS beyond the library and were not counted")
    with replacing(out) as temporary:
        table.rename_axis("column").to_csv(temporary)
    failed = int(((table["flags"] & FAILED) != 0).sum())
    series = f" in {len(frames)} frames" if each else ""
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


def _options(
    width: str, background: str, estimator: str, engine: str, contrast: str
) -> "OwnImageOptions":
    from fitting import (
        Background,
        Contrast,
        Engine,
        Estimator,
        FitOptions,
        OwnBackground,
        OwnImageOptions,
        Width,
    )

    fit = FitOptions(
        # Whatever is unknown is refused here.
        width=cast(Width, _width(width)),
        background="constant" if background == "auto" else cast(Background, background),
        estimator=cast(Estimator, estimator),
        engine=cast(Engine, engine),
    )
    return OwnImageOptions(
        fit=fit, background=cast(OwnBackground, background), contrast=cast(Contrast, contrast)
    )


def _as_fractions(images: Floats, beam: BeamChoice, *, name: str) -> Floats:
    """Images as the fit takes them, in beam fractions where that is said or made."""
    if beam.detector_map is not None:
        scan = read_image(beam.detector_map)
        if len(scan.images) != 1:
            raise InputError(f"{beam.detector_map} holds {len(scan.images)} images; give one")
        levels = detector_levels(scan.images[0], name=str(beam.detector_map))
        say(
            f"vacuum {levels.vacuum:.5g}, detector {levels.detector:.5g} (uneven by"
            f" {levels.unevenness:.1%}): values are fractions of the beam now"
        )
        images = levels.fractions(images)
    if beam.fractions:
        require_measured_fractions(images, name=name)
    return images


@dataclass(frozen=True, kw_only=True)
class _OneImage:
    """How every image of a file is fitted."""

    path: Path
    masked: Bools
    options: "OwnImageOptions"
    sampling: float

    def fit(
        self,
        image: Floats,
        start: Floats | None,
        *,
        dose: float | None,
        prefix: str = "",
    ) -> "OwnImageFit":
        """Find and fit the columns of an image, and say what was done."""
        from fitting import fit_cost, fit_own_image

        given: Callable[..., OwnImageFit] = fit_own_image
        fit = self.options.fit
        if fit.engine == "lmfit" and start is None:
            joint = replace(self.options, fit=replace(fit, engine="joint"))
            found = given(image, sampling=self.sampling, options=joint, dose=dose, mask=self.masked)
            start = found.table[["x", "y"]].to_numpy()[~found.failed]
            _require_columns(len(start), self.path)
        if fit.engine == "lmfit" and start is not None:
            # Widths of their own are at most one more parameter each.
            cost = fit_cost(image.size, (4 if fit.width == "column" else 3) * len(start))
            say(f"lmfit takes about {cost.seconds:.2g} s and {cost.memory / 1e9:.1g} GB")
        done = given(
            image, start, sampling=self.sampling, options=self.options, dose=dose, mask=self.masked
        )
        if start is None:
            if done.inverted:
                raise InputError(
                    f"the columns of {self.path} look dark (annular bright field?): dark ones"
                    " describe the image far better than bright ones; give --dark, or --bright to"
                    " fit bright ones"
                )
            _require_columns(len(done.table), self.path)
        for sentence in facts(done):
            typer.echo(prefix + sentence)
        say(*(prefix + sentence for sentence in cautions(done, image)))
        return done

    def of_frames(
        self, frames: Floats, start: Floats | None, *, dose: float | None, fractions: bool
    ) -> pd.DataFrame:
        """Fit every frame; columns are searched for in the sum."""
        drift = drift_of(frames)
        if start is None:
            total = sum_of(frames, drift)
            if fractions:
                total = total / len(frames)
            summed_dose = None if dose is None else dose * len(frames)
            found = self.fit(total, None, dose=summed_dose, prefix="sum of the frames: ")
            start = found.table[["x", "y"]].to_numpy()[~found.failed]
            _require_columns(len(start), self.path)
        number = 0

        def fitted(frame: Floats, places: Floats) -> pd.DataFrame:
            nonlocal number
            number += 1
            return self.fit(frame, places, dose=dose, prefix=f"frame {number}: ").table

        return fit_each(frames, start, drift=drift, fit=fitted)


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


def _width(text: str) -> str | float:
    try:
        return float(text)
    except ValueError:
        return text
