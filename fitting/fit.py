"""Fit columns: the calls `fit_columns` and `fit_batch`, their checks and the fit of one image."""

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike

from fitting import engine, flags
from fitting.engine.problem import Minimum, Problem, nothing_fitted
from fitting.results.column_fit import ColumnFit, tabulate
from fitting.scan.scan_model import ScanModel
from fitting.setup.options import FitOptions, require_detector_noise, require_scale
from fitting.setup.start import DRIFT, EDGE_REACH, spacing, trial_widths, usable
from stembench.arrays import Bools, Floats, Integers
from stembench.errors import InputError

#: Expected electrons per pixel below which the Poisson logarithm is continued smoothly.
POISSON_FLOOR: Final = 1e-3

_DEFAULT: Final = FitOptions()


def fit_columns(
    image: ArrayLike,
    positions: ArrayLike,
    *,
    sampling: float,
    options: FitOptions = _DEFAULT,
    dose: float | None = None,
    species: ArrayLike | None = None,
    mask: ArrayLike | None = None,
    detector_sigma: float = 0.0,
    scan: ScanModel | None = None,
) -> ColumnFit:
    """Fit Gaussian columns and a background to one image, or to frames of one scene.

    The model is background + Σ η exp(-r²/2ρ²); a column's SCS is 2π η ρ² s² [image unit x Å²].
    Columns are fitted together. A column that cannot be fitted is a flagged row with NaN.

    Parameters
    ----------
    image : array_like, shape (rows, columns)
        Image as fractions of the beam. Pixels that are not finite are left out.
    positions : array_like, shape (n, 2)
        Starts (x = column, y = row) [px], 0-based pixel centres.
    sampling : float
        Pixel size s [Å/px].
    options : FitOptions, optional
        Free widths, background, estimator, engine, start width and bounds. Default: least
        squares with one width for all columns and a constant background.
    dose : float, optional
        Dose [e/Å²] of an unrestored image. Standard errors then are the sandwich covariance
        with Poisson variance; without it they come from the residual variance, which takes
        pixels as independent and equally noisy.
    species : array_like of int, shape (n,), optional
        Species of each column, needed for ``FitOptions(width='species')``.
    mask : array_like of bool, shape (rows, columns), optional
        True where a pixel is to be left out.
    detector_sigma : float
        Standard deviation of Gaussian detector noise [electrons], for the standard errors.
    scan : ScanModel, optional
        Displacements of the scan lines, which are then fitted along: the image must be as scanned,
        lines along its rows. Positions, SCS and errors are those of `fitting.scan.scan_fit`; the
        result's ``scan`` holds the lines. Several frames (k, rows, columns) of one scene share
        their columns, and `dose` is that of one of them. Positions are given in the first frame;
        from one frame to the next the scene may move by 0.45 of the distance of columns.

    Returns
    -------
    ColumnFit

    Raises
    ------
    InputError
        If the data cannot be used (shapes, sampling, dose), or do not suit the options.

    Notes
    -----
    Least squares follows De Backer et al., Ultramicroscopy 171, 104 (2016),
    DOI 10.1016/j.ultramic.2016.08.018, without its truncation of the Gaussians.
    """
    try:
        pixels = np.asarray(image)
    except ValueError as error:
        raise InputError(
            "the rows of an image, or the frames of one scene, have different shapes; cut them to "
            "one shape"
        ) from error
    if scan is not None:
        from threadpoolctl import threadpool_limits

        # Sums in parallel differ in their last digits with the number of threads.
        with threadpool_limits(1, user_api="blas"):
            return _fit_scan(
                pixels, positions, scan=scan, sampling=sampling, options=options, dose=dose,
                mask=mask, detector_sigma=detector_sigma,
            )  # fmt: skip
    if pixels.ndim != 2:
        raise InputError(f"an image has two axes (rows, columns), not shape {pixels.shape}")
    return fit_batch(
        pixels[None],
        positions,
        sampling=sampling,
        options=options,
        dose=dose,
        species=species,
        mask=mask,
        detector_sigma=detector_sigma,
        threads=1,
    )[0]


def _fit_scan(
    pixels: Any,
    positions: ArrayLike,
    *,
    scan: ScanModel,
    sampling: float,
    options: FitOptions,
    dose: float | None,
    mask: ArrayLike | None,
    detector_sigma: float,
) -> ColumnFit:
    """Fit as if nothing had moved, and from there columns and lines together."""
    from fitting.scan.preparation.alignment import LARGEST_DRIFT, align_frames
    from fitting.scan.preparation.surroundings import with_surroundings
    from fitting.scan.preparation.trailing import undo_trailing
    from fitting.scan.scan_fit import fit_scan

    frames = pixels[None] if pixels.ndim == 2 else pixels
    if frames.ndim != 3 or 0 in frames.shape:
        raise InputError(
            f"frames of one scene have three axes (frame, row, column), not shape {pixels.shape}"
        )
    if options.width_mode == "species" or options.background == "plane":
        raise InputError(
            "a scan fit has one width, one per column or a fixed one, and no background or a "
            "constant; choose FitOptions with these"
        )
    shape = (frames.shape[1], frames.shape[2])
    masked = masked_pixels(mask, shape)
    frames = undo_trailing(np.asarray(frames, dtype=np.float64), scan.trailing, masked=masked)
    starts = start_positions(positions)
    gaps = spacing(starts)
    gaps = gaps[np.isfinite(gaps)]
    reach = LARGEST_DRIFT * float(np.median(gaps)) if len(gaps) else min(shape) / 4
    aligned = align_frames(frames, reach=reach, mask=masked)
    still = fit_batch(
        aligned.mean[None],
        with_surroundings(starts, shape, beyond=float(np.abs(aligned.drifts).max())),
        sampling=sampling,
        # Counts that a trailing response was undone from may be negative.
        options=replace(options, estimator="ls"),
        dose=None if dose is None else len(frames) * dose,
        mask=masked,
        detector_sigma=detector_sigma * np.sqrt(len(frames)),
        threads=1,
    )[0]
    return fit_scan(
        replace(still, dose=dose),
        frames,
        drifts=aligned.drifts,
        given=len(starts),
        scan=scan,
        width=options.width_mode,
        background=options.background == "constant",
        dose=None if dose is None else float(dose),
        detector_sigma=float(detector_sigma),
        masked=masked,
    )


def fit_batch(
    images: ArrayLike,
    positions: ArrayLike,
    *,
    sampling: float,
    options: FitOptions = _DEFAULT,
    dose: float | None = None,
    species: ArrayLike | None = None,
    mask: ArrayLike | None = None,
    detector_sigma: float = 0.0,
    threads: int | None = None,
) -> list[ColumnFit]:
    """Fit the same columns in many images, as `fit_columns` would one by one, bit for bit.

    Parameters
    ----------
    images : array_like, shape (k, rows, columns)
        Images as fractions of the beam.
    positions : array_like, shape (n, 2)
        Starts (x, y) [px], the same for all images.
    sampling, options, dose, species, mask, detector_sigma
        As in `fit_columns`, the same for all images.
    threads : int, optional
        Threads that share the images; default: as many as this process may use.

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
    require_scale(sampling, dose)
    if dose is None and options.estimator == "poisson":
        raise InputError("the Poisson estimator needs the dose in e/Å²: give dose=")
    require_detector_noise(detector_sigma)
    starts = start_positions(positions)
    task = _Task(
        starts=starts,
        group=_width_groups(species, options, len(starts)),
        masked=masked_pixels(mask, (stack.shape[1], stack.shape[2])),
        sampling=float(sampling),
        dose=None if dose is None else float(dose),
        detector_sigma=float(detector_sigma),
        options=options,
    )
    if threads is None:
        threads = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1
    threads = min(max(1, int(threads)), max(1, len(stack)))
    if threads == 1:
        return [task.fit(image) for image in stack]
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(task.fit, stack))


@dataclass(frozen=True, kw_only=True)
class _Task:
    """What the images of a batch share, after its checks.

    Attributes
    ----------
    starts : ndarray, shape (n, 2)
        Starts (x, y) [px].
    group : ndarray of int, shape (n,)
        Width group of each start.
    masked : ndarray of bool, shape (rows, columns)
        Pixels that are left out of every image.
    sampling, dose, detector_sigma, options
        As in `fit_columns`.
    """

    starts: Floats
    group: Integers
    masked: Bools
    sampling: float
    dose: float | None
    detector_sigma: float
    options: FitOptions

    def fit(self, image: Floats) -> ColumnFit:
        """Fit one image, shape (rows, columns)."""
        valid = np.isfinite(image) & ~self.masked
        if self.options.estimator == "poisson" and np.any(image[valid] < 0):
            raise InputError(
                "the Poisson estimator needs counts, which cannot be negative: use "
                "FitOptions(estimator='ls') for this image"
            )
        first = self.options.first_width
        trials = (
            trial_widths(self.starts, (image.shape[0], image.shape[1]))
            if first is None
            else np.array([first])
        )
        known = usable(self.starts, valid, width=float(np.median(trials)))
        modelled = self._modelled(known, width=float(np.median(trials)))
        # whether the centre ended inside the frame is for the fit to say
        known[modelled] &= ~flags.OUT_OF_FRAME
        filled = image if valid.all() else np.where(valid, image, 0.0)
        problem = self._problem(filled, valid, modelled=modelled, trials=trials)
        minimum = nothing_fitted(problem) if len(modelled) == 0 else self._solve(problem)
        return ColumnFit(
            table=tabulate(
                self.starts,
                known,
                modelled=modelled,
                problem=problem,
                minimum=minimum,
                sampling=self.sampling,
            ),
            model=problem.model(minimum),
            modelled=modelled,
            status=minimum.message,
            rss=2.0 * minimum.cost,
            background=minimum.background,
            sampling=self.sampling,
            dose=self.dose,
            estimator=self.options.estimator,
            engine=self.options.engine,
            mask=None if valid.all() else ~valid,
            n_pixels=int(np.count_nonzero(valid)),
            n_parameters=problem.n_parameters,
            steps=minimum.steps,
        )

    def _modelled(self, known: Integers, *, width: float) -> Integers:
        """Starts that are modelled: those with data, up to `EDGE_REACH` widths off the frame."""
        rows, cols = self.masked.shape
        beyond = np.maximum.reduce(
            [
                -0.5 - self.starts[:, 0],
                self.starts[:, 0] - (cols - 0.5),
                -0.5 - self.starts[:, 1],
                self.starts[:, 1] - (rows - 0.5),
            ]
        )
        has_data = (known & (flags.NO_DATA | flags.DUPLICATE)) == 0
        return np.flatnonzero(has_data & (beyond <= EDGE_REACH * width)).astype(np.int64)

    def _problem(
        self, image: Floats, valid: Bools, *, modelled: Integers, trials: Floats
    ) -> Problem:
        """State the problem of one image, 0 where not `valid`, for the `modelled` starts."""
        options, bounds = self.options, self.options.bounds
        if bounds.drift is None:
            gap = spacing(self.starts[modelled])
            drift = np.where(np.isfinite(gap), DRIFT * gap, 3.0 * float(np.median(trials)))
        else:
            drift = np.full(len(modelled), float(bounds.drift))
        electrons = 0.0 if self.dose is None else self.dose * self.sampling**2
        return Problem(
            image=image,
            valid=valid,
            positions=self.starts[modelled],
            trial_widths=np.repeat(trials[:, None], len(modelled), axis=1),
            group=np.unique(self.group[modelled], return_inverse=True)[1].astype(np.int64),
            width=options.width_mode,
            background=options.background,
            pixel=options.pixel,
            drift=drift,
            width_bounds=bounds.width,
            height_bounds=bounds.height or (-np.inf, np.inf),
            floor=POISSON_FLOOR / electrons if options.estimator == "poisson" else 0.0,
            electrons=electrons,
            detector_sigma=self.detector_sigma,
        )

    def _solve(self, problem: Problem) -> Minimum:
        if self.options.engine == "lmfit":
            return engine.lmfit_engine.solve(problem)
        return engine.joint.solve(problem)


def start_positions(positions: ArrayLike) -> Floats:
    """Start positions as an array of shape (n, 2)."""
    try:
        starts = np.array(positions, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InputError("positions must be numbers of shape (n, 2) in px") from error
    if starts.size == 0:
        starts = starts.reshape(0, 2)
    if starts.ndim != 2 or starts.shape[1] != 2:
        raise InputError(f"positions have shape (n, 2) with (x, y) in px, not {starts.shape}")
    return starts


def _width_groups(species: ArrayLike | None, options: FitOptions, n: int) -> Integers:
    """Width group of each of n starts: columns of a group share one width."""
    if options.width_mode == "species":
        if species is None:
            raise InputError("width='species' needs species=, one integer per position")
        labels = np.asarray(species)
        if labels.shape != (n,):
            raise InputError(f"species has shape {labels.shape}, positions need ({n},)")
        return np.unique(labels, return_inverse=True)[1].astype(np.int64)
    if options.width_mode == "shared":
        return np.zeros(n, dtype=np.int64)
    return np.arange(n, dtype=np.int64)


def masked_pixels(mask: ArrayLike | None, shape: tuple[int, int]) -> Bools:
    """Mask as an array of the image's shape; all False where none is given."""
    if mask is None:
        return np.zeros(shape, dtype=np.bool_)
    masked = np.asarray(mask, dtype=np.bool_)
    if masked.shape != shape:
        raise InputError(f"the mask has shape {masked.shape}, the image {shape}")
    return masked
