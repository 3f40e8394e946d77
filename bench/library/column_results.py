"""Columns of an image, fitted from Python."""

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bench.library.calibrated_image import CalibratedImage
from bench.library.given_image import opened_of
from bench.library.notebook_html import beginning, fragment, heading, listing, pictures
from bench.library.python_words import Heard, told_in_python
from bench.library.unit_names import with_units
from bench.own_images.fit_image import ImageFit, ImageFitChoice, fit_image
from bench.own_images.pixel_choice import PixelChoice
from bench.own_images.scanned_image import ScanChoice
from bench.own_images.values.beam_choice import BeamChoice
from stembench.arrays import Floats
from stembench.errors import InputError

#: Columns that a notebook shows.
_SHOWN = ("frame", "x_A", "y_A", "sigma_A", "scs_A2", "scs_err_A2", "count", "flags")


@dataclass(frozen=True, kw_only=True, eq=False)
class FittedColumns:
    """Fitted columns of an image.

    Attributes
    ----------
    fit : ImageFit
        The fit itself.
    name : str
        Of the image.
    facts, notes : tuple of str
        What was done, and what should be known before the numbers are trusted; each note was also a
        warning.
    """

    fit: ImageFit = field(repr=False)
    name: str
    facts: tuple[str, ...] = field(repr=False)
    notes: tuple[str, ...]

    @cached_property
    def table(self) -> pd.DataFrame:
        """A row per column, names with units: the table of `stembench fit`.

        Places are counted from the centre of the image's first pixel, x to the right and y down.
        SCS (``_A2``) are in Å² times the unit of the image; heights and the background are in that
        unit.
        """
        return with_units(self.fit.table.rename_axis("column"))

    @cached_property
    def lines(self) -> pd.DataFrame:
        """Displacements of the scan lines, names with units.

        Raises
        ------
        InputError
            If they were not fitted along.
        """
        if self.fit.scanned is None:
            raise InputError("scan lines were not fitted along; fit with scan='auto'")
        return with_units(self.fit.scanned.line_table)

    @property
    def image(self) -> CalibratedImage:
        """What was fitted, the first frame of several."""
        return self._image(self.fit.frames[0], "image")

    @property
    def model(self) -> CalibratedImage:
        """Expected image; raises as `residual` does."""
        return self._image(self._one().model_image, "model")

    @property
    def residual(self) -> CalibratedImage:
        """Image minus model, NaN where a pixel was left out.

        Raises
        ------
        InputError
            If several frames were fitted, or scan lines along.
        """
        left = self.fit.residual
        return self._image(self._one().model_image if left is None else left, "image minus model")

    def _one(self) -> Any:
        if self.fit.fit is None:
            raise InputError(
                "a model image is that of one image: it is not kept of several frames or of a fit"
                " of scan lines"
            )
        return self.fit.fit

    def _image(self, values: Floats, title: str) -> CalibratedImage:
        corner = (float(self.fit.corner[0]), float(self.fit.corner[1]))
        sampling = self.fit.sampling
        return CalibratedImage(pixels=values, sampling=sampling, title=title, origin=corner)

    @property
    def summary(self) -> str:
        """One sentence: how many columns were fitted, and where."""
        failed, rows = int(np.count_nonzero(self.fit.failed)), len(self.fit.table)
        series = f" in {len(self.fit.frames)} frames" if self.fit.each else ""
        lost = f", {failed} failed" if failed else ""
        return (
            f"{self.fit.table.index.nunique()} columns{series} of {self.name} at"
            f" {self.fit.sampling:g} Å/px: {rows - failed} fitted{lost}"
        )

    def __str__(self) -> str:
        return "\n".join([self.summary, *(f"note: {note}" for note in self.notes)])

    def _repr_html_(self) -> str:
        shown = [self.image]
        if self.fit.fit is not None:
            shown.append(self.residual)
        return fragment(
            heading(self.summary),
            listing(self.notes, title="Before the numbers are trusted:"),
            pictures(shown),
            beginning(self.table, _SHOWN),
            listing(self.facts),
        )


def fit_columns(
    image: Any,
    positions: Any = None,
    *,
    sampling: float | None = None,
    dose: float | None = None,
    width: str | float = "shared",
    background: str = "auto",
    dark: bool | None = None,
    mask: Any = None,
    border: int = 0,
    roi: str | None = None,
    estimator: str = "ls",
    engine: str = "joint",
    scan: str = "off",
    lattice_prior: str = "off",
    fast_axis: str = "horizontal",
    which: str | None = None,
    summed: bool = False,
    fraction: bool = False,
    detector_map: str | Path | None = None,
    library: str | Path | None = None,
) -> FittedColumns:
    """Fit Gaussian columns to an image: what `stembench fit` does, without a file.

    Parameters
    ----------
    image : str, Path, array of shape (h, w) or (n, h, w), or HyperSpy signal
        Image or frames of one scene.
    positions : array of shape (n, 2), str or Path, optional
        Start positions x and y in px, or a file of them; columns are searched for by default.
    sampling : float, optional
        Å/px, if file or signal do not state it; an array needs it.
    dose : float, optional
        e/Å² of an image in fractions of the beam; errors are then Poisson.
    width : {'shared', 'column'} or float
        Width of the columns, or a number of px.
    background : {'auto', 'none', 'constant', 'plane'}
    dark : bool, optional
        Whether columns are dark. Bright ones are assumed, and refused where they look dark.
    mask : array of shape (h, w), str or Path, optional
        Not zero where a pixel is left out.
    border : int
        Pixels to leave out along each edge.
    roi : str, optional
        Region as ``y0:y1,x0:x1`` in px, ends not included.
    estimator : {'ls', 'poisson'}
    engine : {'joint', 'lmfit'}
    scan : str
        'auto' fits the displacements of scan lines along; or their standard deviation in Å and
        correlation, as ``0.15,0.6``.
    lattice_prior : str
        How far columns lie from the mean of their neighbours: 'off', 'weak', or such as '10pm'.
    fast_axis : {'horizontal', 'vertical'}
        Direction of the scan lines.
    which : str, optional
        Name or number of the image in a file with several.
    summed : bool
        Whether the frames of a stack are aligned and added up.
    fraction : bool
        Whether values are fractions of the incident beam.
    detector_map : str or Path, optional
        Scan of the probe over the detector: values become fractions of the beam.
    library : str or Path, optional
        Table with count and scs (Å² of beam fractions): atoms are counted.

    Returns
    -------
    FittedColumns

    Warns
    -----
    UserWarning
        Of all that should be known before the numbers are trusted.

    Raises
    ------
    stembench.errors.InputError
        If any input cannot be used, no column is found, or none could be fitted.
    """
    heard = Heard()
    with told_in_python():
        file, pixel, name = opened_of(
            image, which=which, sampling=sampling, columns=True, listener=heard.listener
        )
        choice = ImageFitChoice(
            width=str(width),
            background=background,
            estimator=estimator,
            engine=engine,
            contrast="unknown" if dark is None else "dark" if dark else "bright",
            beam=BeamChoice(
                dose=dose,
                detector_map=None if detector_map is None else Path(detector_map),
                library=None if library is None else Path(library),
                fraction=fraction,
            ),
            scan=ScanChoice(scan=scan, lattice_prior=lattice_prior, fast_axis=fast_axis),
            pixels=PixelChoice(mask=_path_or_array(mask), border=border, roi=roi),
            summed=summed,
        )
        found = fit_image(
            file,
            _path_or_array(positions),
            sampling=pixel,
            choice=choice,
            name=name,
            listener=heard.listener,
        )
        if found.failed.all():
            raise InputError(
                f"none of the {len(found.table)} columns of {name} could be fitted:"
                f" {_flags_text(found.table['flags'].to_numpy())}"
            )
    heard.warn()
    return FittedColumns(
        fit=found, name=Path(name).name, facts=tuple(heard.facts), notes=tuple(heard.notes)
    )


def _path_or_array(given: Any) -> Any:
    """Path of a text, and an array of anything else but None."""
    if given is None or isinstance(given, Path):
        return given
    return Path(given) if isinstance(given, str) else np.asarray(given)


def _flags_text(bits: Any) -> str:
    """Flags that are set in any row, with their meaning."""
    from fitting import FLAGS

    every = int(np.bitwise_or.reduce(bits))
    return "; ".join(f"{flag.name} ({flag.meaning})" for flag in FLAGS if every & flag.bit)
