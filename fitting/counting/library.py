"""Atom counts by library: the count of the nearest SCS, with its probability."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from stembench.arrays import Floats
from stembench.errors import InputError


def count_atoms(
    scs: ArrayLike,
    library: Mapping[int, float] | ArrayLike,
    *,
    scs_err: ArrayLike | None = None,
) -> pd.DataFrame:
    """Count the atoms of each column by the nearest SCS of a library.

    Parameters
    ----------
    scs : array_like, shape (n,)
        Fitted SCS [Å²]; NaN for failed columns.
    library : mapping or array_like
        SCS [Å²] by number of atoms, or the SCS of 1, 2, 3, ... atoms. Must come from the same
        estimator on noise-free images.
    scs_err : array_like, shape (n,), optional
        Standard errors [Å²] for the probability.

    Returns
    -------
    pandas.DataFrame
        One row per SCS, index ``column``: ``count`` (float, NaN if the SCS is NaN) and
        ``probability`` of that count among those of the library, for Gaussian errors and equal
        prior probabilities; NaN without a standard error.

    Raises
    ------
    InputError
        If the library is empty, not finite, not increasing with the count, or shapes differ.

    Notes
    -----
    An SCS beyond the library's ends counts as its first or last entry: a library must cover
    the specimen. Method: Jones et al., Nano Lett. 14, 6336 (2014), DOI 10.1021/nl502762m.
    """
    counts, values = _library(library)
    measured = np.atleast_1d(np.asarray(scs, dtype=np.float64))
    if measured.ndim != 1:
        raise InputError(f"scs has shape (n,), not {measured.shape}")
    good = np.isfinite(measured)
    nearest = np.zeros(len(measured), dtype=np.int64)
    distance = np.abs(measured[good, None] - values)
    nearest[good] = distance.argmin(axis=1)
    probability = np.full(len(measured), np.nan)
    if scs_err is not None:
        error = np.atleast_1d(np.asarray(scs_err, dtype=np.float64))
        if error.shape != measured.shape:
            raise InputError(f"scs_err has shape {error.shape}, scs {measured.shape}")
        known = good & np.isfinite(error) & (error > 0)
        exponent = -0.5 * ((measured[known, None] - values) / error[known, None]) ** 2
        weight = np.exp(exponent - exponent.max(axis=1, keepdims=True))
        weight /= weight.sum(axis=1, keepdims=True)
        probability[known] = weight[np.arange(len(weight)), nearest[known]]
    return pd.DataFrame(
        {"count": np.where(good, counts[nearest], np.nan), "probability": probability}
    ).rename_axis("column")


def _library(library: Mapping[int, float] | ArrayLike) -> tuple[Floats, Floats]:
    """Counts and their SCS, in order of the count."""
    if isinstance(library, Mapping):
        items = sorted(library.items())
        counts = np.array([c for c, _ in items], dtype=np.float64)
        values = np.array([v for _, v in items], dtype=np.float64)
    else:
        values = np.asarray(library, dtype=np.float64)
        counts = np.arange(1, values.size + 1, dtype=np.float64)
    if values.ndim != 1 or values.size == 0 or not np.isfinite(values).all():
        raise InputError("the library must hold the finite SCS in Å² of at least one count")
    if np.any(np.diff(values) <= 0):
        raise InputError("the library's SCS must rise with the number of atoms")
    return counts, values
