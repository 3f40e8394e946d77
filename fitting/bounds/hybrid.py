"""Hybrid Cramér-Rao bound: columns whose scan lines are displaced at random by a known jitter."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from fitting.bounds.scan_lines import JointInformation, Numbers, joint_information
from fitting.model import ColumnModel, scattering_cross_section
from fitting.results.column_fit import ColumnFit
from fitting.setup.options import require_detector_noise, require_positive
from stembench.arrays import Bools, Floats
from stembench.errors import InputError
from stembench.limits import require

HYBRID_COLUMNS: Final = (
    "x_crb",
    "y_crb",
    "distance_crb",
    "x_relative",
    "y_relative",
    "distance_relative",
    "height_crb",
    "sigma_crb",
    "scs_crb",
)


#: What is averaged over the displacements: the bound of each set, or the information of each.
Average = Literal["bound", "information"]
#: Sets of displacements over which bounds are averaged. Four hold the MAE of 333 columns to 1 %.
DRAWS: Final = 4
_SEED: Final = 1987
#: Nodes of the Gauss-Hermite quadrature over which information is averaged. Five change nothing in
#: the third digit where lines scatter by 0.94 px and columns are 2.3 px wide.
_NODES: Final = 3


@dataclass(frozen=True, kw_only=True)
class LineJitter:
    """Displacements of scan lines: autoregressive series of first order, d_l = φ d_(l-1) + a_l.

    Attributes
    ----------
    sigma_x, sigma_y : float
        Standard deviation of the innovations a_l [Å] along and across the lines, >= 0; 0 leaves
        an axis without jitter. A displacement itself scatters by σ / sqrt(1 - φ²).
    phi_x, phi_y : float
        Correlation of consecutive lines, 0 <= φ < 1.
    """

    sigma_x: float
    sigma_y: float
    phi_x: float
    phi_y: float

    def __post_init__(self) -> None:
        for axis in ("x", "y"):
            require(getattr(self, f"sigma_{axis}"), f"jitter sigma_{axis}", low=0, unit="Å")
            phi = getattr(self, f"phi_{axis}")
            require(phi, f"jitter phi_{axis}", low=0, high=1, open_high=True)


def line_precision(lines: int, *, sigma: float, phi: float) -> Floats:
    """Inverse covariance (lines, lines) of an autoregressive series of first order.

    Tridiagonal: (1 + φ²)/σ² on the diagonal but 1/σ² at its ends, -φ/σ² beside it.

    Parameters
    ----------
    lines : int
    sigma : float
        Standard deviation of the innovations, > 0.
    phi : float
        Correlation of consecutive lines.
    """
    matrix = np.diag(np.full(lines, 1 + phi**2))
    matrix[0, 0] -= phi**2
    matrix[-1, -1] -= phi**2
    beside = np.full(lines - 1, -phi)
    return np.asarray((matrix + np.diag(beside, 1) + np.diag(beside, -1)) / sigma**2)


def hybrid_bound(
    fit: ColumnFit | ColumnModel,
    *,
    dose: float,
    jitter: LineJitter,
    sampling: float | None = None,
    detector_sigma: float = 0.0,
    measured: ArrayLike | None = None,
    average: Average = "bound",
    draws: int = DRAWS,
) -> pd.DataFrame:
    """Hybrid Cramér-Rao bound of columns seen through scan lines displaced at random.

    Positions, heights, widths and background are unknown constants; the displacements (dx_l, dy_l)
    of the lines are random with a known covariance. To the Fisher information of both together the
    inverse covariance of the lines is added; its Schur complement on the columns is the information
    that is left about them.

    Parameters
    ----------
    fit : ColumnFit or ColumnModel
        Where to evaluate, positions free: usually the fit of the noise-free image [beam
        fraction]. Pixels that a fit left out count no information. Widths and background that the
        model has free are unknown.
    dose : float
        Dose [e/Å²].
    jitter : LineJitter
        What is known of the lines beforehand.
    sampling : float, optional
        Pixel size [Å/px]; default: that of the fit (a ColumnModel has none).
    detector_sigma : float
        Standard deviation [electrons] of Gaussian noise added to the counts.
    measured : array_like of bool, shape (n,), optional
        Rows of ``fit.table`` whose mean displacement is the image's rigid shift; default: all.
    average : {'bound', 'information'}
        How displacements enter, since the information depends on where the lines lie. 'bound':
        the covariance at each of `draws` sets drawn from the prior, then their mean; to first
        order this is the mean posterior covariance, which a maximum a posteriori fit reaches.
        'information': the bound as published, of the mean information. It is lower and strict,
        but no estimator comes near it where jitter outweighs the counts.
    draws : int
        Sets of displacements, for ``average='bound'``; their seed is fixed.

    Returns
    -------
    pandas.DataFrame
        One row per row of ``fit.table`` (per column of a ColumnModel), index ``column``:
        x_crb, y_crb [px], distance_crb [px] (mean length of a Gaussian error with this
        covariance), x_relative, y_relative, distance_relative [px] (the same of the position
        less the mean error of the measured columns), height_crb [beam fraction], sigma_crb [px],
        scs_crb [Å²]. NaN for columns that were not modelled and for what has no information.

    Raises
    ------
    InputError
        If dose, sampling or a choice cannot be used, positions are held, the expected image is
        negative somewhere, or the information is singular.

    Notes
    -----
    Y. Rockah and P. M. Schultheiss, IEEE Trans. Acoust. Speech Signal Process. 35, 286 (1987),
    DOI 10.1109/TASSP.1987.1165144. It holds for estimators that are unbiased on average over the
    displacements and know nothing of the lattice. Jitter, counting and detector noise are in it; a
    trailing response of the fast scan, row lines and whatever else distorts an image are not.
    """
    model = fit.model if isinstance(fit, ColumnFit) else fit
    if sampling is None:
        if not isinstance(fit, ColumnFit):
            raise InputError("a ColumnModel has no pixel size: give sampling= in Å/px")
        sampling = fit.sampling
    require_positive("dose", dose, "e/Å²")
    require_positive("sampling", sampling, "Å/px")
    require_detector_noise(detector_sigma)
    if average not in get_args(Average):
        raise InputError(f"average must be bound or information, not {average!r}")
    require(draws, "draws of the lines' displacements", low=1)
    if not model.positions_free:
        raise InputError("a hybrid bound is of positions, and this model holds them")

    rows = fit.modelled if isinstance(fit, ColumnFit) else np.arange(model.n_columns)
    n_rows = len(fit.table) if isinstance(fit, ColumnFit) else model.n_columns
    common = np.ones(n_rows, dtype=np.bool_) if measured is None else np.asarray(measured, bool)
    if common.shape != (n_rows,):
        raise InputError(f"measured must hold one value for each of {n_rows} columns")
    out = pd.DataFrame(
        np.nan, index=pd.RangeIndex(n_rows, name="column"), columns=list(HYBRID_COLUMNS)
    )
    if model.n_columns == 0:
        return out
    mask = fit.mask if isinstance(fit, ColumnFit) else None
    covariance = hybrid_covariance(
        model,
        dose=dose,
        sampling=sampling,
        jitter=jitter,
        detector_sigma=detector_sigma,
        used=np.ones(model.shape, dtype=np.bool_) if mask is None else ~mask,
        average=average,
        draws=draws,
    )
    out.iloc[rows] = _per_column(model, covariance, sampling=sampling, common=common[rows])
    return out


def hybrid_covariance(
    model: ColumnModel,
    *,
    dose: float,
    sampling: float,
    jitter: LineJitter,
    detector_sigma: float,
    used: Bools,
    average: Average,
    draws: int = DRAWS,
) -> Floats:
    """Bound on the covariance (p, p) of the columns' parameters, in the order of `Numbers`.

    Arguments are those of `hybrid_bound` and `used` (rows, columns), the pixels that count. Rows
    and columns of parameters without information are NaN.
    """
    priors = tuple(
        line_precision(model.shape[0], sigma=sigma / sampling, phi=phi) if sigma > 0 else None
        for sigma, phi in ((jitter.sigma_x, jitter.phi_x), (jitter.sigma_y, jitter.phi_y))
    )

    def information(dy: Floats) -> JointInformation:
        return joint_information(
            model, dose * sampling**2, dy=dy, used=used, detector_sigma=detector_sigma
        )

    if average == "bound":
        sets = _drawn_lines(model.shape[0], priors[1], draws=draws)
        bounds = [_covariance(information(dy), priors) for dy in sets]
        return np.asarray(np.mean(bounds, axis=0), dtype=np.float64)
    scatter = jitter.sigma_y / sampling / np.sqrt(1 - jitter.phi_y**2)
    nodes, weights = np.polynomial.hermite_e.hermegauss(_NODES if scatter > 0 else 1)
    parts = [information(np.full(model.shape[0], node * scatter)) for node in nodes]
    shares = weights / weights.sum()
    mean = JointInformation(
        columns=sum(share * part.columns for share, part in zip(shares, parts, strict=True)),
        mixed=sum(share * part.mixed for share, part in zip(shares, parts, strict=True)),
        lines=sum(share * part.lines for share, part in zip(shares, parts, strict=True)),
    )
    return _covariance(mean, priors)


def _drawn_lines(lines: int, precision: Floats | None, *, draws: int) -> list[Floats]:
    """Sets of displacements with this inverse covariance; one of zeros if they do not scatter."""
    if precision is None:
        return [np.zeros(lines)]
    from scipy.linalg import solve_triangular

    normal = np.random.default_rng(_SEED).standard_normal((lines, draws))
    root = np.linalg.cholesky(precision)
    return list(solve_triangular(root.T, normal, lower=False).T)


def _covariance(information: JointInformation, priors: Sequence[Floats | None]) -> Floats:
    """Invert the information about columns that is left by not knowing the lines."""
    left = _without_lines(information, priors)
    seen = np.diag(information.columns) > 0
    out = np.full(left.shape, np.nan)
    out[np.ix_(seen, seen)] = _inverse(left[np.ix_(seen, seen)])
    return out


def _without_lines(information: JointInformation, priors: Sequence[Floats | None]) -> Floats:
    """Schur complement of the lines that scatter, their prior's inverse covariance included."""
    from scipy.linalg import solve_triangular

    axes = [axis for axis, prior in enumerate(priors) if prior is not None]
    if not axes:
        return information.columns
    known = np.block(
        [
            [
                np.diag(information.lines[:, axis, other]) + (prior if axis == other else 0.0)
                for other in axes
            ]
            for axis, prior in enumerate(priors)
            if prior is not None
        ]
    )
    mixed = np.concatenate([information.mixed[:, :, axis] for axis in axes], axis=1)
    half = solve_triangular(np.linalg.cholesky(known), mixed.T, lower=True)
    return np.asarray(information.columns - half.T @ half, dtype=np.float64)


def _inverse(matrix: Floats) -> Floats:
    """Inverse of a positive definite matrix, scaled to unit diagonal against round-off."""
    from scipy.linalg.lapack import dpotrf, dpotri

    diagonal = np.diag(matrix)
    scale = np.sqrt(np.where(diagonal > 0, diagonal, 1.0))
    factor, failed = dpotrf(matrix / np.outer(scale, scale), lower=1)
    if failed or not (diagonal > 0).all():
        raise InputError(
            "the information about the columns is singular: two of them, or a column and the "
            "background, cannot be told apart"
        )
    lower, _ = dpotri(factor, lower=1)
    inverse = np.tril(lower) + np.tril(lower, -1).T
    return np.asarray(inverse / np.outer(scale, scale), dtype=np.float64)


def _per_column(
    model: ColumnModel, covariance: Floats, *, sampling: float, common: Bools
) -> Floats:
    """Values of `HYBRID_COLUMNS` for each column of a model."""
    n = model.n_columns
    numbers = Numbers.of(model)
    diagonal = np.diag(covariance)
    d_height = scattering_cross_section(1.0, model.sigma, sampling=sampling)
    scs = d_height**2 * diagonal[2 * n : 3 * n]
    sigma = np.full(n, np.nan)
    if numbers.n_widths:
        d_width = scattering_cross_section(model.height, model.sigma, sampling=sampling)
        d_width = d_width * 2.0 / model.sigma
        at = numbers.first_width + numbers.group
        between = covariance[2 * n + np.arange(n), at]
        sigma = diagonal[at]
        scs = scs + 2 * d_height * d_width * between + d_width**2 * sigma
    places = []
    for relative in (False, True):
        x, y, xy = _positions(covariance, n, common=common if relative else None)
        places += [np.sqrt(x), np.sqrt(y), mean_distance(x, y, xy)]
    return np.column_stack(
        [*places, np.sqrt(diagonal[2 * n : 3 * n]), np.sqrt(sigma), np.sqrt(scs)]
    )


def _positions(
    covariance: Floats, n: int, *, common: Bools | None
) -> tuple[Floats, Floats, Floats]:
    """Variances of x and y and their covariance, less the mean error of `common` columns."""
    blocks = [covariance[:n, :n], covariance[n : 2 * n, n : 2 * n], covariance[:n, n : 2 * n]]
    out = []
    for block in blocks:
        value = np.diag(block)
        if common is not None:
            seen = common & np.isfinite(value)
            rows = block[:, seen].mean(axis=1) if seen.any() else np.full(n, np.nan)
            other = block[seen].mean(axis=0) if seen.any() else rows
            value = value - rows - other + block[np.ix_(seen, seen)].mean() if seen.any() else rows
        out.append(value)
    return out[0], out[1], out[2]


def mean_distance(x: Floats, y: Floats, xy: Floats) -> Floats:
    """Mean length E|r| of a Gaussian error with variances `x`, `y` and covariance `xy`.

    sqrt(2 λ₁/π) E(1 - λ₂/λ₁) with the eigenvalues λ₁ >= λ₂ of its covariance and the complete
    elliptic integral E of the second kind: sqrt(π/2) σ where both axes scatter alike.
    """
    from scipy.special import ellipe

    middle, apart = (x + y) / 2, np.hypot((x - y) / 2, xy)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.clip((middle - apart) / (middle + apart), 0.0, 1.0)
    length = np.sqrt(2 * (middle + apart) / np.pi) * ellipe(1 - share)
    return np.asarray(length, dtype=np.float64)
