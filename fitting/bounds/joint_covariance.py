"""Joint Cramér-Rao matrix of all columns: how their bounds go together."""

import numpy as np

from fitting.bounds.cramer_rao import fisher_information
from fitting.model import scattering_cross_section
from fitting.results.column_fit import ColumnFit
from fitting.setup.options import require_positive
from stembench.arrays import Floats
from stembench.errors import InputError


def joint_covariance(fit: ColumnFit, *, dose: float) -> Floats:
    """Inverse Fisher matrix of position and SCS of every column under counting noise.

    What `cramer_rao` states of one column is the root of this matrix's diagonal; an estimator of a
    column that also follows others is bounded through the rest of it (see docs/fitting.md).

    Parameters
    ----------
    fit : ColumnFit
        Of the noise-free image [beam fraction], one shared width, no background, every column
        modelled. Pixels that the fit left out count no information.
    dose : float
        Dose [e/Å²].

    Returns
    -------
    ndarray, shape (n, 3, n, 3)
        Covariance of (x, y, SCS) of one column with those of another, in px and Å²: the least
        that unbiased estimators without prior knowledge can have.

    Raises
    ------
    InputError
        If the dose cannot be used, a column was not modelled, or the fit is of another kind.
    """
    require_positive("dose", dose, "e/Å²")
    model = fit.model
    if len(fit.modelled) != len(fit.table):
        raise InputError("the joint bound needs every column to be modelled")
    if model.width != "shared" or len(model.background) or not model.positions_free:
        raise InputError("the joint bound is that of free positions, one width and no background")
    used = None if fit.mask is None else ~fit.mask
    columns, stored = fisher_information(model, dose * fit.sampling**2, used=used)
    layout = columns.layout
    n, size = model.n_columns, layout.n_parameters
    information = layout.dense(stored)
    index = np.empty_like(layout.index)
    index[layout.order] = layout.index
    # Rows: x, y and SCS of each column, as they depend on the parameters.
    slope = np.zeros((n, 3, size))
    every = np.arange(n)
    slope[every, 0, index[:, 0]] = 1.0
    slope[every, 1, index[:, 1]] = 1.0
    slope[every, 2, index[:, 2]] = scattering_cross_section(1.0, model.sigma, sampling=fit.sampling)
    volume = scattering_cross_section(model.height, model.sigma, sampling=fit.sampling)
    slope[every, 2, index[:, 3]] = 2.0 * volume / model.sigma
    flat = slope.reshape(3 * n, size)
    covariance: Floats = flat @ np.linalg.solve(information, flat.T)
    return covariance.reshape(n, 3, n, 3)
