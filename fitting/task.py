"""One fitting task: checked arguments that all images share, and the fit of one image."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fitting import flags
from fitting.engine.problem import Minimum, Problem
from fitting.model import BACKGROUND_TERMS, Background, Pixel
from fitting.result import ColumnFit, tabulate
from fitting.start import DRIFT, EDGE_REACH, Bounds, spacing, trial_widths, usable
from stembench.arrays import Floats, Integers
from stembench.errors import InputError

Engine = Literal["joint", "lmfit"]
Estimator = Literal["ls", "poisson"]
Width = Literal["shared", "species", "column"] | str | float

#: Expected electrons per pixel below which the Poisson logarithm is continued smoothly.
POISSON_FLOOR = 1e-3

_CHOICES: dict[str, tuple[str, ...]] = {
    "background": tuple(BACKGROUND_TERMS),
    "pixel": ("sampled", "integrated"),
    "estimator": ("ls", "poisson"),
    "engine": ("joint", "lmfit"),
}


@dataclass(frozen=True, kw_only=True)
class Task:
    """Arguments of a fit after their checks; see `fitting.fit_columns`.

    Attributes
    ----------
    starts : ndarray, shape (n, 2)
        Starts [px].
    group : ndarray of int, shape (n,)
        Width group of each start.
    width : str
        'shared', 'species', 'column' or 'fixed'.
    start_width : float or None
        Start or held width [px].
    masked : ndarray of bool, shape (rows, columns)
        Pixels that are left out.
    """

    starts: Floats
    group: Integers
    sampling: float
    dose: float | None
    width: str
    start_width: float | None
    background: Background
    pixel: Pixel
    estimator: Estimator
    engine: Engine
    masked: NDArray[np.bool_]
    bounds: Bounds
    detector_sigma: float

    @classmethod
    def checked(
        cls,
        positions: ArrayLike,
        *,
        shape: tuple[int, int],
        sampling: float,
        dose: float | None,
        width: Width,
        background: Background,
        species: ArrayLike | None,
        pixel: Pixel,
        estimator: Estimator,
        engine: Engine,
        mask: ArrayLike | None,
        start_width: float | None,
        bounds: Bounds | None,
        detector_sigma: float,
    ) -> "Task":
        """Check the arguments of `fitting.fit_columns`; InputError names the first bad one."""
        for name, value in (
            ("background", background),
            ("pixel", pixel),
            ("estimator", estimator),
            ("engine", engine),
        ):
            if value not in _CHOICES[name]:
                raise InputError(
                    f"{name} must be one of {', '.join(_CHOICES[name])}, not {value!r}"
                )
        positive("sampling", sampling, "Å/px")
        if dose is not None:
            positive("dose", dose, "e/Å²")
        if estimator == "poisson" and dose is None:
            raise InputError("the Poisson estimator needs the dose in e/Å²: give dose=")
        if not (np.isfinite(detector_sigma) and detector_sigma >= 0):
            raise InputError(f"detector_sigma must be 0 or more electrons, not {detector_sigma}")
        if start_width is not None:
            positive("start_width", start_width, "px")
        if isinstance(width, str):
            if width not in ("shared", "species", "column"):
                raise InputError(
                    f"width must be shared, species, column or a number of pixels, not {width!r}"
                )
            mode = width
        else:
            positive("width", width, "px")
            mode, start_width = "fixed", float(width)
        starts = _positions(positions)
        masked = np.zeros(shape, dtype=np.bool_)
        if mask is not None:
            masked = np.asarray(mask, dtype=np.bool_)
            if masked.shape != shape:
                raise InputError(f"the mask has shape {masked.shape}, the image {shape}")
        return cls(
            starts=starts,
            group=_groups(species, mode, len(starts)),
            sampling=float(sampling),
            dose=None if dose is None else float(dose),
            width=mode,
            start_width=start_width,
            background=background,
            pixel=pixel,
            estimator=estimator,
            engine=engine,
            masked=masked,
            bounds=bounds or Bounds(),
            detector_sigma=float(detector_sigma),
        )

    def fit(self, image: Floats) -> ColumnFit:
        """Fit one image, shape (rows, columns)."""
        valid = np.isfinite(image) & ~self.masked
        if self.estimator == "poisson" and np.any(image[valid] < 0):
            raise InputError(
                "the Poisson estimator needs counts, which cannot be negative: use estimator='ls' "
                "for this image"
            )
        shape = (image.shape[0], image.shape[1])
        trials = (
            trial_widths(self.starts, shape)
            if self.start_width is None
            else np.array([self.start_width])
        )
        typical = float(np.median(trials))
        known = usable(self.starts, valid, width=typical)
        rows, cols = shape
        beyond = np.maximum.reduce(
            [
                -0.5 - self.starts[:, 0],
                self.starts[:, 0] - (cols - 0.5),
                -0.5 - self.starts[:, 1],
                self.starts[:, 1] - (rows - 0.5),
            ]
        )
        fitted = (known & (flags.NO_DATA | flags.DUPLICATE)) == 0
        modelled = np.flatnonzero(fitted & (beyond <= EDGE_REACH * typical)).astype(np.int64)
        problem = self._problem(
            image if valid.all() else np.where(valid, image, 0.0), valid, modelled, trials, typical
        )
        # whether the centre ended inside the frame is for the fit to say
        start_flags = known.copy()
        start_flags[modelled] &= ~flags.OUT_OF_FRAME
        minimum = _nothing(problem) if len(modelled) == 0 else self._solve(problem)
        table = tabulate(
            self.starts, start_flags, modelled, problem, minimum, sampling=self.sampling
        )
        return ColumnFit(
            table=table,
            model=problem.model(minimum),
            modelled=modelled,
            status=minimum.message,
            rss=2.0 * minimum.cost,
            background=minimum.background,
            sampling=self.sampling,
            dose=self.dose,
            estimator=self.estimator,
            engine=self.engine,
            mask=None if valid.all() else ~valid,
            n_pixels=int(np.count_nonzero(valid)),
            n_parameters=problem.n_parameters,
            steps=minimum.steps,
        )

    def _problem(
        self,
        image: Floats,
        valid: NDArray[np.bool_],
        modelled: Integers,
        trials: Floats,
        typical: float,
    ) -> Problem:
        if self.bounds.drift is None:
            gap = spacing(self.starts[modelled])
            drift = np.where(np.isfinite(gap), DRIFT * gap, 3.0 * typical)
        else:
            drift = np.full(len(modelled), float(self.bounds.drift))
        electrons = 0.0 if self.dose is None else self.dose * self.sampling**2
        return Problem(
            image=image,
            valid=valid,
            positions=self.starts[modelled],
            trial_widths=np.repeat(trials[:, None], len(modelled), axis=1),
            group=np.unique(self.group[modelled], return_inverse=True)[1].astype(np.int64),
            width=self.width,
            background=self.background,
            pixel=self.pixel,
            drift=drift,
            width_bounds=self.bounds.width,
            height_bounds=self.bounds.height or (-np.inf, np.inf),
            floor=POISSON_FLOOR / electrons if self.estimator == "poisson" else 0.0,
            electrons=electrons,
            detector_sigma=self.detector_sigma,
        )

    def _solve(self, problem: Problem) -> Minimum:
        if self.engine == "lmfit":
            from fitting.engine import lmfit_engine as reference

            return reference.solve(problem)
        from fitting.engine import joint

        return joint.solve(problem)


def positive(name: str, value: Any, unit: str) -> None:
    """Raise InputError unless `value` is a positive finite number."""
    if isinstance(value, bool) or not isinstance(value, int | float | np.integer | np.floating):
        raise InputError(f"{name} must be a number in {unit}, not {value!r}")
    if not (np.isfinite(value) and value > 0):
        raise InputError(f"{name} must be a positive number in {unit}, not {value}")


def _positions(positions: ArrayLike) -> Floats:
    try:
        starts = np.array(positions, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InputError("positions must be numbers of shape (n, 2) in px") from error
    if starts.size == 0:
        starts = starts.reshape(0, 2)
    if starts.ndim != 2 or starts.shape[1] != 2:
        raise InputError(f"positions have shape (n, 2) with (x, y) in px, not {starts.shape}")
    return starts


def _groups(species: ArrayLike | None, width: str, n: int) -> Integers:
    if width == "species":
        if species is None:
            raise InputError("width='species' needs species=, one integer per position")
        labels = np.asarray(species)
        if labels.shape != (n,):
            raise InputError(f"species has shape {labels.shape}, positions need ({n},)")
        return np.unique(labels, return_inverse=True)[1].astype(np.int64)
    if width == "shared":
        return np.zeros(n, dtype=np.int64)
    return np.arange(n, dtype=np.int64)


def _nothing(problem: Problem) -> Minimum:
    """Outcome when no column can be fitted."""
    none = np.zeros(0)
    no = np.zeros(0, dtype=np.bool_)
    return Minimum(
        x=none,
        y=none,
        height=none,
        sigma=none,
        background=(np.nan,) * BACKGROUND_TERMS[problem.background],
        moved=none,
        converged=no,
        position_at_bound=no,
        shape_at_bound=no,
        covariance=np.zeros((0, 4, 4)),
        singular=no,
        cost=np.nan,
        steps=0,
        message="no column could be fitted",
    )
