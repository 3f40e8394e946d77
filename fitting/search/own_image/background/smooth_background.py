"""A smooth background, solved together with the columns' heights, where the data ask for it."""

from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np
from scipy.interpolate import BSpline

from fitting.model import ColumnModel
from fitting.search.own_image.own_options import PIECES
from stembench.arrays import Bools, Floats

#: A piece is at least this many spacings long: it must not follow single columns.
LEAST_PIECE: Final = 2.0
#: Half size of a column's window in widths.
_SUPPORT: Final = 5.0
#: Factors of the widths among which the best is looked for, and the largest change of their
#: logarithm that is taken as a first order.
_FACTORS: Final[Floats] = np.array([0.4, 0.55, 0.7, 0.85, 1.0, 1.15])
_SMALL: Final = 0.2
#: Ridge, as a part of the diagonal.
_RIDGE: Final = 1e-9


@dataclass(frozen=True)
class SmoothBackground:
    """Background of an image.

    Attributes
    ----------
    name : str
        'constant', 'plane', or the pieces along y and x, as '2 x 3 parabolas'; 'plane and a step'.
    image : ndarray, shape (rows, columns), or None
        The background; None for a constant and a plane, which the fit itself has.
    seam : ndarray of bool, shape (rows, columns), or None
        Pixels at a step, which take no part.
    bright : ndarray of bool, shape (rows, columns), or None
        The brighter side of a step.
    pieces : int
        Pieces along the longer axis; 0 for a plane, -1 for a constant.
    """

    name: str
    image: Floats | None = field(default=None, repr=False)
    seam: Bools | None = field(default=None, repr=False)
    bright: Bools | None = field(default=None, repr=False)
    pieces: int = -1


def chosen_background(
    image: Floats, valid: Bools, model: ColumnModel, *, variance: float, spacing: float, most: int
) -> tuple[str, int, ColumnModel]:
    """Choose the background by Bayes' information criterion at the columns' places.

    Under a background that is too stiff columns come out too wide, and at such widths one that is
    right would take their flanks away: the widths are those of the most flexible one first, and
    free to first order in all others.

    Parameters
    ----------
    image : ndarray, shape (rows, columns)
    valid : ndarray of bool, shape (rows, columns)
    model : ColumnModel
        Columns as fitted under another background.
    variance : float
        Mean variance of a pixel from noise [image unit squared].
    spacing : float
        Distance of columns [px].
    most : int
        Most pieces along the longer axis; 0 for a plane at most.

    Returns
    -------
    name : str
    pieces : int
        -1 for a constant, 0 for a plane, else pieces along the longer axis.
    model : ColumnModel
        The columns with widths and heights under the chosen background.
    """
    longest = max(valid.shape)
    trials = [-1, 0, *(p for p in PIECES if p <= most and longest / p >= LEAST_PIECE * spacing)]
    places = _Columns(valid, _at_best_width(image, valid, model, pieces=trials[-1]))
    costs, terms = [], []
    for pieces in trials:
        solved = places.widened(image, pieces)
        costs.append(solved.cost)
        terms.append(solved.terms)
        if len(costs) > 3 and costs[-3] - min(costs[-2:]) < 1e-3 * costs[-3]:
            break
    n = int(np.count_nonzero(valid))
    scale = max(variance, min(costs) / max(1, n - model.n_columns - max(terms)))
    scale = max(scale, np.finfo(np.float64).tiny)
    criterion = np.array(costs) / scale + np.array(terms) * np.log(max(n, 2))
    best = trials[int(np.argmin(criterion))]
    return _name(best, valid.shape), best, places.widened(image, best).model


def _at_best_width(image: Floats, valid: Bools, model: ColumnModel, *, pieces: int) -> ColumnModel:
    """Columns whose widths are changed alike so that the residual under a background is least."""
    if model.width == "fixed":
        return model

    def cost(factor: float) -> float:
        changed = replace(model, sigma=factor * model.sigma)
        return _Columns(valid, changed).solve(image, pieces).cost

    costs = np.array([cost(factor) for factor in _FACTORS])
    k = int(np.clip(np.argmin(costs), 1, len(_FACTORS) - 2))
    second, first, _ = np.polyfit(_FACTORS[k - 1 : k + 2], costs[k - 1 : k + 2], 2)
    best = float(_FACTORS[int(np.argmin(costs))])
    if second > 0:
        best = float(np.clip(-first / (2 * second), _FACTORS[k - 1], _FACTORS[k + 1]))
    return replace(model, sigma=best * model.sigma)


def smooth_background(
    image: Floats, valid: Bools, model: ColumnModel, *, pieces: int
) -> SmoothBackground:
    """Solve heights and background at the columns' places and widths by least squares."""
    solved = _Columns(valid, model).widened(image, pieces)
    above = solved.image if pieces > 0 else None
    return SmoothBackground(_name(pieces, valid.shape), above, pieces=pieces)


def solved_background(
    image: Floats, valid: Bools, model: ColumnModel, *, pieces: int, beside: Floats
) -> tuple[Floats, float]:
    """Solve heights, background, and the height of one more term by least squares.

    Parameters
    ----------
    image : ndarray, shape (rows, columns)
    valid : ndarray of bool, shape (rows, columns)
    model : ColumnModel
        Its places and widths are held.
    pieces : int
        As of `chosen_background`.
    beside : ndarray, shape (rows, columns)
        The term.

    Returns
    -------
    background : ndarray, shape (rows, columns)
        Without the term.
    height : float
        Of the term.
    """
    solved = _Columns(valid, model).solve(image, pieces, beside=np.where(valid, beside, 0.0))
    return solved.image, solved.beside


@dataclass(frozen=True)
class _Solved:
    """Heights and background of least squares.

    Attributes
    ----------
    image : ndarray, shape (rows, columns)
        Background.
    cost : float
        Residual sum of squares.
    terms : int
        Terms of the background.
    model : ColumnModel
        Columns with their heights.
    beside : float
        Height of a further term; 0 without one.
    """

    image: Floats
    cost: float
    terms: int
    model: ColumnModel
    beside: float


def _name(pieces: int, shape: tuple[int, ...]) -> str:
    if pieces <= 0:
        return "plane" if pieces == 0 else "constant"
    y, x = pieces_of_axes(pieces, shape)
    return f"{y} x {x} parabolas"


def pieces_of_axes(pieces: int, shape: tuple[int, ...]) -> tuple[int, int]:
    """Pieces along y and x, of so many along the longer axis."""
    longest = max(shape)
    rows, cols = (max(1, round(pieces * size / longest)) for size in shape)
    return rows, cols


def axis_terms(size: int, pieces: int) -> Floats:
    """Terms along one axis, shape (size, k); -1 pieces are a constant, 0 a plane."""
    at = np.linspace(-1.0, 1.0, size) if size > 1 else np.zeros(1)
    if pieces < 0:
        return np.ones((size, 1))
    if pieces == 0:
        return np.column_stack([np.ones(size), at])
    knots = np.concatenate([[-1.0, -1.0], np.linspace(-1.0, 1.0, pieces + 1), [1.0, 1.0]])
    return np.asarray(BSpline.design_matrix(at, knots, 2).toarray(), dtype=np.float64)


class _Columns:
    """Gaussians of unit height at fixed places, as a sparse matrix over the valid pixels."""

    def __init__(self, valid: Bools, model: ColumnModel) -> None:
        from scipy.sparse import csr_array

        rows, cols = valid.shape
        self._valid, self._model = valid, model
        reach = int(np.ceil(_SUPPORT * float(np.max(model.sigma, initial=1.0))))
        offset = np.arange(-reach, reach + 1)
        x = np.round(model.x).astype(np.int64)[:, None] + offset
        y = np.round(model.y).astype(np.int64)[:, None] + offset
        along = np.exp(-0.5 * ((x - model.x[:, None]) / model.sigma[:, None]) ** 2)
        across = np.exp(-0.5 * ((y - model.y[:, None]) / model.sigma[:, None]) ** 2)
        inside = ((y >= 0) & (y < rows))[:, :, None] & ((x >= 0) & (x < cols))[:, None, :]
        column, j, i = np.nonzero(inside)
        pixel = y[column, j] * cols + x[column, i]
        used = valid.ravel()[pixel]
        values = (across[column, j] * along[column, i])[used]
        self._matrix: Any = csr_array(
            (values, (column[used], pixel[used])), shape=(model.n_columns, valid.size)
        )
        square = (x[column, i] - model.x[column]) ** 2 + (y[column, j] - model.y[column]) ** 2
        self._bent: Any = csr_array(
            (values * (square / model.sigma[column] ** 2)[used], (column[used], pixel[used])),
            shape=(model.n_columns, valid.size),
        )

    def widened(self, image: Floats, pieces: int) -> _Solved:
        """Heights and background, the widths free to first order where that is a small change."""
        solved = self.solve(image, pieces)
        model = solved.model
        if model.width == "fixed" or not model.n_columns:
            return solved
        # The light by which larger widths change the image: its height is their change.
        free = self.solve(image, pieces, beside=np.asarray(model.height @ self._bent))
        if not abs(free.beside) < _SMALL:
            return solved
        return replace(
            free, model=replace(free.model, sigma=float(np.exp(free.beside)) * free.model.sigma)
        )

    def solve(self, image: Floats, pieces: int, *, beside: Floats | None = None) -> _Solved:
        """Heights and background, and the height of one more term, zero where not valid."""
        from scipy.sparse import diags_array
        from scipy.sparse.linalg import splu

        rows, cols = self._valid.shape
        n_y, n_x = (pieces, pieces) if pieces <= 0 else pieces_of_axes(pieces, (rows, cols))
        along, across = axis_terms(cols, n_x), axis_terms(rows, n_y)
        weight = self._valid.astype(np.float64)
        data = np.where(self._valid, image, 0.0)
        k_x, k_y = along.shape[1], across.shape[1]
        # pairs of terms: first along rows, then across
        products = (along[:, :, None] * along[:, None, :]).reshape(cols, -1)
        pairs = (across[:, :, None] * across[:, None, :]).reshape(rows, -1)
        moments = (pairs.T @ (weight @ products)).reshape(k_y, k_y, k_x, k_x)
        gram = moments.transpose(0, 2, 1, 3).reshape(k_y * k_x, -1)
        right = (across.T @ data @ along).ravel()
        a = self._matrix
        mixed = np.column_stack(
            [
                a @ np.outer(across[:, j], along[:, i]).ravel()
                for j in range(k_y)
                for i in range(k_x)
            ]
        )
        if pieces == 0:  # a plane has no product of x and y
            kept = np.arange(k_y * k_x) != k_y * k_x - 1
            gram, right, mixed = gram[np.ix_(kept, kept)], right[kept], mixed[:, kept]
        number = len(right)
        if beside is not None:
            flat = beside.ravel()
            products_with = (across.T @ beside.reshape(rows, cols) @ along).ravel()[:number]
            gram = np.block(
                [[gram, products_with[:, None]], [products_with[None], np.sum(flat**2)]]
            )
            right = np.append(right, float(flat @ data.ravel()))
            mixed = np.column_stack([mixed, a @ flat])
        gram += _RIDGE * np.diag(np.diag(gram))
        total = float(np.sum(data**2))
        if a.shape[0]:
            square = (a @ a.T).tocsc()
            diagonal = square.diagonal()
            ridge = np.where(diagonal > 0, _RIDGE * diagonal, 1.0)
            factor = splu((square + diags_array(ridge)).tocsc())
            heights = a @ data.ravel()
            inverse = factor.solve(np.column_stack([mixed, heights]))
            schur = gram - mixed.T @ inverse[:, :-1]
            reduced = right - mixed.T @ inverse[:, -1]
            values = np.linalg.lstsq(schur, reduced, rcond=1e-10)[0]
            height = inverse[:, -1] - inverse[:, :-1] @ values
            cost = total - float(heights @ inverse[:, -1]) - float(values @ reduced)
        else:
            values = np.linalg.lstsq(gram, right, rcond=1e-10)[0]
            height = np.zeros(0)
            cost = total - float(values @ right)
        of_term = 0.0 if beside is None else float(values[-1])
        values = values[:number]
        full = np.append(values, 0.0) if pieces == 0 else values
        background = across @ full.reshape(k_y, k_x) @ along.T
        model = replace(self._model, height=height)
        return _Solved(np.asarray(background), max(cost, 0.0), number, model, of_term)
