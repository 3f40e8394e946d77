"""Response of each column's estimate to changes of all columns, by their distance."""

import numpy as np
import pandas as pd

from reports.metrics.response.edited_pairs import EditedPairs
from stembench.arrays import Floats, Integers

#: Farthest distance along x and along y, in steps of the lattice, at which a response is sought.
REACH = 2


def lags() -> Integers:
    """Distances (i, j) from a changed column to one that is read, shape (25, 2)."""
    steps = np.arange(-REACH, REACH + 1)
    j, i = np.meshgrid(steps, steps, indexing="ij")
    return np.stack([i.ravel(), j.ravel()], axis=1).astype(np.int64)


def lag_response(pairs: EditedPairs, *, steps: tuple[float, float]) -> Floats:
    """Least-squares response of every measured column to the isolated changes of one image.

    The crystal is perfect, so the response of one column's estimate to another's change depends on
    their distance alone.

    Parameters
    ----------
    pairs : EditedPairs
        Of an isolated edit.
    steps : tuple of two float
        Steps of the lattice in Å.

    Returns
    -------
    ndarray, shape (n_r, n_lags, k, k)
        Entry [r, l, a, b]: response of x or y (a) to a displacement along x or y (b) of the column
        at minus the l-th of `lags`, k = 2; of the SCS to changes of SCS, k = 1. NaN in a
        realization of which a fit failed.
    """
    moves = pairs.edit.moves
    axes = slice(0, 2) if moves else slice(2, 3)
    k = 2 if moves else 1
    change = pairs.declared(steps=steps)[:, axes]
    offsets = lags()
    number = {(int(i), int(j)): n for n, (i, j) in enumerate(pairs.places)}
    design = np.zeros((len(pairs.places), len(offsets), k))
    for n, (i, j) in enumerate(pairs.places):
        for lag, (di, dj) in enumerate(offsets):
            source = number.get((int(i - di), int(j - dj)))
            if source is not None:
                design[n, lag] = change[source]
    solve = np.linalg.pinv(design.reshape(len(design), -1))
    solution = np.einsum("mn,rna->rma", solve, pairs.found[..., axes])
    shaped: Floats = solution.reshape(len(solution), len(offsets), k, k)
    return np.swapaxes(shaped, 2, 3)


def held_bound(response: Floats, covariance: pd.DataFrame) -> Floats | None:
    """Variance that an estimator with a measured response is bounded by: g C g'.

    g is its gradient with respect to the changes of all columns and C the joint Cramér-Rao matrix
    (van Trees, Detection, Estimation and Modulation Theory I (1968), section 2.4). The noise of
    the measured g would add to the product of g with itself; products of different realizations
    have none.

    Parameters
    ----------
    response : ndarray, shape (n_r, n_lags, k, k)
        `lag_response`.
    covariance : pandas.DataFrame
        Joint Cramér-Rao matrix by distance: i, j, and xx, xy, yx, yy (px²) or scs (Å⁴).

    Returns
    -------
    ndarray, shape (1 + n_r,), or None
        Mean over axes from all realizations, then with each left out, in the unit of the
        covariance; may be negative where nothing but noise was found. None with fewer than three
        realizations.
    """
    usable = response[np.isfinite(response).all(axis=(1, 2, 3))]
    n, n_lags, k, _ = usable.shape
    if n < 3:
        return None
    names = np.array([["xx", "xy"], ["yx", "yy"]]) if k == 2 else np.array([["scs"]])
    by_lag = {
        (int(row["i"]), int(row["j"])): np.array(
            [[row[name] for name in line] for line in names], dtype=np.float64
        )
        for row in covariance.to_dict("records")
    }
    offsets = lags()
    joint = np.zeros((n_lags, k, n_lags, k))
    for a, first in enumerate(offsets):
        for b, second in enumerate(offsets):
            # The columns stand at minus these distances from the one that is read.
            step = first - second
            joint[a, :, b, :] = by_lag.get((int(step[0]), int(step[1])), np.zeros((k, k)))
    gradient = np.swapaxes(usable, 1, 2).reshape(n, k, n_lags * k)
    matrix = joint.reshape(n_lags * k, n_lags * k)
    products = np.einsum("rap,pq,saq->rs", gradient, matrix, gradient) / k
    total = products.sum() - np.trace(products)
    every = total / (n * (n - 1))
    own = products.sum(axis=0) + products.sum(axis=1) - 2 * np.diag(products)
    left_out = (total - own) / ((n - 1) * (n - 2))
    return np.concatenate([[every], left_out])
