"""Cramér-Rao bound of the column model: the least standard errors an unbiased fit can reach."""

from dataclasses import replace
from typing import Final, get_args

import numpy as np
import pandas as pd

from fitting import engine
from fitting.bounds.pixel_information import information_per_electron
from fitting.model import (
    BACKGROUND_TERMS,
    Background,
    ColumnModel,
    WidthMode,
    scattering_cross_section,
)
from fitting.results.column_fit import ColumnFit
from fitting.setup.options import require_detector_noise, require_positive
from stembench.arrays import Bools, Floats
from stembench.errors import InputError

#: Columns farther apart than this many widths are taken as independent; their coupling in the
#: Fisher matrix is below 1e-3 and enters the bound squared.
COUPLING: Final = 9.0

COLUMNS: Final = ("x_crb", "y_crb", "height_crb", "sigma_crb", "scs_crb")


def cramer_rao(
    fit: ColumnFit | ColumnModel,
    *,
    dose: float,
    sampling: float | None = None,
    width: WidthMode | None = None,
    background: Background | None = None,
    detector_sigma: float = 0.0,
) -> pd.DataFrame:
    """Cramér-Rao bound of every column, all columns and shared parameters jointly.

    Fisher information F_ij = Σ_px I(λ) (∂λ/∂θ_i)(∂λ/∂θ_j) with λ = D s² f the expected electrons
    of a pixel; I = 1/λ for Poisson counts. The bound of a parameter is the square root of its
    diagonal element of F⁻¹; that of the SCS follows by propagation, width included.

    Parameters
    ----------
    fit : ColumnFit or ColumnModel
        Where to evaluate: usually the fit of the noise-free image [beam fraction]. Pixels that a
        fit left out count no information.
    dose : float
        Dose D [e/Å²].
    sampling : float, optional
        Pixel size s [Å/px]; default: that of the fit (a ColumnModel has none).
    width : {'shared', 'species', 'column', 'fixed'}, optional
        Which widths are free; default: as fitted.
    background : {'none', 'constant', 'plane'}, optional
        Which background coefficients are free (others are known); default: as fitted.
    detector_sigma : float
        Standard deviation [electrons] of Gaussian noise added to the counts; I(λ) then is
        evaluated numerically (see `fitting.bounds.pixel_information`).

    Returns
    -------
    pandas.DataFrame
        One row per row of ``fit.table`` (per column of a ColumnModel), index ``column``:
        x_crb, y_crb [px], height_crb [beam fraction], sigma_crb [px], scs_crb [Å²]. NaN for
        columns that were not modelled, for parameters that are held, and where the
        information matrix is singular.

    Raises
    ------
    InputError
        If dose, sampling or a choice cannot be used, or the expected image is not positive.

    Notes
    -----
    Bounds hold for unbiased estimators without prior knowledge; for others see
    `bias_corrected`. Formula: van den Bos, Parameter Estimation for Scientists and Engineers
    (2007), DOI 10.1002/9780470173862, chapter 4.
    """
    model = fit.model if isinstance(fit, ColumnFit) else fit
    if sampling is None:
        if not isinstance(fit, ColumnFit):
            raise InputError("a ColumnModel has no pixel size: give sampling= in Å/px")
        sampling = fit.sampling
    require_positive("dose", dose, "e/Å²")
    require_positive("sampling", sampling, "Å/px")
    require_detector_noise(detector_sigma)
    width = model.width if width is None else width
    if width not in get_args(WidthMode):
        raise InputError(f"width must be shared, species, column or fixed, not {width!r}")
    n_background = len(model.background)
    if background is not None:
        if background not in BACKGROUND_TERMS:
            raise InputError(f"background must be none, constant or plane, not {background!r}")
        n_background = BACKGROUND_TERMS[background]

    rows = fit.modelled if isinstance(fit, ColumnFit) else np.arange(model.n_columns)
    n_rows = len(fit.table) if isinstance(fit, ColumnFit) else model.n_columns
    out = pd.DataFrame(np.nan, index=pd.RangeIndex(n_rows, name="column"), columns=list(COLUMNS))
    if model.n_columns == 0:
        return out
    mask = fit.mask if isinstance(fit, ColumnFit) else None
    covariance = _inverse_fisher(
        replace(model, width=width),
        dose * sampling**2,
        n_background=n_background,
        sigma=detector_sigma,
        used=np.ones(model.shape, dtype=np.bool_) if mask is None else ~mask,
    )
    d_height = scattering_cross_section(1.0, model.sigma, sampling=sampling)
    d_width = scattering_cross_section(model.height, model.sigma, sampling=sampling)
    d_width = d_width * 2.0 / model.sigma
    scs = d_height**2 * covariance[:, 2, 2]
    if width != "fixed":
        scs = scs + 2 * d_height * d_width * covariance[:, 2, 3] + d_width**2 * covariance[:, 3, 3]
    variance = np.column_stack([np.einsum("nii->ni", covariance), scs])
    out.iloc[rows] = np.sqrt(np.where(variance >= 0, variance, np.nan))
    return out


def _inverse_fisher(
    model: ColumnModel, electrons: float, *, n_background: int, sigma: float, used: Bools
) -> Floats:
    """Bound on the covariance (n, 4, 4) of x, y, height and width, from the pixels `used`.

    `electrons` are those of a pixel at beam fraction 1, `sigma` those of the detector noise.
    """
    columns, fisher = fisher_information(
        model, electrons, n_background=n_background, sigma=sigma, used=used
    )
    return engine.information.column_covariance(columns, fisher)[0]


def fisher_information(
    model: ColumnModel,
    electrons: float,
    *,
    n_background: int = 0,
    sigma: float = 0.0,
    used: Bools | None = None,
) -> "tuple[engine.columns.Columns, Floats]":
    """Fisher information of all free parameters of a model.

    Parameters
    ----------
    model : ColumnModel
        In beam fractions.
    electrons : float
        Of a pixel at beam fraction 1.
    n_background : int
        Background coefficients that are free.
    sigma : float
        Standard deviation of the detector noise [electrons].
    used : ndarray of bool, shape of the image, optional
        Pixels that count; all by default.

    Returns
    -------
    columns : Columns
        Whose layout numbers the parameters.
    information : ndarray, shape (layout.size,)
        As the layout stores it.

    Raises
    ------
    InputError
        If the expected image is not positive where pixels count.
    """
    if used is None:
        used = np.ones(model.shape, dtype=np.bool_)
    columns = _columns(model, n_background=n_background)
    expected = model.image() * electrons
    # far from all columns the tails underflow; nothing depends on these pixels
    matters = used if n_background else used & _reached(columns)
    if sigma == 0 and not np.all(expected[matters] > 0):
        raise InputError(
            f"the expected image has {np.count_nonzero(expected[matters] <= 0)} pixels that are "
            "not positive, where Poisson counts have no information: evaluate the bound at a "
            "model with a positive background"
        )
    per_pixel = np.zeros(model.shape)
    per_pixel[matters] = information_per_electron(expected[matters], sigma=sigma)
    columns.set_windows(engine.columns.SUPPORT)
    return columns, columns.normal_matrix(per_pixel * electrons**2)


def _columns(model: ColumnModel, *, n_background: int) -> "engine.columns.Columns":
    """Columns of a model in solver order, with `n_background` free coefficients."""
    widest = float(model.sigma.max())
    reach = COUPLING * widest
    layout = engine.layout.arrange(
        engine.layout.neighbours(np.column_stack([model.x, model.y]), reach=reach),
        reach=reach,
        positions_free=model.positions_free,
        width=model.width,
        group=model.group,
        n_background=n_background,
    )
    background = np.zeros(3)
    background[: len(model.background)] = model.background
    return engine.columns.Columns.placed(
        layout,
        image=np.zeros(model.shape),
        weight=np.ones(model.shape),
        x=model.x,
        y=model.y,
        width=model.sigma,
        height=model.height,
        background=background,
        widest=widest,
        pixel=model.pixel,
    )


def _reached(columns: "engine.columns.Columns") -> Bools:
    """Pixels in which a column of height 1 is above zero."""
    unit = replace(columns, height=np.ones(len(columns.x)), background=np.zeros(3))
    reached = np.empty_like(columns.image)
    unit.evaluate(engine.columns.SUPPORT, reached)
    return reached > 0
