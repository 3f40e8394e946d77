"""Result of a fit: a table with one row per given position, in order, and the fitted model."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from fitting import flags
from fitting.engine.problem import Minimum, Problem
from fitting.model import ColumnModel, scattering_cross_section
from fitting.results.scan_result import ScanResult
from stembench.arrays import Bools, Floats, Integers

#: name -> unit of the columns of ColumnFit.table ("image" is the unit of the image)
TABLE: Final[dict[str, str]] = {
    "x_init": "px",
    "y_init": "px",
    "x": "px",
    "y": "px",
    "x_err": "px",
    "y_err": "px",
    "height": "image",
    "height_err": "image",
    "sigma": "px",
    "sigma_err": "px",
    "background": "image",
    "scs": "image x Å²",
    "scs_err": "image x Å²",
    "flags": "",
    "x_A": "Å",
    "y_A": "Å",
    "x_err_A": "Å",
    "y_err_A": "Å",
    "sigma_A": "Å",
}
#: columns of the table in Å, and those in px of which they are copies
_IN_ANGSTROM: Final = {
    "x_A": "x",
    "y_A": "y",
    "x_err_A": "x_err",
    "y_err_A": "y_err",
    "sigma_A": "sigma",
}


@dataclass(frozen=True, kw_only=True)
class ColumnFit:
    """Fitted columns of one image.

    Attributes
    ----------
    table : pandas.DataFrame
        One row per given position in their order, index ``column``; columns and units are
        declared in `fitting.results.column_fit.TABLE`. Rows with a flag of `fitting.flags.FAILED`
        hold NaN.
    model : ColumnModel
        The fitted model of the columns that were modelled, failed ones included.
    modelled : ndarray of int
        Row of the table of each column of `model`.
    status : str
        One sentence on how the fit ended.
    rss : float
        Residual sum of squares over the valid pixels [image unit squared]; for the Poisson
        estimator the deviance divided by the electrons per pixel and beam fraction.
    background : tuple of float
        No value, one, or value at the image centre and slopes along x and y [per px].
    sampling : float
        Pixel size [Å/px].
    dose : float or None
        Dose that the standard errors assume [e/Å²]; None if they come from the residual.
    estimator, engine : str
        How the fit was made.
    mask : ndarray of bool or None
        True where a pixel was left out, None if all were used.
    n_pixels, n_parameters, steps : int
        Pixels used, free parameters, steps of the engine.
    scan : ScanResult or None
        Displacements of the scan lines, where they were fitted along.
    """

    table: pd.DataFrame
    model: ColumnModel
    modelled: Integers
    status: str
    rss: float
    background: tuple[float, ...]
    sampling: float
    dose: float | None
    estimator: str
    engine: str
    mask: Bools | None
    n_pixels: int
    n_parameters: int
    steps: int
    scan: ScanResult | None = None

    @property
    def failed(self) -> Bools:
        """Whether each row failed."""
        return np.asarray((self.table["flags"].to_numpy() & flags.FAILED) != 0, dtype=np.bool_)

    def residual(self, image: Floats) -> Floats:
        """Image minus fitted model, shape of the image."""
        return np.asarray(image, dtype=np.float64) - self.model.image()


def tabulate(
    positions: Floats,
    start_flags: Integers,
    *,
    modelled: Integers,
    problem: Problem,
    minimum: Minimum,
    sampling: float,
) -> pd.DataFrame:
    """Rows of the result table.

    Parameters
    ----------
    positions : ndarray, shape (n, 2)
        All given starts [px].
    start_flags : ndarray of int, shape (n,)
        Flags known before the fit.
    modelled : ndarray of int, shape (m,)
        Rows that were modelled.
    problem, minimum : Problem, Minimum
        What was solved and where it ended, for the m modelled rows.
    sampling : float
        Pixel size [Å/px].
    """
    n = len(positions)
    bits = start_flags.copy()
    bits[modelled] |= _flags_of(problem, minimum)
    values = {name: np.full(n, np.nan) for name in TABLE}
    for name, column in _fitted(problem, minimum, sampling=sampling).items():
        values[name][modelled] = column
    failed = (bits & flags.FAILED) != 0
    for column in values.values():
        column[failed] = np.nan
    values["x_init"], values["y_init"] = positions[:, 0].copy(), positions[:, 1].copy()
    for name, pixels in _IN_ANGSTROM.items():
        values[name] = values[pixels] * sampling
    values["flags"] = bits.astype(np.int64)
    return pd.DataFrame(
        {name: values[name] for name in TABLE}, index=pd.RangeIndex(n, name="column")
    )


def _flags_of(problem: Problem, minimum: Minimum) -> Integers:
    """Flags that the outcome of a fit raises, shape (m,)."""
    rows, cols = problem.image.shape
    x, y = minimum.x, minimum.y
    inside = (x >= -0.5) & (x <= cols - 0.5) & (y >= -0.5) & (y <= rows - 0.5)
    bits = np.zeros(len(x), dtype=np.int64)
    for bit, raised in (
        (flags.NOT_CONVERGED, ~minimum.converged),
        (flags.AT_BOUND, minimum.position_at_bound),
        (flags.OUT_OF_FRAME, ~inside),
        (flags.NEGATIVE_HEIGHT, (minimum.height <= 0) & problem.positions_free),
        (flags.NO_COVARIANCE, minimum.singular),
        (flags.SHAPE_AT_BOUND, minimum.shape_at_bound),
        (flags.GIVEN_UP, np.full(len(x), minimum.given_up)),
    ):
        bits[raised] |= bit
    return bits


def _fitted(problem: Problem, minimum: Minimum, *, sampling: float) -> dict[str, Floats]:
    """Values and standard errors of the m modelled columns, by name of the table's column."""
    variance = np.einsum("nii->ni", minimum.covariance)
    errors = np.sqrt(np.where(variance >= 0, variance, np.nan))
    errors[minimum.singular] = np.nan
    height, sigma = minimum.height, minimum.sigma
    return {
        "x": minimum.x,
        "y": minimum.y,
        "x_err": errors[:, 0],
        "y_err": errors[:, 1],
        "height": height,
        "height_err": errors[:, 2],
        "sigma": sigma,
        "sigma_err": errors[:, 3],
        "background": _background(problem, minimum),
        "scs": scattering_cross_section(height, sigma, sampling=sampling),
        "scs_err": _scs_error(minimum, sampling=sampling),
    }


def _scs_error(minimum: Minimum, *, sampling: float) -> Floats:
    """Standard error of the SCS [image x Å²], propagated from height and width.

    A held width has no error of its own; that of the SCS then is that of the height alone.
    """
    cov, sigma = minimum.covariance, minimum.sigma
    d_height = scattering_cross_section(1.0, sigma, sampling=sampling)
    d_width = scattering_cross_section(minimum.height, sigma, sampling=sampling) * 2.0 / sigma
    of_width = np.where(np.isfinite(cov[:, 3, 3]), cov[:, 3, 3], 0.0)
    of_both = np.where(np.isfinite(cov[:, 2, 3]), cov[:, 2, 3], 0.0)
    variance = d_height**2 * cov[:, 2, 2] + 2 * d_height * d_width * of_both + d_width**2 * of_width
    return np.sqrt(np.where((variance >= 0) & ~minimum.singular, variance, np.nan))


def _background(problem: Problem, minimum: Minimum) -> Floats:
    """Fitted background at each column [image unit]."""
    rows, cols = problem.image.shape
    terms = (np.ones_like(minimum.x), minimum.x - (cols - 1) / 2, minimum.y - (rows - 1) / 2)
    level = np.zeros_like(minimum.x)
    for coefficient, term in zip(minimum.background, terms, strict=False):
        level = level + coefficient * term
    return level
