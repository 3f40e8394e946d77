"""Mean and median cross-section of an own image's columns, with the errors that they share."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from fitting import flags
from fitting.model import ColumnModel, scattering_cross_section
from fitting.results.column_fit import ColumnFit
from fitting.search.own_image.background.smooth_background import (
    SmoothBackground,
    axis_terms,
    pieces_of_axes,
)
from fitting.search.own_image.scene_fit import Scene
from stembench.arrays import Bools, Floats

#: Half size of a column's window in widths.
_SUPPORT: Final = 5.0
#: Ridge, as a part of the diagonal.
_RIDGE: Final = 1e-9
#: Fewest columns of which a mean is stated.
_FEWEST: Final = 3
#: The median of independent normal values has this many times the variance of their mean.
_MEDIAN: Final = np.pi / 2


@dataclass(frozen=True)
class MeanScs:
    """Cross-section over the columns of an image.

    Attributes
    ----------
    mean, median : float
        Over the columns that were fitted [image x Å²].
    mean_err, median_err : float
        Standard errors of the measurement, from the joint covariance of all columns, their width
        and the background [image x Å²]. How columns differ is not in them.
    columns : int
        Number of columns.
    """

    mean: float
    median: float
    mean_err: float
    median_err: float
    columns: int


def mean_scs(
    scene: Scene, fit: ColumnFit, background: SmoothBackground, expected: Floats, *, n: int
) -> MeanScs | None:
    """State mean and median over the first n columns of a fit, with their errors.

    Parameters
    ----------
    scene : Scene
        That was fitted.
    fit : ColumnFit
        Of it.
    background : SmoothBackground
        Of the scene; its terms are free, as are places, heights and widths of all columns.
    expected : ndarray, shape (rows, columns)
        Model with its background, in the scene's contrast.
    n : int
        Rows of the table that are reported.

    Returns
    -------
    MeanScs or None
        None for fewer than three columns, and where no error is known.

    Notes
    -----
    With J the derivatives of the model, w and v weight and variance of the pixels, and g the
    derivatives of the mean, the variance of the mean is the sum of w²v (J u)² where JᵀwJ u = g (the
    sandwich of the columns' own errors). That of the median takes from it what columns share, and
    from their own errors what they do not, times π/2 (H. Cramér, Mathematical Methods of
    Statistics, 1946, section 28.5).
    """
    scs = fit.table["scs"].to_numpy(dtype=np.float64)
    error = fit.table["scs_err"].to_numpy(dtype=np.float64)
    bits = fit.table["flags"].to_numpy()
    good = (fit.modelled < n) & ((bits[fit.modelled] & flags.FAILED) == 0)
    good &= np.isfinite(error[fit.modelled])
    rows = fit.modelled[good]
    if len(rows) < _FEWEST:
        return None
    weight, variance = _of_pixels(scene, fit, expected)
    shape = _Derivatives(scene, fit.model, background, weight, reported=fit.modelled < n)
    change = shape.mean_by_pixel(good, sampling=scene.sampling)
    total = float(np.sum(np.where(scene.valid, np.square(weight * change) * variance, 0.0)))
    own = float(np.mean(error[rows] ** 2))
    if not (np.isfinite(total) and total > 0):
        return None
    k = len(rows)
    shared = max(0.0, (total - own / k) / (1.0 - 1.0 / k))
    return MeanScs(
        mean=float(np.mean(scs[rows])),
        median=float(np.median(scs[rows])),
        mean_err=float(np.sqrt(total)),
        median_err=float(np.sqrt(shared + _MEDIAN * max(min(total, own / k), total - shared))),
        columns=k,
    )


def _of_pixels(scene: Scene, fit: ColumnFit, expected: Floats) -> tuple[Floats, Floats]:
    """Weight and variance of each pixel in the fit."""
    if scene.dose is not None:
        electrons = scene.dose * scene.sampling**2
        level = np.maximum(expected, 1e-3 * float(np.mean(np.abs(expected[scene.valid]))))
        weight = 1.0 / level if fit.estimator == "poisson" else np.ones_like(expected)
        return weight, level / electrons
    weight = np.ones_like(expected) if scene.precision is None else scene.precision
    if scene.variance is not None:
        return weight, scene.variance
    freedom = max(1, fit.n_pixels - fit.n_parameters)
    return weight, np.full_like(expected, fit.rss / freedom)


class _Derivatives:
    """Derivatives of a model by its parameters: sparse ones of columns, and those that are shared.

    Parameters
    ----------
    scene : Scene
    model : ColumnModel
    background : SmoothBackground
    weight : ndarray, shape (rows, columns)
    reported : ndarray of bool, shape (n,)
        Columns whose places vary; of others, beyond the frame, only heights do.
    """

    def __init__(
        self,
        scene: Scene,
        model: ColumnModel,
        background: SmoothBackground,
        weight: Floats,
        *,
        reported: Bools,
    ) -> None:
        from scipy.sparse import csr_array, diags_array, vstack

        rows, cols = scene.valid.shape
        self._model = model
        self._weight = np.where(scene.valid, weight, 0.0)
        reach = int(np.ceil(_SUPPORT * float(np.max(model.sigma, initial=1.0))))
        offset = np.arange(-reach, reach + 1)
        x = np.round(model.x).astype(np.int64)[:, None] + offset
        y = np.round(model.y).astype(np.int64)[:, None] + offset
        inside = ((y >= 0) & (y < rows))[:, :, None] & ((x >= 0) & (x < cols))[:, None, :]
        column, j, i = np.nonzero(inside)
        pixel = y[column, j] * cols + x[column, i]
        dx, dy = x[column, i] - model.x[column], y[column, j] - model.y[column]
        sigma, height = model.sigma[column], model.height[column]
        value = np.exp(-0.5 * (dx**2 + dy**2) / sigma**2)
        wider = value * height * (dx**2 + dy**2) / sigma**3

        def sparse(values: Floats) -> Any:
            shape = (model.n_columns, rows * cols)
            return csr_array((values, (column, pixel)), shape=shape)

        free = diags_array((reported & model.positions_free).astype(np.float64))
        parts = [sparse(value)]
        parts += [free @ sparse(value * height * d / sigma**2) for d in (dx, dy)]
        if model.width == "column":
            parts.append(sparse(wider))
        self._own: Any = vstack(parts).tocsr()
        dense = [np.asarray(sparse(wider).sum(axis=0)).reshape(rows, cols)]
        self._wide = len(dense) if model.width == "shared" else 0
        self._dense = dense if self._wide else []
        if background.bright is not None:
            self._dense.append(background.bright.astype(np.float64))
        pieces = background.pieces
        n_y, n_x = (pieces, pieces) if pieces <= 0 else pieces_of_axes(pieces, (rows, cols))
        none = background.name == "none"
        along, across = axis_terms(cols, n_x), axis_terms(rows, n_y)
        pairs = [(b, a) for b in range(across.shape[1]) for a in range(along.shape[1])]
        # A plane has no product of x and y, and no background no term.
        kept = [] if none else pairs[:-1] if pieces == 0 else pairs
        self._terms = [(across[:, b], along[:, a]) for b, a in kept]

    def _shared(self) -> list[Floats]:
        return [*self._dense, *(np.outer(b, a) for b, a in self._terms)]

    def mean_by_pixel(self, good: Bools, *, sampling: float) -> Floats:
        """Influence of each pixel on the mean over `good` columns, over its weight."""
        from scipy.sparse import diags_array
        from scipy.sparse.linalg import splu

        model, own = self._model, self._own
        share = good / np.count_nonzero(good)
        by_height = share * scattering_cross_section(1.0, model.sigma, sampling=sampling)
        volume = scattering_cross_section(model.height, model.sigma, sampling=sampling)
        by_width = share * 2.0 * volume / model.sigma
        wanted = np.zeros(own.shape[0])
        wanted[: model.n_columns] = by_height
        if model.width == "column":
            wanted[-model.n_columns :] = by_width
        flat = self._weight.ravel()
        weighted = own * flat
        square = (weighted @ own.T).tocsc()
        diagonal = square.diagonal()
        ridge = np.where(diagonal > 0, _RIDGE * diagonal, 1.0)
        factor = splu((square + diags_array(ridge)).tocsc())
        shared = self._shared()
        if not shared:
            return np.asarray(own.T @ factor.solve(wanted)).reshape(self._weight.shape)
        aim = np.zeros(len(shared))
        if self._wide:
            aim[0] = float(np.sum(by_width))
        mixed = np.column_stack([weighted @ term.ravel() for term in shared])
        gram = np.array([[float(np.sum(self._weight * a * b)) for b in shared] for a in shared])
        inverse = factor.solve(np.column_stack([mixed, wanted]))
        left = gram - mixed.T @ inverse[:, :-1]
        of_shared = np.linalg.lstsq(left, aim - mixed.T @ inverse[:, -1], rcond=1e-12)[0]
        of_own = inverse[:, -1] - inverse[:, :-1] @ of_shared
        out = np.asarray(own.T @ of_own).reshape(self._weight.shape)
        for value, term in zip(of_shared, shared, strict=True):
            out += value * term
        return out
