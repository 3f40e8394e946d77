"""Result of a scan fit: displacements of the lines, their statistics, and what does not fit."""

from dataclasses import dataclass, field

import numpy as np

from stembench.arrays import Floats


@dataclass(frozen=True, kw_only=True)
class LineEstimate:
    """Statistics of the displacements along one axis.

    Attributes
    ----------
    sigma, phi : float
        Standard deviation of the innovations [Å] and correlation of consecutive lines, as used.
    sigma_interval, phi_interval : tuple of float or None
        95 % intervals of the process, not of the lines that this image drew; None for given values.
        From the curvature of the likelihood with the image's information held. On 20 images of a
        dislocation at 5·10³ e/Å² they held σ in 19 (x) and 17 (y), φ in 17 and 20. With little
        light they are optimistic, and a warning says so: at 500 e/Å² σ along x was held in 4 of 8.
    """

    sigma: float
    phi: float
    sigma_interval: tuple[float, float] | None = None
    phi_interval: tuple[float, float] | None = None


@dataclass(frozen=True, kw_only=True)
class ScanResult:
    """Lines of a scan fit.

    Attributes
    ----------
    displacements : ndarray, shape (frames, rows, 2)
        (dx, dy) of each line [px]: it shows the specimen at (i + dx, l + dy).
    errors : ndarray, shape (frames, rows, 2)
        Their standard errors [px]; 0 for lines that are held.
    drifts : ndarray, shape (frames, rows, 2)
        Part of the displacements that is the frames' drift [px]; 0 for one frame. Positions are
        those of the first frame up to a shift of all of them, which nothing tells.
    x, y : LineEstimate
        Statistics along and across the lines.
    widths : tuple of float
        Standard deviations [px] of the narrow and the wide part of a column's profile.
    wide_part : float
        Share of the height that is the wide part.
    covariance : ndarray, shape (n, 2, 2)
        Of the positions of the columns of the table [px²], lines marginalised; NaN where there is
        none.
    misfit : float
        Mean squared residual over the variance of counting and detector; 1 where the model holds.
        NaN where the counts are not known.
    converged : bool
    steps : int
    warnings : tuple of str
        Sentences on what the model does not explain, and on what was changed for it.
    response : tuple of float
        Share of an isolated displacement of a column that the fit passes on, with its standard
        error, measured on the image itself; empty where it was not measured.
    undrawn : int
        Columns that a lattice prior does not draw, for they have no pair of opposite neighbours;
        the response is that of the others.
    """

    displacements: Floats
    errors: Floats
    drifts: Floats
    x: LineEstimate
    y: LineEstimate
    widths: tuple[float, float]
    wide_part: float
    covariance: Floats
    misfit: float
    converged: bool
    steps: int
    warnings: tuple[str, ...] = ()
    response: tuple[float, ...] = field(default=())
    undrawn: int = 0

    @property
    def shift(self) -> Floats:
        """Mean displacement (2,) of all lines [px]; positions are known up to it."""
        return np.asarray(self.displacements.mean(axis=(0, 1)), dtype=np.float64)
