"""Compiled covariance blocks of each column from a factorised information matrix."""

import math

import numpy as np

from fitting.kernels.compiled import kernel
from fitting.kernels.envelope import inverse_columns, multiply
from stembench.arrays import Floats, Integers

_COLUMNS = 16  # columns whose right-hand sides are solved together


@kernel
def column_blocks(
    factor: Floats,
    at: Integers,
    first: Integers,
    held: Integers,
    variance: Floats,
    sandwich: bool,
    index: Integers,
    first_shared: int,
    out: Floats,
) -> None:
    """Blocks (n, 4, 4) of H⁻¹, or of H⁻¹VH⁻¹ if `sandwich`; NaN where a parameter is held.

    `factor` is the Cholesky factor of H with held parameters cut out, `variance` is V.
    """
    n_columns = len(index)
    n_parameters = len(first)
    per_column = first_shared // n_columns
    n_shared = n_parameters - first_shared
    out[:] = math.nan

    shared = np.zeros((n_parameters, n_shared))
    shared_product = np.zeros((n_parameters, n_shared))
    inverse_columns(factor, at, first, first_shared, n_parameters, shared)
    for p in range(n_parameters):
        if held[p]:
            shared[p, :] = 0.0
    if sandwich:
        multiply(variance, at, first, held, shared, shared_product)

    for k in range(0, n_columns, _COLUMNS):
        begin = per_column * k
        end = min(first_shared, per_column * (k + _COLUMNS))
        columns = np.empty((n_parameters, end - begin))
        product = np.empty((n_parameters, end - begin))
        inverse_columns(factor, at, first, begin, end, columns)
        for p in range(n_parameters):
            if held[p]:
                columns[p, :] = 0.0
        if sandwich:
            multiply(variance, at, first, held, columns, product)
        for n in range(k, min(n_columns, k + _COLUMNS)):
            for a in range(4):
                p = index[n, a]
                if p < 0 or held[p]:
                    continue
                for b in range(4):
                    q = index[n, b]
                    if q < 0 or held[q]:
                        continue
                    if sandwich:
                        total = 0.0
                        for j in range(n_parameters):
                            left = columns[j, p - begin] if p < end else shared[j, p - first_shared]
                            right = (
                                product[j, q - begin]
                                if q < end
                                else shared_product[j, q - first_shared]
                            )
                            total += left * right
                    elif p < end:
                        total = columns[q, p - begin]
                    else:
                        total = shared[q, p - first_shared]
                    out[n, a, b] = total
