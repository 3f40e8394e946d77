"""Undo a trailing response along the scan lines by its exact causal inverse."""

import numpy as np
from numpy.typing import ArrayLike

from stembench.arrays import Bools, Floats
from stembench.errors import InputError


def undo_trailing(images: Floats, response: ArrayLike, *, masked: Bools) -> Floats:
    """Images whose lines, convolved with the response, are the given ones.

    Parameters
    ----------
    images : ndarray, shape (..., rows, columns)
    response : array_like, shape (k,)
        At lags 0, 1, ... px, sum 1; empty for none. Before its first pixel a line rests at that
        pixel's value.
    masked : ndarray of bool, shape (rows, columns)
        Pixels that do not count.

    Returns
    -------
    ndarray, shape (..., rows, columns)
        The noise that was added before the response is white again; that added after it grows.

    Raises
    ------
    InputError
        If a pixel is masked or not finite.
    """
    kernel = np.asarray(response, dtype=np.float64)
    if not kernel.size:
        return images
    if masked.any() or not np.isfinite(images).all():
        raise InputError(
            "a trailing response can be undone in whole lines alone, and the image has pixels that "
            "are masked or not finite"
        )
    from scipy.linalg import solve_triangular, toeplitz

    size = images.shape[-1]
    lags = np.zeros(size)
    lags[: len(kernel)] = kernel[:size]
    matrix = np.tril(toeplitz(lags))
    # All of the line before its start has the first pixel's value.
    matrix[:, 0] = kernel.sum() - np.concatenate([[0.0], np.cumsum(lags)[:-1]])
    flat = images.reshape(-1, size)
    return np.asarray(
        solve_triangular(matrix, flat.T, lower=True).T.reshape(images.shape), dtype=np.float64
    )
