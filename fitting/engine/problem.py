"""Fitting problem of one image, and its minimum: input and output of an engine."""

from dataclasses import dataclass

import numpy as np

from fitting.model import BACKGROUND_TERMS, Background, ColumnModel, Pixel, WidthMode
from fitting.setup.start import MIN_WIDTH, WIDTH_RANGE
from stembench.arrays import Bools, Floats, Integers


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One image with the columns to fit; everything checked and resolved.

    Attributes
    ----------
    image : ndarray, shape (rows, columns)
        Image [beam fraction], 0 where `valid` is False.
    valid : ndarray of bool, shape (rows, columns)
        Pixels that take part.
    positions : ndarray, shape (n, 2)
        Starts (x, y) [px] of the columns that are modelled.
    trial_widths : ndarray, shape (k, n)
        Start widths [px] of each column; the best of the k trials starts the fit.
    group : ndarray of int, shape (n,)
        Width group of each column, numbered from 0 without gaps.
    width : {'shared', 'species', 'column', 'fixed'}
        Which widths are free.
    background : {'none', 'constant', 'plane'}
    pixel : {'sampled', 'integrated'}
    drift : ndarray, shape (n,)
        Largest change of x and of y [px].
    width_bounds : tuple of float, optional
        Smallest and largest free width [px]; None for multiples of the start width.
    height_bounds : tuple of float
        Smallest and largest height.
    floor : float
        0 for least squares; for Poisson likelihood the expected value [beam fraction] below
        which the logarithm is continued by a parabola (see fitting.kernels.sums.compare).
    electrons : float
        Expected electrons per pixel at beam fraction 1, D s²; 0 if the dose is not known.
    detector_sigma : float
        Standard deviation of Gaussian detector noise [electrons].
    precision : ndarray, shape (rows, columns), or None
        Weight of each pixel in least squares, in proportion to the inverse of its variance; None
        weighs all alike. Of mean 1 over the valid pixels, so that costs keep their scale.
    variance : ndarray, shape (rows, columns), or None
        Variance of each pixel [image unit squared], for the errors of least squares where no dose
        is known; None takes that of the residual for all.
    most_steps : int or None
        Steps after which the joint engine ends; None for its own.
    """

    image: Floats
    valid: Bools
    positions: Floats
    trial_widths: Floats
    group: Integers
    width: WidthMode
    background: Background
    pixel: Pixel
    drift: Floats
    width_bounds: tuple[float, float] | None
    height_bounds: tuple[float, float]
    floor: float = 0.0
    electrons: float = 0.0
    detector_sigma: float = 0.0
    precision: Floats | None = None
    variance: Floats | None = None
    most_steps: int | None = None

    @property
    def weight(self) -> Floats | None:
        """Weight of each pixel, 0 where it is not valid; None where all are valid and alike."""
        if self.precision is not None:
            return np.where(self.valid, self.precision, 0.0)
        return None if self.valid.all() else self.valid.astype(np.float64)

    @property
    def n_columns(self) -> int:
        """Number of columns that are modelled."""
        return len(self.positions)

    @property
    def positions_free(self) -> bool:
        """Whether positions are parameters; a drift of 0 for all holds them."""
        return bool(np.any(self.drift > 0))

    @property
    def n_parameters(self) -> int:
        """Number of free parameters."""
        per_column = 1 + 2 * self.positions_free + (self.width == "column")
        shared = len(np.unique(self.group)) if self.width in ("shared", "species") else 0
        return per_column * self.n_columns + shared + BACKGROUND_TERMS[self.background]

    def model(self, minimum: "Minimum") -> ColumnModel:
        """The model at a minimum."""
        return ColumnModel(
            x=minimum.x,
            y=minimum.y,
            height=minimum.height,
            sigma=minimum.sigma,
            shape=(self.image.shape[0], self.image.shape[1]),
            background=minimum.background,
            width=self.width,
            species=self.group,
            positions_free=self.positions_free,
            pixel=self.pixel,
        )


@dataclass(frozen=True, kw_only=True)
class Minimum:
    """Where an engine ended.

    Attributes
    ----------
    x, y, height, sigma : ndarray, shape (n,)
        Values of the columns [px, px, image unit, px].
    background : tuple of float
        Coefficients (see ColumnModel).
    moved : ndarray, shape (n,)
        Last step of each column in units of its width and height; infinite if none was made.
    converged : ndarray of bool, shape (n,)
    position_at_bound, shape_at_bound : ndarray of bool, shape (n,)
    covariance : ndarray, shape (n, 4, 4)
        Of x, y, height and width; NaN rows for parameters that are held or singular.
    singular : ndarray of bool, shape (n,)
        Whether the information matrix is singular for a parameter of the column.
    cost : float
        Half the residual sum of squares, or half the Poisson deviance [beam fraction].
    steps : int
        Number of steps.
    message : str
        One sentence on how the engine ended.
    given_up : bool
        Whether the descent was ended because it led nowhere (flags.GIVEN_UP).
    """

    x: Floats
    y: Floats
    height: Floats
    sigma: Floats
    background: tuple[float, ...]
    moved: Floats
    converged: Bools
    position_at_bound: Bools
    shape_at_bound: Bools
    covariance: Floats
    singular: Bools
    cost: float
    steps: int
    message: str
    given_up: bool = False


def width_bounds(problem: Problem, widths: Floats) -> tuple[Floats, Floats]:
    """Smallest and largest width [px] of each column that starts at `widths`."""
    if problem.width_bounds is not None:
        low, high = problem.width_bounds
        return np.full_like(widths, low), np.full_like(widths, high)
    return np.maximum(MIN_WIDTH, widths / WIDTH_RANGE), widths * WIDTH_RANGE


def nothing_fitted(problem: Problem) -> Minimum:
    """Outcome of a problem without columns."""
    no_value = np.zeros(0)
    no_flag = np.zeros(0, dtype=np.bool_)
    return Minimum(
        x=no_value,
        y=no_value,
        height=no_value,
        sigma=no_value,
        background=(np.nan,) * BACKGROUND_TERMS[problem.background],
        moved=no_value,
        converged=no_flag,
        position_at_bound=no_flag,
        shape_at_bound=no_flag,
        covariance=np.zeros((0, 4, 4)),
        singular=no_flag,
        cost=np.nan,
        steps=0,
        message="no column could be fitted",
    )
