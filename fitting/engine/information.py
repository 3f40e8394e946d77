"""Covariance of each column from an information matrix: inverse Fisher information, sandwich."""

import numpy as np

from fitting.engine.columns import Columns
from stembench.arrays import Bools, Floats, Integers


def column_covariance(
    columns: Columns,
    information: Floats,
    *,
    held: Integers | None = None,
    variance: Floats | None = None,
) -> tuple[Floats, Bools]:
    """Covariance of x, y, height and width of each column, shared parameters included.

    Parameters
    ----------
    columns : Columns
        Columns whose layout the matrices have.
    information : ndarray, shape (layout.size,)
        Information or normal matrix H as the layout stores it.
    held : ndarray of int, shape (n_parameters,), optional
        1 for parameters that do not vary; default: none.
    variance : ndarray, shape (layout.size,), optional
        Variance V of the score. With it the covariance is the sandwich H⁻¹VH⁻¹, else H⁻¹.

    Returns
    -------
    covariance : ndarray, shape (n, 4, 4)
        In the caller's order of columns; NaN where a parameter is held, not free or singular.
    singular : ndarray of bool, shape (n,)
        Whether a parameter of the column has no information of its own.
    """
    layout = columns.layout
    # a parameter that no pixel depends on has no error, and its column says so
    blind = information[layout.diagonal] <= 0.0
    held = np.where(blind, 1, 0 if held is None else held).astype(np.int64)
    numbers = np.append(blind, False)[layout.index]  # the last entry stands for "not free"
    singular = np.asarray(numbers.max(axis=1), dtype=np.bool_)
    undamped = np.zeros(layout.n_parameters)
    elimination = layout.elimination
    panels = elimination.blank()
    while True:
        bad = elimination.factorise(information, held, undamped, panels)
        if bad < 0:
            break
        held[bad] = 1
        singular |= (layout.index == bad).any(axis=1)
    blocks = elimination.column_blocks(panels, held, layout.index, variance)
    by_caller, singular_by_caller = np.empty_like(blocks), np.empty_like(singular)
    by_caller[layout.order], singular_by_caller[layout.order] = blocks, singular
    return by_caller, singular_by_caller
