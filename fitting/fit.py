"""Fit columns: the calls `fit_columns` and `fit_batch`, their checks and their defaults."""

import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import ArrayLike

from fitting.model import Background, Pixel
from fitting.result import ColumnFit
from fitting.start import Bounds
from fitting.task import Engine, Estimator, Task, Width
from stembench.errors import InputError


def fit_columns(
    image: ArrayLike,
    positions: ArrayLike,
    *,
    sampling: float,
    dose: float | None = None,
    width: Width = "shared",
    background: Background = "constant",
    species: ArrayLike | None = None,
    pixel: Pixel = "sampled",
    estimator: Estimator = "ls",
    engine: Engine = "joint",
    mask: ArrayLike | None = None,
    start_width: float | None = None,
    bounds: Bounds | None = None,
    detector_sigma: float = 0.0,
) -> ColumnFit:
    """Fit Gaussian columns and a background to one image.

    The model is background + Σ η exp(-r²/2ρ²); a column's SCS is 2π η ρ² s² [image unit x Å²].
    Columns are fitted together. A column that cannot be fitted is a flagged row with NaN.

    Parameters
    ----------
    image : array_like, shape (rows, columns)
        Image as fractions of the beam. Pixels that are not finite are left out.
    positions : array_like, shape (n, 2)
        Starts (x = column, y = row) [px], 0-based pixel centres.
    sampling : float
        Pixel size [Å/px].
    dose : float, optional
        Dose [e/Å²] of an unrestored image. Standard errors then are the sandwich covariance
        with Poisson variance; without it they come from the residual variance, which takes
        pixels as independent and equally noisy.
    width : {'shared', 'species', 'column'} or float
        Widths free: one for all columns, one per species, one per column; or held at a number
        [px].
    background : {'none', 'constant', 'plane'}
        Background fitted with the columns.
    species : array_like of int, shape (n,), optional
        Species of each column, needed for ``width='species'``.
    pixel : {'sampled', 'integrated'}
        Whether a pixel holds the model at its centre or its mean over the pixel.
    estimator : {'ls', 'poisson'}
        Unweighted least squares, or Poisson maximum likelihood (raw counts; needs `dose`).
    engine : {'joint', 'lmfit'}
        The sparse joint minimiser, or the same problem through lmfit (dense, few columns).
    mask : array_like of bool, shape (rows, columns), optional
        True where a pixel is to be left out.
    start_width : float, optional
        Start of the width [px]; default: the best of several fractions of the spacing.
    bounds : Bounds, optional
        Bounds of drift, width and height; defaults are documented there.
    detector_sigma : float
        Standard deviation of Gaussian detector noise [electrons], for the standard errors.

    Returns
    -------
    ColumnFit

    Raises
    ------
    InputError
        If an argument cannot be used (shapes, sampling, dose, unknown choices).

    Notes
    -----
    Least squares follows De Backer et al., Ultramicroscopy 171, 104 (2016),
    DOI 10.1016/j.ultramic.2016.08.018, without its truncation of the Gaussians.
    """
    pixels = np.asarray(image)
    if pixels.ndim != 2:
        raise InputError(f"an image has two axes (rows, columns), not shape {pixels.shape}")
    return fit_batch(
        pixels[None],
        positions,
        sampling=sampling,
        dose=dose,
        width=width,
        background=background,
        species=species,
        pixel=pixel,
        estimator=estimator,
        engine=engine,
        mask=mask,
        start_width=start_width,
        bounds=bounds,
        detector_sigma=detector_sigma,
        threads=1,
    )[0]


def fit_batch(
    images: ArrayLike,
    positions: ArrayLike,
    *,
    sampling: float,
    dose: float | None = None,
    width: Width = "shared",
    background: Background = "constant",
    species: ArrayLike | None = None,
    pixel: Pixel = "sampled",
    estimator: Estimator = "ls",
    engine: Engine = "joint",
    mask: ArrayLike | None = None,
    start_width: float | None = None,
    bounds: Bounds | None = None,
    detector_sigma: float = 0.0,
    threads: int | None = None,
) -> list[ColumnFit]:
    """Fit the same columns in many images, as `fit_columns` would one by one, bit for bit.

    Parameters
    ----------
    images : array_like, shape (k, rows, columns)
        Images as fractions of the beam.
    positions : array_like, shape (n, 2)
        Starts, the same for all images.
    threads : int, optional
        Threads that share the images; default: as many as this process may use.
    sampling, dose, width, background, species, pixel, estimator, engine, mask, start_width, \
bounds, detector_sigma
        As in `fit_columns`.

    Returns
    -------
    list of ColumnFit
        One per image, in order.

    Raises
    ------
    InputError
        As in `fit_columns`.
    """
    try:
        stack = np.ascontiguousarray(images, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InputError("images must be real numbers of shape (k, rows, columns)") from error
    if stack.ndim != 3 or 0 in stack.shape[1:]:
        raise InputError(f"images have shape (k, rows, columns), not {stack.shape}")
    task = Task.checked(
        positions,
        shape=(stack.shape[1], stack.shape[2]),
        sampling=sampling,
        dose=dose,
        width=width,
        background=background,
        species=species,
        pixel=pixel,
        estimator=estimator,
        engine=engine,
        mask=mask,
        start_width=start_width,
        bounds=bounds,
        detector_sigma=detector_sigma,
    )
    if threads is None:
        threads = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1
    threads = min(max(1, int(threads)), max(1, len(stack)))
    if threads == 1:
        return [task.fit(image) for image in stack]
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(task.fit, stack))
