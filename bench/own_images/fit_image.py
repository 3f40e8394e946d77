"""Fitting the columns of an image of the user's own, as commands and library do it."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

import numpy as np
import pandas as pd

from bench.own_images.files.image_file import ImageFile
from bench.own_images.files.sampling import spacing_note
from bench.own_images.fit_words import cautions, facts, restored_caution
from bench.own_images.frame_series import added_up, drift_of, fit_each, sum_of
from bench.own_images.opened_image import Listener, positions_near
from bench.own_images.pixel_choice import PixelChoice
from bench.own_images.scanned_image import (
    ScanChoice,
    ScannedFit,
    columns_of_frames,
    description,
    fit_scanned,
    require_lines,
)
from bench.own_images.values.atom_counts import read_library, with_counts
from bench.own_images.values.beam_choice import BeamChoice, in_fractions
from stembench.arrays import Bools, Floats
from stembench.errors import InputError

if TYPE_CHECKING:
    from fitting import OwnImageFit, OwnImageOptions

_NO_SCAN: Final = ScanChoice()
_ALL_PIXELS: Final = PixelChoice()
_NO_BEAM: Final = BeamChoice()


@dataclass(frozen=True, kw_only=True)
class ImageFitChoice:
    """What a command says of a fit.

    Attributes
    ----------
    width, background, estimator, engine : str
        See `fitting.FitOptions`; a width may be a number of px, a background 'auto'.
    contrast : str
        See `fitting.OwnImageOptions`.
    beam : BeamChoice
        Dose, normalisation and library.
    scan : ScanChoice
        Whether scan lines are fitted along, and how.
    pixels : PixelChoice
        Which pixels are fitted.
    summed : bool
        Whether the frames of a stack are aligned and added up before the fit.
    """

    width: str = "shared"
    background: str = "auto"
    estimator: str = "ls"
    engine: str = "joint"
    contrast: str = "unknown"
    beam: BeamChoice = _NO_BEAM
    scan: ScanChoice = _NO_SCAN
    pixels: PixelChoice = _ALL_PIXELS
    summed: bool = False

    def options(self) -> "OwnImageOptions":
        """Return the options of the fit.

        Raises
        ------
        InputError
            If one of them is unknown.
        """
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
            width=cast(Width, _width(self.width)),
            background=(
                "constant" if self.background == "auto" else cast(Background, self.background)
            ),
            estimator=cast(Estimator, self.estimator),
            engine=cast(Engine, self.engine),
        )
        return OwnImageOptions(
            fit=fit,
            background=cast(OwnBackground, self.background),
            contrast=cast(Contrast, self.contrast),
        )

    def each_of(self, frames: int) -> bool:
        """Whether each of so many frames is fitted by itself."""
        return self.scan.model() is None and frames > 1 and not self.summed


@dataclass(frozen=True, kw_only=True)
class ImageFit:
    """Columns fitted in an image of the user's own.

    Attributes
    ----------
    table : pandas.DataFrame
        A row per column, places in the pixels of the whole image; of frames that were fitted one by
        one, a row per column and frame, and the number of the frame.
    sampling : float
        Å/px.
    frames : ndarray, shape (k, h, w)
        What was fitted: the region, in the unit of the fit; frames that were added up are one.
    corner : (int, int)
        x and y of the region's first pixel in the image.
    each : bool
        Whether frames were fitted one by one.
    fit : OwnImageFit or None
        The fit of the only image, its places in the pixels of the region; None of several frames,
        and where scan lines were fitted along.
    scanned : ScannedFit or None
        The fit of columns and scan lines.
    """

    table: pd.DataFrame
    sampling: float
    frames: Floats = field(repr=False)
    corner: tuple[int, int]
    each: bool
    fit: "OwnImageFit | None" = field(default=None, repr=False)
    scanned: ScannedFit | None = field(default=None, repr=False)

    @property
    def failed(self) -> Bools:
        """Whether each row of the table failed."""
        from fitting import FAILED

        return np.asarray((self.table["flags"].to_numpy() & FAILED) != 0, dtype=np.bool_)

    @property
    def residual(self) -> Floats | None:
        """Image minus model, shape (h, w), NaN where a pixel was left out; None without `fit`."""
        if self.fit is None:
            return None
        return np.where(self.fit.valid, self.frames[0] - self.fit.model_image, np.nan)


def fit_image(
    file: ImageFile,
    positions: Path | Floats | None,
    *,
    sampling: float,
    choice: ImageFitChoice,
    name: str,
    listener: Listener,
) -> ImageFit:
    """Fit the columns of an image or a stack.

    A stack is frames of one scene. Each is fitted by itself, unless they are summed or the scan is
    fitted along.

    Parameters
    ----------
    file : ImageFile
    positions : Path, ndarray of shape (n, 2), or None
        Start positions (x, y) in px of the whole image, or a file of them (`read_positions`); None
        finds the columns.
    sampling : float
        Å/px.
    choice : ImageFitChoice
    name : str
        What messages call the image.
    listener : Listener

    Returns
    -------
    ImageFit
        Its rows may all have failed.

    Raises
    ------
    InputError
        If any input cannot be used, or no column is found.
    """
    model, options, beam = choice.scan.model(), choice.options(), choice.beam
    library = None if beam.library is None else read_library(beam.library)
    if library is not None and not beam.fractions:
        raise InputError(
            "--library holds SCS of beam fractions; say that the image's values are such by"
            " --fraction, or make them such by --detector-map"
        )
    listener.notes(restored_caution(file.restored_by))
    if choice.summed and model is not None:
        raise InputError("--sum adds frames up, and a scan fit wants them apart; give one of both")
    shape = file.images.shape[1:]
    region = choice.pixels.region(shape)
    masked = choice.pixels.left_out(shape)[region]
    whole = in_fractions(file.images, beam, name=name, listener=listener)
    frames = whole[:, region[0], region[1]]
    corner = (region[1].start, region[0].start)
    start = None
    if positions is not None:
        start = positions_near(positions, shape, sampling=sampling, listener=listener) - corner
        listener.notes(spacing_note(start, sampling))
    each, dose = choice.each_of(len(frames)), beam.dose
    if model is None and len(frames) > 1:
        # Frames drift, so that what is left out goes along with them.
        frames, masked = np.where(masked, np.nan, frames), np.zeros_like(masked)
        if choice.summed:
            total, dose, sentence = added_up(frames, dose=dose, fractions=beam.fractions)
            listener.fact(sentence)
            frames = total[None]
    one = _OneImage(name=name, masked=masked, options=options, sampling=sampling, listener=listener)
    fit = scanned = None
    if model is not None:
        require_lines(frames.shape[1:], choice.scan)
        _require_scan_can(choice.contrast, frames[:, ~masked], name=name)
        if start is None:
            start = columns_of_frames(np.where(masked, np.nan, frames) if masked.any() else frames)
            one.require_columns(len(start))
        scanned = fit_scanned(
            frames, start, choice=choice.scan, model=model, options=options.fit,
            sampling=sampling, dose=dose, mask=masked if masked.any() else None,
        )  # fmt: skip
        for sentence in description(scanned.scan, model=model):
            listener.fact(sentence)
        listener.notes(*scanned.cautions)
        table = scanned.table
    elif each:
        table = one.of_frames(frames, start, dose=dose, fractions=beam.fractions)
    else:
        fit = one.fit(frames[0], start, dose=dose)
        table = fit.table
    table = _moved(table, corner, sampling=sampling)
    if start is None:
        listener.notes(spacing_note(table[["x", "y"]].dropna().to_numpy(), sampling))
    if library is not None:
        table, beyond = with_counts(table, library)
        if beyond:
            listener.note(f"{beyond} columns have an SCS beyond the library and were not counted")
    return ImageFit(
        table=table, sampling=sampling, frames=frames, corner=corner, each=each, fit=fit,
        scanned=scanned,
    )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class _OneImage:
    """How every image of a file is fitted."""

    name: str
    masked: Bools
    options: "OwnImageOptions"
    sampling: float
    listener: Listener

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
            self.require_columns(len(start))
        if fit.engine == "lmfit" and start is not None:
            # Widths of their own are at most one more parameter each.
            cost = fit_cost(image.size, (4 if fit.width == "column" else 3) * len(start))
            self.listener.progress(
                f"lmfit takes about {cost.seconds:.2g} s and {cost.memory / 1e9:.1g} GB"
            )
        done = given(
            image, start, sampling=self.sampling, options=self.options, dose=dose, mask=self.masked
        )
        if start is None:
            if done.inverted:
                raise InputError(
                    f"the columns of {self.name} look dark (annular bright field?): dark ones"
                    " describe the image far better than bright ones; give --dark, or --bright to"
                    " fit bright ones"
                )
            self.require_columns(len(done.table))
        for sentence in facts(done):
            self.listener.fact(prefix + sentence)
        self.listener.notes(*(prefix + sentence for sentence in cautions(done, image)))
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
            self.require_columns(len(start))
        number = 0

        def fitted(frame: Floats, places: Floats) -> pd.DataFrame:
            nonlocal number
            number += 1
            return self.fit(frame, places, dose=dose, prefix=f"frame {number}: ").table

        return fit_each(frames, start, drift=drift, fit=fitted)

    def require_columns(self, number: int) -> None:
        """Say how many columns were found, or raise InputError if none was."""
        if not number:
            raise InputError(
                f"no column was found in {self.name}; give their places with --positions"
            )
        self.listener.fact(f"{number} columns found")


def _require_scan_can(contrast: str, values: Floats, *, name: str) -> None:
    """Refuse what a scan fit does not do."""
    if contrast == "dark":
        raise InputError("--dark is not for a scan fit; leave --scan out")
    if not np.isfinite(values).all():
        raise InputError(
            f"{name} holds NaN or infinite values, which a scan fit needs masked: give --mask"
        )


def _moved(table: pd.DataFrame, corner: tuple[int, int], *, sampling: float) -> pd.DataFrame:
    """Table of a region with its places counted from the image's first pixel."""
    shift: dict[str, float] = {
        "x": corner[0], "y": corner[1], "x_init": corner[0], "y_init": corner[1],
        "x_A": corner[0] * sampling, "y_A": corner[1] * sampling,
    }  # fmt: skip
    return table.assign(**{name: table[name] + by for name, by in shift.items()})


def _width(text: str) -> str | float:
    try:
        return float(text)
    except ValueError:
        return text
