"""Displacements of the scan lines of an image, fitted together with its columns."""

import numpy as np

from bench.own_images.scanned_image import statistics_text
from fitting import FAILED, FitOptions, OwnImageFit, ScanModel, ScanResult, fit_columns
from stembench.arrays import Floats
from stembench.errors import InputError


def fit_lines(
    values: Floats,
    fit: OwnImageFit,
    *,
    sampling: float,
    counted: bool,
    trailing: tuple[float, ...],
    turned: bool,
) -> tuple[ScanResult | None, tuple[str, ...]]:
    """Fit the lines of an image; None with a sentence where they cannot be.

    Parameters
    ----------
    values : ndarray, shape (rows, columns)
        Image as scanned: its rows are the lines. Pixels that the fit left out hold its model.
    fit : OwnImageFit
        Of the image as the user sees it.
    sampling : float
        Å/px.
    counted : bool
        Whether values are electrons per pixel.
    trailing : tuple of float
        Response along the lines, empty for none.
    turned : bool
        Whether the image as scanned is the user's with rows and columns exchanged.
    """
    table = fit.table[(fit.table["flags"] & FAILED) == 0]
    places = table[["y", "x"] if turned else ["x", "y"]].to_numpy(dtype=np.float64)
    try:
        if len(places) < 3:
            raise InputError("fewer than three columns tell of them")
        scan = fit_columns(
            values,
            places,
            sampling=sampling,
            options=FitOptions(background="constant"),
            # Electrons per pixel are fractions of a beam of one electron per pixel.
            dose=1.0 / sampling**2 if counted else None,
            scan=ScanModel(trailing=trailing),
        ).scan
    except InputError as error:
        return None, (f"displacements of the lines were not fitted: {error}",)
    if scan is None:
        return None, ()
    words = tuple(
        f"jitter of the lines {name}: {statistics_text(axis)}"
        for name, axis in (("along them", scan.x), ("across them", scan.y))
    )
    return scan, words
