"""Columns of one image in solver order, with the scratch space of the compiled kernels."""

from dataclasses import dataclass

import numpy as np

from fitting.engine.layout import Layout
from fitting.kernels import assembly, curvature, sums
from fitting.kernels.assembly import EVERY_PIXEL, MASKED_WINDOWS, WEIGHTED
from fitting.model import Pixel
from stembench.arrays import Bools, Floats, Integers

#: Half size of a column's window in widths; outside lies 2e-10 of its SCS.
SUPPORT = 6.5


@dataclass
class Columns:
    """Columns of one image in solver order; the kernels work on these arrays.

    Attributes
    ----------
    image, weight : ndarray, shape (rows, columns)
        Image, 0 where masked; weight of each pixel, 0 where masked (not read where `weighting` is
        `EVERY_PIXEL`, and 1 or 0 where it is `MASKED_WINDOWS`).
    layout : Layout
        Parameter numbers and coupling of the columns.
    x, y, width, height : ndarray, shape (n,)
        Current values [px, px, px, image unit].
    background : ndarray, shape (3,)
        Value at the image centre and slopes along x and y; the unused ones are 0.
    factors : ndarray, shape (n, 2, 6, longest)
        Axis factors within each column's window: column; axis (x, y); value, its two first and
        three second derivatives (in the order of `fitting.model.sampled_axis`); pixel of the
        window. `longest` is the largest number of pixels of a window along an axis.
    start, count : ndarray of int, shape (n, 2)
        First pixel and number of pixels of each window along x and y.
    weighting : int
        Which pixels the normal matrix weighs: one of `fitting.kernels.assembly`'s
        `EVERY_PIXEL`, `WEIGHTED` and `MASKED_WINDOWS`.
    dirty : ndarray of int, shape (n,)
        1 where a masked pixel lies in a column's window, else 0; read where `weighting` is
        `MASKED_WINDOWS`.
    masked_above : ndarray of int, shape (rows + 1, columns + 1)
        Masked pixels above and left of each corner of a pixel; empty where none is masked.
    integrated : bool
        Whether pixels hold the mean over their area.
    floor : float
        0 for least squares, else the Poisson floor (see fitting.kernels.sums.compare).
    """

    image: Floats
    weight: Floats
    layout: Layout
    x: Floats
    y: Floats
    width: Floats
    height: Floats
    background: Floats
    factors: Floats
    start: Integers
    count: Integers
    weighting: int
    dirty: Integers
    masked_above: Integers
    integrated: bool
    floor: float

    @classmethod
    def placed(
        cls,
        layout: Layout,
        *,
        image: Floats,
        weight: Floats,
        x: Floats,
        y: Floats,
        width: Floats,
        height: Floats,
        background: Floats,
        widest: float,
        pixel: Pixel,
        floor: float = 0.0,
        valid: Bools | None = None,
        weighted: bool = False,
    ) -> "Columns":
        """Put columns into solver order and allocate their scratch space.

        Parameters
        ----------
        layout : Layout
        image, weight, background, floor
            As the attributes.
        x, y, width, height : ndarray, shape (n,)
            Values in the caller's order.
        widest : float
            Largest width [px] that a column may take: its window must hold it.
        pixel : {'sampled', 'integrated'}
        valid : ndarray of bool, shape (rows, columns), optional
            Pixels that take part; default: all.
        weighted : bool
            Whether `weight` holds other numbers than 1 and 0.
        """
        n = len(x)
        order = layout.order
        longest = min(max(image.shape), int(2 * SUPPORT * widest) + 2)
        weighting, masked_above = EVERY_PIXEL, np.zeros((0, 0), dtype=np.int64)
        if weighted:
            weighting = WEIGHTED
        elif valid is not None and not valid.all():
            weighting, masked_above = MASKED_WINDOWS, _masked_above(valid)
        return cls(
            image=image,
            weight=weight,
            layout=layout,
            x=x[order],
            y=y[order],
            width=width[order],
            height=height[order],
            background=background,
            factors=np.empty((n, 2, 6, longest)),
            start=np.empty((n, 2), dtype=np.int64),
            count=np.empty((n, 2), dtype=np.int64),
            weighting=weighting,
            dirty=np.zeros(n, dtype=np.int64),
            masked_above=masked_above,
            integrated=pixel == "integrated",
            floor=floor,
        )

    def evaluate(self, support: float, out: Floats) -> None:
        """Write the expected image to `out`, windows reaching `support` widths."""
        self.set_windows(support)
        sums.render(self.factors, self.start, self.count, self.height, self.background, out)

    def set_windows(self, support: float) -> None:
        """Evaluate the axis factors within `support` widths of each column."""
        rows, cols = self.image.shape
        sums.set_factors(
            self.x,
            self.y,
            self.width,
            rows,
            cols,
            support,
            self.integrated,
            self.factors,
            self.start,
            self.count,
        )
        if self.weighting == MASKED_WINDOWS:
            self.dirty = _holding_masked(self.masked_above, self.start, self.count)

    def derivatives(self, score: Floats) -> tuple[Floats, Floats]:
        """Σ_px score ∂f/∂θ for each parameter, and Σ_px score ∂²f (n, 4, 4) for each column."""
        layout = self.layout
        gradient = np.empty(layout.n_parameters)
        second = np.empty((len(self.x), 4, 4))
        curvature.derivatives(
            self.factors,
            self.start,
            self.count,
            self.height,
            layout.index,
            layout.first_background,
            layout.n_background,
            score,
            gradient,
            second,
        )
        return gradient, second

    def normal_matrix(self, weight: Floats | None = None) -> Floats:
        """Σ_px w (∂f/∂θ_i)(∂f/∂θ_j) as the layout stores it; default w: the valid pixels."""
        layout = self.layout
        weighting = self.weighting if weight is None else WEIGHTED
        out = np.empty(layout.size)
        assembly.normal_matrix(
            self.factors,
            self.start,
            self.count,
            self.height,
            layout.index,
            layout.pair_at,
            layout.pairs,
            layout.first_background,
            layout.n_background,
            weighting,
            self.weight if weight is None else weight,
            self.dirty,
            layout.first_shared,
            layout.spot,
            layout.at,
            out,
        )
        return out

    def newton_matrix(self, matrix: Floats, second: Floats, held: Integers) -> Floats:
        """`matrix` with the second derivatives of the model where the cost is convex."""
        out = np.empty_like(matrix)
        layout = self.layout
        curvature.subtract_curvature(
            layout.index,
            layout.first_shared,
            held,
            second,
            layout.pair_at,
            layout.spot,
            layout.at,
            matrix,
            out,
        )
        return out

    def unpack(self, theta: Floats) -> None:
        """Spread the parameter vector over the columns; what is not free keeps its value."""
        layout = self.layout
        if layout.index[0, 0] >= 0:
            self.x = theta[layout.index[:, 0]]
            self.y = theta[layout.index[:, 1]]
        self.height = theta[layout.index[:, 2]]
        if layout.index[0, 3] >= 0:
            self.width = theta[layout.index[:, 3]]
        self.background[: layout.n_background] = theta[layout.first_background :]


def _masked_above(valid: Bools) -> Integers:
    """Masked pixels above and left of each corner of a pixel, shape (rows + 1, columns + 1)."""
    rows, cols = valid.shape
    total = np.zeros((rows + 1, cols + 1), dtype=np.int64)
    np.cumsum(np.cumsum(~valid, axis=0, dtype=np.int64), axis=1, out=total[1:, 1:])
    return total


def _holding_masked(total: Integers, start: Integers, count: Integers) -> Integers:
    """1 for each window that holds a masked pixel, else 0; `total` is that of `_masked_above`."""
    (left, top), (right, bottom) = start.T, (start + count).T
    empty = (count <= 0).any(axis=1)  # such a window may begin beyond the frame
    left, top, right, bottom = (np.where(empty, 0, edge) for edge in (left, top, right, bottom))
    masked = total[bottom, right] - total[top, right] - total[bottom, left] + total[top, left]
    return np.asarray(masked > 0, dtype=np.int64)
